/** The hash of 53 bits that `state.db` uses for scopes and rows: cyrb53 by bryc (public domain), with seed 0. */
export function hash53(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i += 1) {
    a = Math.imul(a ^ text.charCodeAt(i), 2654435761);
    b = Math.imul(b ^ text.charCodeAt(i), 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (b & 0x1fffff) * 2 ** 32 + (a >>> 0);
}

/** How many rows, and the XOR of their hashes. */
export class RowSum {
  rows = 0;
  #hash = 0n;

  add(hash: number): void {
    this.rows += 1;
    this.#hash ^= BigInt(hash);
  }

  get hash(): number {
    return Number(this.#hash);
  }
}
