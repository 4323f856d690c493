/**
 * The live sessions of one room by deadline: a binary heap in which each session knows its own index, so that a
 * renewal or an end moves one entry and the earliest deadline is always exact. Derived from the sessions; its layout
 * is no part of the state.
 */

export interface LiveSession {
  readonly epoch: string;
  readonly place: number;
  readonly userId: string;
  readonly startedAt: number;
  /** Stamped time of the last renewal, at first of the start. */
  renewedAt: number;
  /** The journaled deadline: at this time the session is over. */
  expiresAt: number;
  /** Where it stands in the heap; kept by `SessionDeadlines` alone. */
  heapIndex: number;
}

export class SessionDeadlines {
  readonly #heap: LiveSession[] = [];

  /** The earliest deadline, `Infinity` when there is none. */
  next(): number {
    return this.#heap[0]?.expiresAt ?? Infinity;
  }

  add(session: LiveSession): void {
    this.#heap.push(session);
    this.#rise(session, this.#heap.length - 1);
  }

  remove(session: LiveSession): void {
    const index = session.heapIndex;
    const last = this.#heap.pop();
    if (last === undefined) throw new Error(`session of place ${session.place} has no deadline to remove`);
    if (last === session) return;
    this.#put(last, index);
    this.moved(last);
  }

  /** To be called when a session's deadline has changed. */
  moved(session: LiveSession): void {
    this.#rise(session, session.heapIndex);
    this.#sink(session, session.heapIndex);
  }

  /** Up to `max` sessions whose deadline has come, by deadline and place. All of them are due, not always the earliest. */
  due(atMs: number, max: number): LiveSession[] {
    const found: LiveSession[] = [];
    const pending = [0];
    for (let index = pending.pop(); index !== undefined && found.length < max; index = pending.pop()) {
      const session = this.#heap[index];
      if (session === undefined || session.expiresAt > atMs) continue;
      found.push(session);
      pending.push(2 * index + 2, 2 * index + 1);
    }
    return found.sort((a, b) => a.expiresAt - b.expiresAt || a.place - b.place);
  }

  /** How many deadlines have come, counted up to `max`. */
  countDue(atMs: number, max: number): number {
    if (this.next() > atMs) return 0;
    return this.due(atMs, max).length;
  }

  #rise(session: LiveSession, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >>> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || parent.expiresAt <= session.expiresAt) break;
      this.#put(parent, index);
      index = parentIndex;
    }
    this.#put(session, index);
  }

  #sink(session: LiveSession, from: number): void {
    let index = from;
    for (;;) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const child = right !== undefined && left !== undefined && right.expiresAt < left.expiresAt ? right : left;
      if (child === undefined || child.expiresAt >= session.expiresAt) break;
      const childIndex = child.heapIndex;
      this.#put(child, index);
      index = childIndex;
    }
    this.#put(session, index);
  }

  #put(session: LiveSession, index: number): void {
    this.#heap[index] = session;
    session.heapIndex = index;
  }
}
