/**
 * From hashes to numbers, several under one hash if need be. Open addressing with linear probing, deletion without marks
 * (Knuth, The Art of Computer Programming 3, 6.4, Algorithm R), in arrays of numbers that the garbage collector does not
 * look into. From some thousands of entries on there are many small tables, each of which grows by itself: one large
 * table would stall while it does.
 *
 * Reads with `!` are in bounds: shards and positions are masked by lengths that are powers of two.
 */
const splitAt = 4_096;
const shardBits = 8;
const shardsMax = 1 << shardBits;
const roomAtFirst = 16;
const none: readonly number[] = [];

export class HashIndex {
  #shards: Shard[] = [new Shard()];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * @param hash of which the low 32 bits count, spread evenly
   * @param value 1 or more, below 2^31
   */
  add(hash: number, value: number): void {
    this.#shardOf(hash).add(hash | 0, value);
    this.#size++;
    if (this.#shards.length === 1 && this.#size > splitAt) this.#split();
  }

  /** Every value under this hash, in no order. */
  find(hash: number): readonly number[] {
    return this.#shardOf(hash).find(hash | 0);
  }

  /** Throws where there is no such entry. */
  delete(hash: number, value: number): void {
    this.#shardOf(hash).delete(hash | 0, value);
    this.#size--;
  }

  #shardOf(hash: number): Shard {
    return this.#shards[hash & (this.#shards.length - 1)]!;
  }

  #split(): void {
    const [single] = this.#shards;
    this.#shards = Array.from({ length: shardsMax }, () => new Shard());
    single?.forEach((tag, value) => this.#shardOf(tag).add(tag, value));
  }
}

/** One table. An entry is a tag, the low 32 bits of its hash, and a value; a value of 0 is a free place. */
class Shard {
  #tags = new Int32Array(roomAtFirst);
  #values = new Int32Array(roomAtFirst);
  #size = 0;

  add(tag: number, value: number): void {
    if (2 * this.#size >= this.#values.length) this.#grow();
    this.#place(tag, value);
    this.#size++;
  }

  find(tag: number): readonly number[] {
    let found: number[] | null = null;
    for (let at = this.#homeOf(tag); this.#values[at] !== 0; at = this.#after(at)) {
      if (this.#tags[at] === tag) (found ??= []).push(this.#values[at]!);
    }
    return found ?? none;
  }

  delete(tag: number, value: number): void {
    let hole = this.#homeOf(tag);
    while (this.#values[hole] !== value || this.#tags[hole] !== tag) {
      if (this.#values[hole] === 0) throw new Error(`there is no ${value} under this hash`);
      hole = this.#after(hole);
    }
    for (let at = this.#after(hole); this.#values[at] !== 0; at = this.#after(at)) {
      // What lies at or after its home, but before the hole, cannot be moved into it.
      const mask = this.#values.length - 1;
      if (((at - this.#homeOf(this.#tags[at]!)) & mask) < ((at - hole) & mask)) continue;
      this.#tags[hole] = this.#tags[at]!;
      this.#values[hole] = this.#values[at]!;
      hole = at;
    }
    this.#values[hole] = 0;
    this.#size--;
  }

  forEach(visit: (tag: number, value: number) => void): void {
    this.#values.forEach((value, at) => {
      if (value !== 0) visit(this.#tags[at]!, value);
    });
  }

  #grow(): void {
    const [tags, values] = [this.#tags, this.#values];
    this.#tags = new Int32Array(2 * tags.length);
    this.#values = new Int32Array(2 * values.length);
    values.forEach((value, at) => {
      if (value !== 0) this.#place(tags[at]!, value);
    });
  }

  #place(tag: number, value: number): void {
    let at = this.#homeOf(tag);
    while (this.#values[at] !== 0) at = this.#after(at);
    this.#tags[at] = tag;
    this.#values[at] = value;
  }

  /** The lowest bits choose the shard. */
  #homeOf(tag: number): number {
    return (tag >>> shardBits) & (this.#values.length - 1);
  }

  #after(at: number): number {
    return (at + 1) & (this.#values.length - 1);
  }
}
