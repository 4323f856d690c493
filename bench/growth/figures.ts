/** Small sums over what was measured. */

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** Of at least one time, in the unit of the times. */
export function latencyOf(times: readonly number[]): Latency {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
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
