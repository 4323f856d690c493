/**
 * Whole reservations in columns: one row, the slot, for each. A slot is used again once its reservation has shrunk, so
 * which slot a reservation has says nothing; nothing outside memory may depend on it.
 *
 * Reads of a column with `!` are in bounds: slots are given out here, below the columns' length.
 */
import { grown } from './deadlines.ts';

/** The indexes of a reservation's seats in layout order; a single one stands alone, which saves its array. */
export type SeatIndexes = number | readonly number[];

/** Before the first reservation: a date without one has no columns of its own. Without length, so never written. */
const noInts = new Int32Array(0);
const noFloats = new Float64Array(0);
const noCounts = new Uint32Array(0);

export class ReservationSlots {
  readonly users: string[] = [];
  readonly seats: SeatIndexes[] = [];
  ordinals = noInts;
  heldAt = noFloats;
  expiresAt = noFloats;
  /** 0 until paid. */
  paidAt = noFloats;
  /** The wallet's balance after the debit; 0 until paid. */
  balances = noFloats;
  attempts = noCounts;
  /**
   * A link to the next slot of the list that this one is in: of its user while it is live or paid, of the ended ones
   * by age, or of the free ones. A link is a slot plus one; 0 ends a list.
   */
  next = noInts;
  #used = 0;
  #firstFree = 0;
  readonly #firstOfUser = new Map<string, number>();

  take(ordinal: number, userId: string, seats: SeatIndexes, heldAtMs: number, expiresAtMs: number): number {
    const slot = this.#freeSlot();
    this.users[slot] = userId;
    this.seats[slot] = seats;
    this.ordinals[slot] = ordinal;
    this.heldAt[slot] = heldAtMs;
    this.expiresAt[slot] = expiresAtMs;
    this.paidAt[slot] = 0;
    this.balances[slot] = 0;
    this.attempts[slot] = 0;
    return slot;
  }

  /** The slot must be in no list. */
  release(slot: number): void {
    this.users[slot] = '';
    this.seats[slot] = 0;
    this.next[slot] = this.#firstFree;
    this.#firstFree = slot + 1;
  }

  /** The link to the first live or paid reservation of a user; 0 for none. */
  firstOfUser(userId: string): number {
    return this.#firstOfUser.get(userId) ?? 0;
  }

  linkToUser(slot: number): void {
    const userId = this.users[slot]!;
    this.next[slot] = this.firstOfUser(userId);
    this.#firstOfUser.set(userId, slot + 1);
  }

  unlinkFromUser(slot: number): void {
    const userId = this.users[slot]!;
    const first = this.firstOfUser(userId);
    const after = this.next[slot]!;
    if (first === slot + 1) {
      if (after === 0) this.#firstOfUser.delete(userId);
      else this.#firstOfUser.set(userId, after);
      return;
    }
    let before = first;
    while (before !== 0 && this.next[before - 1] !== slot + 1) before = this.next[before - 1]!;
    if (before === 0) throw new Error(`slot ${slot} is not among those of user ${userId}`);
    this.next[before - 1] = after;
  }

  #freeSlot(): number {
    if (this.#firstFree !== 0) {
      const slot = this.#firstFree - 1;
      this.#firstFree = this.next[slot]!;
      return slot;
    }
    if (this.#used === this.ordinals.length) this.#grow(this.#used + 1);
    return this.#used++;
  }

  #grow(needed: number): void {
    this.ordinals = grown(this.ordinals, Int32Array, needed);
    this.heldAt = grown(this.heldAt, Float64Array, needed);
    this.expiresAt = grown(this.expiresAt, Float64Array, needed);
    this.paidAt = grown(this.paidAt, Float64Array, needed);
    this.balances = grown(this.balances, Float64Array, needed);
    this.attempts = grown(this.attempts, Uint32Array, needed);
    this.next = grown(this.next, Int32Array, needed);
  }
}
