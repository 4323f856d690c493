/**
 * Where bound keys stand, by a hash of their scope and in the order in which they were bound. It keeps numbers only, some
 * 50 bytes a key: objects and texts that live for a day would be copied while they are young and marked again and again
 * when they are old. A hash only says where to look; whether the turn there binds the scope, the journal says.
 */
import { HashIndex } from './hash-index.ts';

/** Keys in one piece of the columns: arrays that grew as a whole would stall. */
const pieceBits = 10;
const pieceLength = 1 << pieceBits;
const inPiece = pieceLength - 1;
/** What 16 bits hold; a batch has some thousands of turns at most. */
const turnMax = 0xffff;

interface Piece {
  readonly hashes: Float64Array;
  readonly batches: Float64Array;
  readonly times: Float64Array;
  readonly turns: Uint16Array;
  readonly ofDurableCommand: Uint8Array;
}

export interface KeyPlace {
  readonly batch: number;
  readonly turn: number;
  readonly atMs: number;
  readonly ofDurableCommand: boolean;
}

/** What is known of the key that is next to leave. */
interface OldestKey extends KeyPlace {
  readonly hash: number;
}

const none: readonly KeyPlace[] = [];

export class BoundKeys {
  /** Values are slots, plus one. A slot is the number of a piece, and a place in it. */
  readonly #index = new HashIndex();
  readonly #pieces: (Piece | undefined)[] = [];
  /** Numbers of the pieces in use, from the oldest on, and of those that are gone. */
  readonly #order: number[] = [];
  readonly #free: number[] = [];
  /** Keys of the first piece that are gone, and keys that the last one has had. */
  #passed = 0;
  #filled = pieceLength;
  /** Kept until it leaves, because it is looked at whenever a key is bound. */
  #oldest: OldestKey | undefined;

  /** A scope bound anew counts again while its older binding is here. */
  get size(): number {
    return this.#index.size;
  }

  add(hash: number, place: KeyPlace): void {
    if (place.turn > turnMax) throw new Error(`turn ${place.turn} is beyond what the table of keys can name`);
    if (this.#filled === pieceLength) this.#startPiece();
    const slot = (this.#order.at(-1)! << pieceBits) | this.#filled; // A piece has been started.
    this.#filled++;
    const piece = this.#pieceOf(slot);
    const at = slot & inPiece;
    piece.hashes[at] = hash;
    piece.batches[at] = place.batch;
    piece.times[at] = place.atMs;
    piece.turns[at] = place.turn;
    piece.ofDurableCommand[at] = place.ofDurableCommand ? 1 : 0;
    this.#index.add(hash, slot + 1);
  }

  /** Where keys with this hash stand, in no order; nearly always none or one. */
  find(hash: number): readonly KeyPlace[] {
    const found = this.#index.find(hash);
    if (found.length === 0) return none;
    const slots = found.map((value) => value - 1);
    return slots.filter((slot) => this.#hashAt(slot) === hash).map((slot) => this.#placeAt(slot));
  }

  oldest(): OldestKey | undefined {
    if (this.#oldest === undefined && this.size > 0) {
      const slot = this.#oldestSlot();
      this.#oldest = { ...this.#placeAt(slot), hash: this.#hashAt(slot) };
    }
    return this.#oldest;
  }

  deleteOldest(): void {
    if (this.size === 0) return;
    const slot = this.#oldestSlot();
    this.#index.delete(this.#hashAt(slot), slot + 1);
    this.#oldest = undefined;
    this.#passed++;
    if (this.#passed < pieceLength) return;
    this.#order.shift();
    this.#pieces[slot >>> pieceBits] = undefined;
    this.#free.push(slot >>> pieceBits);
    this.#passed = 0;
  }

  #startPiece(): void {
    const number = this.#free.pop() ?? this.#pieces.length;
    this.#pieces[number] = {
      hashes: new Float64Array(pieceLength),
      batches: new Float64Array(pieceLength),
      times: new Float64Array(pieceLength),
      turns: new Uint16Array(pieceLength),
      ofDurableCommand: new Uint8Array(pieceLength),
    };
    this.#order.push(number);
    this.#filled = 0;
  }

  /** There must be a key. */
  #oldestSlot(): number {
    return (this.#order[0]! << pieceBits) | this.#passed;
  }

  #placeAt(slot: number): KeyPlace {
    const { batches, turns, times, ofDurableCommand } = this.#pieceOf(slot);
    const at = slot & inPiece;
    // A slot lies in its piece.
    return { batch: batches[at]!, turn: turns[at]!, atMs: times[at]!, ofDurableCommand: ofDurableCommand[at] === 1 };
  }

  #hashAt(slot: number): number {
    return this.#pieceOf(slot).hashes[slot & inPiece]!;
  }

  /** Of a key that is here. */
  #pieceOf(slot: number): Piece {
    return this.#pieces[slot >>> pieceBits]!;
  }
}
