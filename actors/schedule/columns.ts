/**
 * Columns that grow by a piece at a time. One long array would be copied as a whole whenever it is full, and the date
 * would stand still meanwhile: 38 ms at 200,000 reservations were seen. Only the first piece starts small and is copied,
 * so that a date with few reservations takes little.
 */
const pieceBits = 10;
const pieceLength = 1 << pieceBits;
const inPiece = pieceLength - 1;
const valueBits = 8;
const inValues = (1 << valueBits) - 1;

type Numbers = Float64Array | Int32Array | Uint32Array | Uint8Array;

/** Numbers, zero until set. Without memory of its own until the first is set. */
export class NumberColumn<Piece extends Numbers> {
  readonly #make: new (length: number) => Piece;
  readonly #pieces: Piece[] = [];
  #room = 0;

  constructor(make: new (length: number) => Piece) {
    this.#make = make;
  }

  get(index: number): number {
    return this.#pieces[index >>> pieceBits]?.[index & inPiece] ?? 0;
  }

  set(index: number, value: number): void {
    while (index >= this.#room) this.#grow(index + 1);
    // There is room: the piece is there.
    this.#pieces[index >>> pieceBits]![index & inPiece] = value;
  }

  /** By one piece, or the first piece by half and more, so that it may hold `needed`. */
  #grow(needed: number): void {
    const [first] = this.#pieces;
    if (first !== undefined && first.length === pieceLength) {
      this.#pieces.push(new this.#make(pieceLength));
      this.#room += pieceLength;
      return;
    }
    const before = first?.length ?? 0;
    const larger = new this.#make(Math.min(pieceLength, Math.max(needed, before + (before >> 1) + 8)));
    if (first !== undefined) larger.set(first);
    this.#pieces[0] = larger;
    this.#room = larger.length;
  }
}

const rowsBits = 7;
const rowsOfPiece = 1 << rowsBits;
const inRows = rowsOfPiece - 1;

/**
 * Rows of some numbers each, zero until set. What is written and read together lies together: eight numbers are 64 bytes,
 * which a processor takes from memory at once, where eight columns are eight places. Pieces are short, because dates that
 * have sold alike all grow in the same moment.
 */
export class NumberRows {
  readonly #width: number;
  readonly #pieces: Float64Array[] = [];
  #room = 0;

  constructor(width: number) {
    this.#width = width;
  }

  /** The numbers at this place, counted from 0, of all rows. */
  field(place: number): NumberField {
    if (place >= this.#width) throw new Error(`rows of ${this.#width} numbers have no place ${place}`);
    return new NumberField(this.#pieces, this.#width, place);
  }

  /** Makes room for this row and those before it; there is none before. */
  reach(row: number): void {
    while (row >= this.#room) this.#grow(row + 1);
  }

  #grow(needed: number): void {
    const [first] = this.#pieces;
    if (this.#room >= rowsOfPiece) {
      this.#pieces.push(new Float64Array(rowsOfPiece * this.#width));
      this.#room += rowsOfPiece;
      return;
    }
    const rows = Math.min(rowsOfPiece, Math.max(needed, this.#room + (this.#room >> 1) + 8));
    const larger = new Float64Array(rows * this.#width);
    if (first !== undefined) larger.set(first);
    this.#pieces[0] = larger;
    this.#room = rows;
  }
}

/** One number of each row. For rows that have been reached. */
export class NumberField {
  readonly #pieces: readonly Float64Array[];
  readonly #width: number;
  readonly #place: number;

  constructor(pieces: readonly Float64Array[], width: number, place: number) {
    this.#pieces = pieces;
    this.#width = width;
    this.#place = place;
  }

  get(row: number): number {
    return this.#pieces[row >>> rowsBits]![(row & inRows) * this.#width + this.#place]!;
  }

  set(row: number, value: number): void {
    this.#pieces[row >>> rowsBits]![(row & inRows) * this.#width + this.#place] = value;
  }
}

/**
 * Values set one after the other, or again. A piece that grows is copied, and twice more while the garbage collector
 * takes it for young; so pieces are short.
 */
export class ValueColumn<Value> {
  readonly #pieces: Value[][] = [];

  get(index: number): Value | undefined {
    return this.#pieces[index >>> valueBits]?.[index & inValues];
  }

  set(index: number, value: Value): void {
    const piece = (this.#pieces[index >>> valueBits] ??= []);
    piece[index & inValues] = value;
  }
}
