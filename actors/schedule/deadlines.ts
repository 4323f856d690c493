/**
 * The deadlines of held reservations: a binary min-heap that knows where each slot stands, so that a payment or a
 * cancellation takes its deadline out at once. No dead entries: the earliest deadline is always exact.
 */

/** Before the first deadline: a date that nobody has held a seat of has no columns of its own. Without length, so never written. */
const noTimes = new Float64Array(0);
const noSlots = new Int32Array(0);

export class Deadlines {
  #count = 0;
  /** In heap order. */
  #times = noTimes;
  #slots = noSlots;
  /** Index in the heap plus one, by slot; 0 for a slot without a deadline. */
  #places = noSlots;

  /** The earliest deadline, ms since the epoch; `Infinity` when there is none. */
  earliest(): number {
    return this.#count === 0 ? Infinity : this.#times[0]!;
  }

  /** The slot must not have a deadline yet. */
  add(slot: number, atMs: number): void {
    if (this.#count === this.#times.length) {
      this.#times = grown(this.#times, Float64Array, this.#count + 1);
      this.#slots = grown(this.#slots, Int32Array, this.#count + 1);
    }
    if (slot >= this.#places.length) this.#places = grown(this.#places, Int32Array, slot + 1);
    this.#up(this.#count++, slot, atMs);
  }

  /** A slot without a deadline is left alone. */
  remove(slot: number): void {
    const place = (this.#places[slot] ?? 0) - 1;
    if (place < 0) return;
    this.#places[slot] = 0;
    const last = --this.#count;
    if (place === last) return;
    const movedSlot = this.#slots[last]!;
    const movedAt = this.#times[last]!;
    if (place > 0 && movedAt < this.#times[(place - 1) >> 1]!) this.#up(place, movedSlot, movedAt);
    else this.#down(place, movedSlot, movedAt);
  }

  /** At most `max` slots whose deadline is at or before `atMs`, in no promised order. Changes nothing. */
  due(atMs: number, max: number): number[] {
    const due: number[] = [];
    const open = this.#count > 0 ? [0] : [];
    for (let place = open.pop(); place !== undefined && due.length < max; place = open.pop()) {
      // A heap's children are never earlier than their parent, so what is not due ends its branch.
      if (this.#times[place]! > atMs) continue;
      due.push(this.#slots[place]!);
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
      if (this.#times[parent]! <= atMs) break;
      this.#put(place, this.#slots[parent]!, this.#times[parent]!);
      place = parent;
    }
    this.#put(place, slot, atMs);
  }

  #down(from: number, slot: number, atMs: number): void {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#count) break;
      if (child + 1 < this.#count && this.#times[child + 1]! < this.#times[child]!) child++;
      if (this.#times[child]! >= atMs) break;
      this.#put(place, this.#slots[child]!, this.#times[child]!);
      place = child;
    }
    this.#put(place, slot, atMs);
  }

  #put(place: number, slot: number, atMs: number): void {
    this.#times[place] = atMs;
    this.#slots[place] = slot;
    this.#places[slot] = place + 1;
  }
}

/** A copy with room for at least `needed` entries, half as many again as before. */
export function grown<T extends Float64Array | Int32Array | Uint32Array | Uint8Array>(
  column: T,
  make: new (length: number) => T,
  needed: number,
): T {
  const larger = new make(Math.max(needed, column.length + (column.length >> 1) + 8));
  larger.set(column);
  return larger;
}
