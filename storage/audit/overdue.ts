/**
 * Finds what should have ended and has not. Counted is the time in which the program was at work after the deadline: a
 * pause between two turns counts for at most `pauseMaxMs`, because the journal does not tell an idle program from one
 * that was down, and one that is down ends nothing.
 */

interface Due<Item> {
  readonly item: Item;
  /** Activity when a turn at or after its deadline had left it open. */
  readonly sinceMs: number;
}

export class Overdue<Item extends { readonly expiresAt: number }> {
  readonly #isOpen: (item: Item) => boolean;
  readonly #overdueMaxMs: number | null;
  readonly #pauseMaxMs: number;
  /** A binary heap by deadline. Entries are not taken out: what has ended or moved is seen when its time comes. */
  readonly #deadlines: number[] = [];
  readonly #items: Item[] = [];
  #due: Due<Item>[] = [];
  #dueFrom = 0;
  #activityMs = 0;
  #lastMs: number | null = null;

  constructor(isOpen: (item: Item) => boolean, overdueMaxMs: number | null, pauseMaxMs: number) {
    this.#isOpen = isOpen;
    this.#overdueMaxMs = overdueMaxMs;
    this.#pauseMaxMs = pauseMaxMs;
  }

  watch(item: Item): void {
    if (this.#overdueMaxMs === null) return;
    const deadlineMs = item.expiresAt;
    let index = this.#items.length;
    this.#items.push(item);
    this.#deadlines.push(deadlineMs);
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (this.#deadline(parent) <= deadlineMs) break;
      this.#move(parent, index);
      index = parent;
    }
    this.#items[index] = item;
    this.#deadlines[index] = deadlineMs;
  }

  /** Before the events of a turn: gives what is overdue by then. */
  beforeTurn(atMs: number, found: (item: Item) => void): void {
    if (this.#overdueMaxMs === null) return;
    if (this.#lastMs !== null) this.#activityMs += Math.max(0, Math.min(atMs - this.#lastMs, this.#pauseMaxMs));
    this.#lastMs = atMs;
    for (let next = this.#due[this.#dueFrom]; next !== undefined; next = this.#due[this.#dueFrom]) {
      if (this.#activityMs - next.sinceMs <= this.#overdueMaxMs) break;
      this.#dueFrom += 1;
      if (!this.#isOpen(next.item)) continue;
      if (next.item.expiresAt > atMs) this.watch(next.item);
      else found(next.item);
    }
    if (this.#dueFrom > 1024 && this.#dueFrom * 2 > this.#due.length) {
      this.#due = this.#due.slice(this.#dueFrom);
      this.#dueFrom = 0;
    }
  }

  /** After the events of a turn: what is still open past its deadline is due from now on. */
  afterTurn(atMs: number): void {
    while (this.#items.length > 0 && this.#deadline(0) <= atMs) {
      const item = this.#takeFirst();
      if (!this.#isOpen(item)) continue;
      if (item.expiresAt > atMs) this.watch(item);
      else this.#due.push({ item, sinceMs: this.#activityMs });
    }
  }

  #takeFirst(): Item {
    const first = this.#items[0];
    const item = this.#items.pop();
    const deadlineMs = this.#deadlines.pop();
    if (first === undefined || item === undefined || deadlineMs === undefined) throw new Error('nothing is watched');
    const length = this.#items.length;
    if (length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#deadline(child + 1) < this.#deadline(child)) child += 1;
      if (this.#deadline(child) >= deadlineMs) break;
      this.#move(child, index);
      index = child;
    }
    this.#items[index] = item;
    this.#deadlines[index] = deadlineMs;
    return first;
  }

  #deadline(index: number): number {
    return this.#deadlines[index] ?? Infinity;
  }

  #move(from: number, to: number): void {
    const item = this.#items[from];
    if (item === undefined) throw new Error(`nothing is watched at ${from}`);
    this.#items[to] = item;
    this.#deadlines[to] = this.#deadline(from);
  }
}
