/** Exact quantiles of latencies: every one is kept until the round is over, none falls into a bucket. */

/** ms */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** The smallest value that at least this share of all values does not exceed (nearest rank); NaN of none. */
export function quantile(ascending: Float64Array, share: number): number {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? Number.NaN;
}

export function quantilesOf(values: Float64Array): Quantiles {
  const ascending = Float64Array.from(values).sort();
  return {
    p50: quantile(ascending, 0.5),
    p99: quantile(ascending, 0.99),
    p999: quantile(ascending, 0.999),
    max: quantile(ascending, 1),
  };
}

/** Numbers one after the other, without an object for each. */
export class Samples {
  #values = new Float64Array(1_024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  quantiles(): Quantiles {
    return quantilesOf(this.#values.subarray(0, this.#length));
  }
}
