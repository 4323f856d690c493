/**
 * Whole reservations: one row, the slot, for each. A slot is used again once its reservation has shrunk, so
 * which slot a reservation has says nothing; nothing outside memory may depend on it.
 *
 * Reads of users and seats with `!` find a value: it is set when a slot is given out.
 */
import { NumberRows, ValueColumn } from './columns.ts';
import { UserIndex } from './user-index.ts';

/** The indexes of a reservation's seats in layout order; a single one stands alone, which saves its array. */
export type SeatIndexes = number | readonly number[];

export function seatCountOf(seats: SeatIndexes): number {
  return typeof seats === 'number' ? 1 : seats.length;
}

export class ReservationSlots {
  readonly users = new ValueColumn<string>();
  readonly seats = new ValueColumn<SeatIndexes>();
  readonly #rows = new NumberRows(8);
  readonly ordinals = this.#rows.field(0);
  readonly heldAt = this.#rows.field(1);
  readonly expiresAt = this.#rows.field(2);
  /** 0 until paid. */
  readonly paidAt = this.#rows.field(3);
  /** The wallet's balance after the debit; 0 until paid. */
  readonly balances = this.#rows.field(4);
  readonly attempts = this.#rows.field(5);
  /**
   * A link to the next slot of the list that this one is in: of its user while it is live or paid, of the ended ones
   * by age, or of the free ones. A link is a slot plus one; 0 ends a list.
   */
  readonly next = this.#rows.field(6);
  /** Where its deadline stands among those of the date; kept by `Deadlines`. */
  readonly deadlines = this.#rows.field(7);
  #used = 0;
  #firstFree = 0;
  readonly #firsts = new UserIndex(this.users);

  take(ordinal: number, userId: string, seats: SeatIndexes, heldAtMs: number, expiresAtMs: number): number {
    const slot = this.#freeSlot();
    this.users.set(slot, userId);
    this.seats.set(slot, seats);
    this.ordinals.set(slot, ordinal);
    this.heldAt.set(slot, heldAtMs);
    this.expiresAt.set(slot, expiresAtMs);
    this.paidAt.set(slot, 0);
    this.balances.set(slot, 0);
    this.attempts.set(slot, 0);
    return slot;
  }

  /** The slot must be in no list. */
  release(slot: number): void {
    this.users.set(slot, '');
    this.seats.set(slot, 0);
    this.next.set(slot, this.#firstFree);
    this.#firstFree = slot + 1;
  }

  /** The link to the first live or paid reservation of a user; 0 for none. */
  firstOfUser(userId: string): number {
    return this.#firsts.firstOf(userId);
  }

  /** Seats of all of them. */
  seatsOfUser(userId: string): number {
    return this.#firsts.seatsOf(userId);
  }

  linkToUser(slot: number): void {
    const seats = seatCountOf(this.seats.get(slot)!);
    this.next.set(slot, this.#firsts.putFirst(this.users.get(slot)!, slot + 1, seats));
  }

  unlinkFromUser(slot: number): void {
    const userId = this.users.get(slot)!;
    const first = this.firstOfUser(userId);
    const after = this.next.get(slot);
    const seats = seatCountOf(this.seats.get(slot)!);
    if (first === slot + 1) {
      if (after === 0) this.#firsts.delete(userId);
      else this.#firsts.putFirst(userId, after, -seats);
      return;
    }
    const before = this.#firsts.beforeOf(slot + 1);
    if (first === 0 || before === 0 || this.next.get(before - 1) !== slot + 1) {
      throw new Error(`slot ${slot} is not among those of user ${userId}`);
    }
    this.next.set(before - 1, after);
    if (after !== 0) this.#firsts.setBefore(after, before);
    this.#firsts.addSeats(first, -seats);
  }

  #freeSlot(): number {
    if (this.#firstFree !== 0) {
      const slot = this.#firstFree - 1;
      this.#firstFree = this.next.get(slot);
      return slot;
    }
    this.#rows.reach(this.#used);
    return this.#used++;
  }
}
