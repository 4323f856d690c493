/** Chance that can be repeated: the seed stands in the test, or is printed by it. */

export interface Random {
  /** A whole number from 0 to `max` - 1. */
  below(max: number): number;
}

/** mulberry32 (Tommy Ettinger), seeded with the FNV-1a hash of a text. */
export function seeded(seed: string): Random {
  let state = 0x811c9dc5;
  for (let at = 0; at < seed.length; at++) state = Math.imul(state ^ seed.charCodeAt(at), 0x01000193);
  return {
    below(max) {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * max);
    },
  };
}
