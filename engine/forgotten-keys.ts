/**
 * Which keys have left memory and may still be bound. A Bloom filter (B. H. Bloom, 1970; two hashes make the others:
 * Kirsch and Mitzenmacher, 2006): "no" is certain, "perhaps" costs the read that each new key would cost without it.
 *
 * With the bits that half a million keys in memory give, 16 MiB, one key in a hundred is a wrong "perhaps" after
 * thirteen million forgotten ones in a day. More of them only make more of those.
 */
const bitsPerKeyInMemory = 256;
const bitsMax = 2 ** 27;
const hashes = 4;

export class ForgottenKeys {
  readonly #ttlMs: number;
  readonly #bits: number;
  /** Two generations, each of so long that what was added to the older one has expired when it goes. */
  #younger: Uint32Array | null = null;
  #older: Uint32Array | null = null;
  #youngerSinceMs = -Infinity;

  /**
   * @param keysMax how many keys memory holds
   * @param ttlMs how long a key stays bound
   */
  constructor(keysMax: number, ttlMs: number) {
    this.#ttlMs = ttlMs;
    this.#bits = Math.min(bitsMax, 2 ** Math.ceil(Math.log2(bitsPerKeyInMemory * Math.max(1, keysMax))));
  }

  /**
   * @param hash of the key's scope, 53 bits
   * @param nowMs stamped time; never earlier than that of the key
   */
  add(hash: number, nowMs: number): void {
    if (this.#younger === null || nowMs - this.#youngerSinceMs >= this.#ttlMs) {
      this.#older = this.#younger;
      this.#younger = new Uint32Array(this.#bits / 32);
      this.#youngerSinceMs = nowMs;
    }
    const { start, step } = halvesOf(hash);
    for (let i = 0; i < hashes; i++) {
      const bit = (start + i * step) & (this.#bits - 1);
      // In bounds: the filter has `#bits` of them, a power of two.
      this.#younger[bit >>> 5]! |= 1 << (bit & 31);
    }
  }

  mayHave(hash: number): boolean {
    if (this.#younger === null) return false;
    const { start, step } = halvesOf(hash);
    return isIn(this.#younger, start, step) || (this.#older !== null && isIn(this.#older, start, step));
  }
}

function isIn(filter: Uint32Array, start: number, step: number): boolean {
  const mask = 32 * filter.length - 1;
  for (let i = 0; i < hashes; i++) {
    const bit = (start + i * step) & mask;
    if ((filter[bit >>> 5]! & (1 << (bit & 31))) === 0) return false;
  }
  return true;
}

/** Two hashes from one: its low 32 bits, and the 21 above, spread. An odd step passes through all bits of a filter. */
function halvesOf(hash: number): { readonly start: number; readonly step: number } {
  return { start: hash | 0, step: Math.imul(Math.floor(hash / 4_294_967_296), 0x9e3779b1) | 1 };
}
