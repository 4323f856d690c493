/** Small sums over what was measured. */
import { type Quantiles, quantilesOf } from '../harness/quantiles.ts';

/** In the unit of the times. */
export function latencyOf(times: readonly number[]): Quantiles {
  return quantilesOf(Float64Array.from(times));
}

/** Times `count` calls one after the other, ms each. */
export async function timed(count: number, work: (index: number) => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const startedMs = performance.now();
    await work(index);
    times.push(performance.now() - startedMs);
  }
  return times;
}

/** To so many decimals, for tables. */
export function rounded(value: number, decimals = 2): number {
  return Number(value.toFixed(decimals));
}
