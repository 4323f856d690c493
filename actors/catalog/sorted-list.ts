/** Lists in ascending order of a total comparison. Adding at the end, as an import in order does, moves nothing. */

export type Compare<T> = (a: T, b: T) => number;

/** By UTF-16 code unit, the order of `<`: the same on every machine, unlike a locale's. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Index of the first item above `item`, where a new one belongs. */
export function indexAfter<T>(items: readonly T[], item: T, compare: Compare<T>): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const probe = items[middle];
    if (probe !== undefined && compare(probe, item) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function insertSorted<T>(items: T[], item: T, compare: Compare<T>): void {
  items.splice(indexAfter(items, item, compare), 0, item);
}
