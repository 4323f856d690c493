/** A binary min-heap of (time, actor). Entries may be stale; whoever takes one checks it against the actor. */
import type { Address } from './actor.ts';

export interface DueEntry {
  readonly actor: Address;
  readonly atMs: number;
}

export class DeadlineQueue {
  readonly #times: number[] = [];
  readonly #actors: Address[] = [];

  get size(): number {
    return this.#times.length;
  }

  /** The earliest time, ms; `Infinity` when empty. */
  get earliestMs(): number {
    return this.#times[0] ?? Infinity;
  }

  push(atMs: number, actor: Address): void {
    this.#times.push(atMs);
    this.#actors.push(actor);
    let child = this.#times.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (this.#time(parent) <= this.#time(child)) break;
      this.#swap(parent, child);
      child = parent;
    }
  }

  /** Takes the earliest entry if its time has come. */
  popDue(nowMs: number): DueEntry | undefined {
    const atMs = this.earliestMs;
    const actor = this.#actors[0];
    if (atMs > nowMs || actor === undefined) return undefined;
    const last = this.#times.length - 1;
    this.#swap(0, last);
    this.#times.pop();
    this.#actors.pop();
    this.#sink(last);
    return { actor, atMs };
  }

  #sink(size: number): void {
    let parent = 0;
    for (;;) {
      const left = parent * 2 + 1;
      if (left >= size) return;
      const right = left + 1;
      const child = right < size && this.#time(right) < this.#time(left) ? right : left;
      if (this.#time(parent) <= this.#time(child)) return;
      this.#swap(parent, child);
      parent = child;
    }
  }

  #time(index: number): number {
    return this.#times[index] ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const time = this.#time(a);
    this.#times[a] = this.#time(b);
    this.#times[b] = time;
    const actor = this.#actors[a];
    const other = this.#actors[b];
    if (actor === undefined || other === undefined) throw new Error('deadline queue: index out of range');
    this.#actors[a] = other;
    this.#actors[b] = actor;
  }
}
