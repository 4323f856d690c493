/**
 * The deadlines of held reservations: a binary min-heap that knows where each slot stands, so that a payment or a
 * cancellation takes its deadline out at once. No dead entries: the earliest deadline is always exact.
 */
import { type NumberField, NumberRows } from './columns.ts';

export class Deadlines {
  #count = 0;
  /** In heap order. */
  readonly #heap = new NumberRows(2);
  readonly #times = this.#heap.field(0);
  readonly #slots = this.#heap.field(1);
  /** Index in the heap plus one, by slot; 0 for a slot without a deadline. */
  readonly #places: NumberField;

  /** @param places a field of the slots' rows that nobody else writes */
  constructor(places: NumberField) {
    this.#places = places;
  }

  /** The earliest deadline, ms since the epoch; `Infinity` when there is none. */
  earliest(): number {
    return this.#count === 0 ? Infinity : this.#times.get(0);
  }

  /** The slot must not have a deadline yet. */
  add(slot: number, atMs: number): void {
    this.#heap.reach(this.#count);
    this.#up(this.#count++, slot, atMs);
  }

  /** A slot without a deadline is left alone. */
  remove(slot: number): void {
    const place = this.#places.get(slot) - 1;
    if (place < 0) return;
    this.#places.set(slot, 0);
    const last = --this.#count;
    if (place === last) return;
    const movedSlot = this.#slots.get(last);
    const movedAt = this.#times.get(last);
    if (place > 0 && movedAt < this.#times.get((place - 1) >> 1)) this.#up(place, movedSlot, movedAt);
    else this.#down(place, movedSlot, movedAt);
  }

  /** At most `max` slots whose deadline is at or before `atMs`, in no promised order. Changes nothing. */
  due(atMs: number, max: number): number[] {
    const due: number[] = [];
    const open = this.#count > 0 ? [0] : [];
    for (let place = open.pop(); place !== undefined && due.length < max; place = open.pop()) {
      // A heap's children are never earlier than their parent, so what is not due ends its branch.
      if (this.#times.get(place) > atMs) continue;
      due.push(this.#slots.get(place));
      const child = 2 * place + 1;
      if (child + 1 < this.#count) open.push(child + 1);
      if (child < this.#count) open.push(child);
    }
    return due;
  }

  #up(from: number, slot: number, atMs: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#times.get(parent) <= atMs) break;
      this.#put(place, this.#slots.get(parent), this.#times.get(parent));
      place = parent;
    }
    this.#put(place, slot, atMs);
  }

  #down(from: number, slot: number, atMs: number): void {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#count) break;
      if (child + 1 < this.#count && this.#times.get(child + 1) < this.#times.get(child)) child++;
      if (this.#times.get(child) >= atMs) break;
      this.#put(place, this.#slots.get(child), this.#times.get(child));
      place = child;
    }
    this.#put(place, slot, atMs);
  }

  #put(place: number, slot: number, atMs: number): void {
    this.#times.set(place, atMs);
    this.#slots.set(place, slot);
    this.#places.set(slot, place + 1);
  }
}
