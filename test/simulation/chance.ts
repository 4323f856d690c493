/** All chance of a simulation, from one seed. */
import { seeded } from '../system/seeded.ts';

export class Chance {
  readonly #random;

  constructor(seed: string) {
    this.#random = seeded(seed);
  }

  /** True in `percent` of a hundred cases. */
  of(percent: number): boolean {
    return this.#random.below(10_000) < percent * 100;
  }

  /** A whole number, both ends included. */
  between(from: number, to: number): number {
    return from + this.#random.below(to - from + 1);
  }

  /** Mostly small, now and then `max`: how long things take. */
  delayMs(max: number): number {
    const exponent = this.#random.below(1_000) / 1_000;
    return Math.floor((max + 1) ** exponent) - 1;
  }

  /** Throws on an empty list: that is a mistake of the simulation. */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.#random.below(list.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }
}
