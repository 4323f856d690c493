/**
 * A bounded map of what was used of late. When the younger of two halves is full, the older one is dropped whole:
 * deleting the oldest entry of a large Map one at a time costs more the more of them have gone.
 */
export class RecentlyUsed<Value> {
  readonly #halfMax: number;
  #younger = new Map<string, Value>();
  #older = new Map<string, Value>();

  /** Keeps at least `halfMax` of the last used entries, and at most twice as many. */
  constructor(halfMax: number) {
    this.#halfMax = halfMax;
  }

  get(key: string): Value | undefined {
    const young = this.#younger.get(key);
    if (young !== undefined) return young;
    const old = this.#older.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: Value): void {
    if (this.#younger.size >= this.#halfMax) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(key, value);
  }
}
