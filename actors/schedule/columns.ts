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
