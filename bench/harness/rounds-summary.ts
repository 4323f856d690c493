/** What several rounds say together. */

export interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** (high − low) ÷ median; null of a single round, which says nothing of how far rounds lie apart. */
  readonly spread: number | null;
}

/** Of an even number of values the mean of the middle two; NaN of none. */
export function median(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  const upper = ascending[Math.floor(ascending.length / 2)] ?? Number.NaN;
  const lower = ascending[Math.ceil(ascending.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

export function summaryOf(values: readonly number[]): Summary {
  const middle = median(values);
  const low = Math.min(...values);
  const high = Math.max(...values);
  return { median: middle, low, high, spread: values.length < 2 ? null : (high - low) / middle };
}
