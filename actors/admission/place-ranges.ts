/**
 * A set of places, kept as ranges, so that a run of a million leavers costs as much as one. The ranges stand in order
 * in blocks, each with the number of its places: adding costs a move inside one block, counting a walk over the blocks.
 */

/** Ranges in one block; a block that grows past it is split. */
const blockRangesMax = 512;

interface Block {
  /** First and last places of its ranges; `from[i] <= to[i] < from[i + 1] - 1`. Never empty. */
  readonly from: number[];
  readonly to: number[];
  /** How many places its ranges hold. */
  places: number;
}

export class PlaceRanges {
  #blocks: Block[] = [];
  #ranges = 0;
  #places = 0;

  /** How many ranges there are. */
  get ranges(): number {
    return this.#ranges;
  }

  /** How many places there are. */
  get places(): number {
    return this.#places;
  }

  /** The highest place; 0 when there is none. */
  get last(): number {
    return this.#blocks.at(-1)?.to.at(-1) ?? 0;
  }

  has(place: number): boolean {
    const block = this.#blocks[this.#blockOf(place)];
    if (block === undefined) return false;
    return at(block.to, lastAtOrBelow(block.from, place)) >= place;
  }

  /** Whether `place` could be added without a new range. */
  touches(place: number): boolean {
    return this.has(place - 1) || this.has(place) || this.has(place + 1);
  }

  /** How many places are at or below `place`. */
  countThrough(place: number): number {
    const last = this.#blockOf(place);
    const block = this.#blocks[last];
    if (block === undefined) return 0;
    let count = 0;
    for (let b = 0; b < last; b += 1) count += this.#block(b).places;
    const lastRange = lastAtOrBelow(block.from, place);
    for (let i = 0; i < lastRange; i += 1) count += at(block.to, i) - at(block.from, i) + 1;
    return count + Math.min(place, at(block.to, lastRange)) - at(block.from, lastRange) + 1;
  }

  /** Adds one place; nothing happens to one that is in. */
  add(place: number): void {
    if (this.has(place)) return;
    this.#places += 1;
    const below = this.has(place - 1);
    const above = this.has(place + 1);
    if (below) {
      const block = this.#block(this.#blockOf(place));
      const i = lastAtOrBelow(block.from, place);
      block.to[i] = above ? this.#removeRangeFrom(place + 1) : place;
      block.places += at(block.to, i) - place + 1;
    } else if (above) {
      const block = this.#block(this.#blockOf(place + 1));
      block.from[lastAtOrBelow(block.from, place + 1)] = place;
      block.places += 1;
    } else {
      this.#insert(place, place);
    }
  }

  /** Forgets every place at or below `place`. */
  dropThrough(place: number): void {
    let gone = 0;
    for (const block of this.#blocks) {
      if (at(block.to, block.to.length - 1) > place) break;
      gone += 1;
      this.#ranges -= block.from.length;
      this.#places -= block.places;
    }
    if (gone > 0) this.#blocks.splice(0, gone);
    const first = this.#blocks[0];
    if (first === undefined || at(first.from, 0) > place) return;
    const last = lastAtOrBelow(first.from, place);
    const keepsPart = at(first.to, last) > place;
    const before = first.places;
    for (let i = 0; i <= last; i += 1) {
      first.places -= Math.min(place, at(first.to, i)) - at(first.from, i) + 1;
    }
    if (keepsPart) first.from[last] = place + 1;
    const removed = keepsPart ? last : last + 1;
    first.from.splice(0, removed);
    first.to.splice(0, removed);
    this.#ranges -= removed;
    this.#places -= before - first.places;
  }

  /** `[from, to, from, to, …]` in order. */
  toPairs(): number[] {
    const pairs: number[] = [];
    for (const block of this.#blocks) {
      for (let i = 0; i < block.from.length; i += 1) pairs.push(at(block.from, i), at(block.to, i));
    }
    return pairs;
  }

  /** Inverse of `toPairs`. */
  static fromPairs(pairs: readonly number[]): PlaceRanges {
    const ranges = new PlaceRanges();
    for (let i = 0; i < pairs.length; i += 2) {
      const from = at(pairs, i);
      const to = at(pairs, i + 1);
      ranges.#places += to - from + 1;
      ranges.#insert(from, to);
    }
    return ranges;
  }

  /** Adds a range that touches no other. */
  #insert(from: number, to: number): void {
    this.#ranges += 1;
    const found = Math.max(0, this.#blockOf(from));
    const block = this.#blocks[found];
    if (block === undefined) {
      this.#blocks.push({ from: [from], to: [to], places: to - from + 1 });
      return;
    }
    const i = lastAtOrBelow(block.from, from) + 1;
    block.from.splice(i, 0, from);
    block.to.splice(i, 0, to);
    block.places += to - from + 1;
    if (block.from.length > blockRangesMax) this.#split(found);
  }

  #split(index: number): void {
    const block = this.#block(index);
    const half = block.from.length >>> 1;
    const upper: Block = { from: block.from.splice(half), to: block.to.splice(half), places: 0 };
    for (let i = 0; i < upper.from.length; i += 1) upper.places += at(upper.to, i) - at(upper.from, i) + 1;
    block.places -= upper.places;
    this.#blocks.splice(index + 1, 0, upper);
  }

  /** Takes the range that begins at `from` out of its block and returns its last place. */
  #removeRangeFrom(from: number): number {
    const b = this.#blockOf(from);
    const block = this.#block(b);
    const i = lastAtOrBelow(block.from, from);
    const to = at(block.to, i);
    block.from.splice(i, 1);
    block.to.splice(i, 1);
    block.places -= to - from + 1;
    if (block.from.length === 0) this.#blocks.splice(b, 1);
    this.#ranges -= 1;
    return to;
  }

  /** Index of the last block that begins at or below `place`, -1 for none. */
  #blockOf(place: number): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (at(this.#block(middle).from, 0) <= place) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #block(index: number): Block {
    const block = this.#blocks[index];
    if (block === undefined) throw new Error(`no block ${index} of ${this.#blocks.length}`);
    return block;
  }
}

/** Index of the last number at or below `place` in an ascending list, -1 for none. */
function lastAtOrBelow(numbers: readonly number[], place: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(numbers, middle) <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function at(numbers: readonly number[], index: number): number {
  const value = numbers[index];
  if (value === undefined) throw new Error(`no number at ${index} of ${numbers.length}`);
  return value;
}
