/**
 * A map from texts that grows without a stall; its order says nothing, but is the same after the same calls. V8's `Map`
 * copies all its entries whenever its room is used up: 17 ms were seen at 65,000 entries, 112 at 500,000. Here, from some
 * thousands of entries on, each of many small maps does so by itself.
 */
const splitAt = 4_096;
const shardsMax = 256;
/** Texts that differ mostly differ at their end: ids, keys of clients, codes of tokens. */
const hashedUnits = 8;

export class ShardedMap<Value> {
  #shards: Map<string, Value>[] = [new Map()];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    return this.#shardOf(key).get(key);
  }

  has(key: string): boolean {
    return this.#shardOf(key).has(key);
  }

  set(key: string, value: Value): void {
    const shard = this.#shardOf(key);
    const before = shard.size;
    shard.set(key, value);
    this.#size += shard.size - before;
    if (this.#shards.length === 1 && this.#size > splitAt) this.#split();
  }

  /** Whether it was there. */
  delete(key: string): boolean {
    const deleted = this.#shardOf(key).delete(key);
    if (deleted) this.#size--;
    return deleted;
  }

  /** Yields what is there when it is its turn. What was set meanwhile may be missed; a split may hide others. */
  *values(): IterableIterator<Value> {
    // Not `for … of this.#shards`: the map may be split meanwhile.
    for (let i = 0; i < this.#shards.length; i++) yield* this.#shards[i]!.values();
  }

  #shardOf(key: string): Map<string, Value> {
    // In bounds: there is one shard, or `shardsMax`, a power of two.
    return this.#shards[this.#shards.length === 1 ? 0 : endHash(key) & (shardsMax - 1)]!;
  }

  #split(): void {
    const single = this.#shards[0]!;
    this.#shards = Array.from({ length: shardsMax }, () => new Map<string, Value>());
    for (const [key, value] of single) this.#shardOf(key).set(key, value);
    // Whoever still iterates over it must not be given what is taken away from now on.
    single.clear();
  }
}

/** FNV-1a over the last UTF-16 code units; its high bits are mixed in, because the low ones are used. */
function endHash(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = Math.max(0, key.length - hashedUnits); i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  }
  return hash ^ (hash >>> 15);
}
