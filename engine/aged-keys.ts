/** Bound keys in the order in which they were bound, to be found by scope and forgotten from the oldest on. */
import type { BoundKey, KeyScope } from './ports.ts';
import { ShardedMap } from './sharded-map.ts';

/** Keys in one piece of the order: an array that is shifted, or grows, as a whole would stall. */
const pieceLength = 1_024;

export class AgedKeys {
  readonly #byScope = new ShardedMap<BoundKey>();
  /** Oldest first. Holds also what has been bound anew since: it counts where it is the one that the map has. */
  readonly #pieces: BoundKey[][] = [];
  /** In the first piece. */
  #passed = 0;

  get size(): number {
    return this.#byScope.size;
  }

  get(scope: KeyScope): BoundKey | undefined {
    return this.#byScope.get(scope);
  }

  has(scope: KeyScope): boolean {
    return this.#byScope.has(scope);
  }

  /** A scope that is there is bound anew: it is the youngest then. */
  add(bound: BoundKey): void {
    this.#byScope.set(bound.scope, bound);
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.length < pieceLength) last.push(bound);
    else this.#pieces.push([bound]);
  }

  oldest(): BoundKey | undefined {
    for (;;) {
      const [first] = this.#pieces;
      const bound = first?.[this.#passed];
      if (bound === undefined) return undefined;
      if (this.#byScope.get(bound.scope) === bound) return bound;
      this.#pass();
    }
  }

  deleteOldest(): void {
    const bound = this.oldest();
    if (bound === undefined) return;
    this.#byScope.delete(bound.scope);
    this.#pass();
  }

  #pass(): void {
    this.#passed++;
    if (this.#passed < (this.#pieces[0]?.length ?? 0)) return;
    this.#pieces.shift();
    this.#passed = 0;
  }
}
