/** How many were let in during each of the last 60 seconds: enough for an estimate of the wait. */

const seconds = 60;

export class RecentAdmissions {
  /** Slot `s % 60` counts second `s` since the epoch. */
  readonly #second: number[];
  readonly #count: number[];

  constructor(columns?: RecentColumns) {
    this.#second = columns === undefined ? Array.from({ length: seconds }, () => -1) : [...columns.second];
    this.#count = columns === undefined ? Array.from({ length: seconds }, () => 0) : [...columns.count];
  }

  add(atMs: number): void {
    const second = Math.floor(atMs / 1000);
    const slot = second % seconds;
    if (this.#second[slot] !== second) {
      this.#second[slot] = second;
      this.#count[slot] = 0;
    }
    this.#count[slot] = (this.#count[slot] ?? 0) + 1;
  }

  /** Admissions of the 60 s before `atMs`, and how many ms of them have gone since the first (at least 1,000 if any). */
  before(atMs: number): { readonly admitted: number; readonly overMs: number } {
    const now = Math.floor(atMs / 1000);
    let admitted = 0;
    let first = now;
    for (let slot = 0; slot < seconds; slot += 1) {
      const second = this.#second[slot] ?? -1;
      if (second < 0 || second <= now - seconds) continue;
      admitted += this.#count[slot] ?? 0;
      if (second < first) first = second;
    }
    return { admitted, overMs: admitted === 0 ? 0 : Math.min(seconds * 1000, Math.max(1000, atMs - first * 1000)) };
  }

  columns(): RecentColumns {
    return { second: this.#second, count: this.#count };
  }
}

export interface RecentColumns {
  readonly second: readonly number[];
  readonly count: readonly number[];
}
