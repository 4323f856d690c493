/**
 * Every reservation that a schedule has ever had, by ordinal. Five bytes of each stay for ever: its state, and either
 * the slot that holds the whole reservation or, once it is shrunk, a hash of its user. Live and paid reservations are
 * whole, and of the ended ones the last `endedMax`.
 *
 * Reads with `!` find a value: states index their names, and a slot comes from a whole reservation.
 */
import { NumberColumn, type NumberField } from './columns.ts';
import type { ReservationStatus } from './messages.ts';
import { ReservationSlots, seatCountOf, type SeatIndexes } from './reservation-slots.ts';
import { userHash } from './user-hash.ts';

/** Indexed by the state's low bits; the order is part of the snapshot's format. */
const statuses = ['held', 'paying', 'paid', 'expired', 'cancelled'] as const satisfies readonly ReservationStatus[];
const held = 0;
const paying = 1;
const paid = 2;
const expired = 3;
const cancelled = 4;
const shrunkBit = 0x80;

/** What a snapshot keeps of a whole reservation. */
export interface WholeReservation {
  readonly userId: string;
  readonly seats: SeatIndexes;
  readonly heldAt: number;
  readonly expiresAt: number;
  readonly attempt: number;
  readonly paidAt: number;
  readonly balance: number;
}

export class Reservations {
  /** Reservations ever made; their ordinals are 1 … count. */
  count = 0;
  shrunkCount = 0;
  readonly #states = new NumberColumn(Uint8Array);
  readonly #slotOrHash = new NumberColumn(Uint32Array);
  readonly #slots = new ReservationSlots();
  #endedCount = 0;
  #oldestEnded = 0;
  #newestEnded = 0;

  /** A new hold; returns its ordinal. */
  add(userId: string, seats: SeatIndexes, heldAtMs: number, expiresAtMs: number): number {
    const ordinal = this.#nextOrdinal(held);
    const slot = this.#slots.take(ordinal, userId, seats, heldAtMs, expiresAtMs);
    this.#slotOrHash.set(ordinal - 1, slot);
    this.#slots.linkToUser(slot);
    return ordinal;
  }

  /** By slot, for the deadlines of the same date. */
  get deadlinePlaces(): NumberField {
    return this.#slots.deadlines;
  }

  has(ordinal: number): boolean {
    return ordinal >= 1 && ordinal <= this.count;
  }

  statusOf(ordinal: number): ReservationStatus {
    return statuses[this.stateOf(ordinal) & ~shrunkBit]!;
  }

  isShrunk(ordinal: number): boolean {
    return isShrunkState(this.stateOf(ordinal));
  }

  /** Whether it is this user's. Of a shrunk one only a 32-bit hash is left: who tells its details looks again. */
  belongsTo(ordinal: number, userId: string): boolean {
    if (this.isShrunk(ordinal)) return this.#slotOrHash.get(ordinal - 1) === userHash(userId);
    return this.userOf(ordinal) === userId;
  }

  slotOf(ordinal: number): number {
    if (this.isShrunk(ordinal)) throw new Error(`reservation ${ordinal} is shrunk`);
    return this.#slotOrHash.get(ordinal - 1);
  }

  ordinalAt(slot: number): number {
    return this.#slots.ordinals.get(slot);
  }

  userOf(ordinal: number): string {
    return this.#slots.users.get(this.slotOf(ordinal))!;
  }

  seatsOf(ordinal: number): SeatIndexes {
    return this.#slots.seats.get(this.slotOf(ordinal))!;
  }

  heldAtOf(ordinal: number): number {
    return this.#slots.heldAt.get(this.slotOf(ordinal));
  }

  expiresAtOf(ordinal: number): number {
    return this.#slots.expiresAt.get(this.slotOf(ordinal));
  }

  /** The running or last attempt to pay; 0 before the first. */
  attemptOf(ordinal: number): number {
    return this.#slots.attempts.get(this.slotOf(ordinal));
  }

  /** Of a paid reservation. */
  paidAtOf(ordinal: number): number {
    return this.#slots.paidAt.get(this.slotOf(ordinal));
  }

  /** The wallet's balance after the debit, of a paid reservation. */
  balanceOf(ordinal: number): number {
    return this.#slots.balances.get(this.slotOf(ordinal));
  }

  /** Whether it is held and its deadline has passed: over, though no event has said so yet. */
  isOverdue(ordinal: number, atMs: number): boolean {
    return this.stateOf(ordinal) === held && this.expiresAtOf(ordinal) <= atMs;
  }

  /** Whether the user, with so many seats more at `atMs`, has more than `max`. */
  wouldExceed(userId: string, more: number, max: number, atMs: number): boolean {
    // Those that are over and not yet ended count here: who stays within the limit with them is seldom asked further.
    if (this.#slots.seatsOfUser(userId) + more <= max) return false;
    return this.#seatCountOfUser(userId, atMs) + more > max;
  }

  /** Seats that the user has at `atMs`: holds before their deadline, running payments, paid ones. */
  #seatCountOfUser(userId: string, atMs: number): number {
    const { next, ordinals, seats } = this.#slots;
    let count = 0;
    for (let link = this.#slots.firstOfUser(userId); link !== 0; link = next.get(link - 1)) {
      if (!this.isOverdue(ordinals.get(link - 1), atMs)) count += seatCountOf(seats.get(link - 1)!);
    }
    return count;
  }

  startPayment(ordinal: number, attempt: number): void {
    this.#slots.attempts.set(this.slotOf(ordinal), attempt);
    this.#states.set(ordinal - 1, paying);
  }

  holdAgain(ordinal: number): void {
    this.#states.set(ordinal - 1, held);
  }

  pay(ordinal: number, paidAtMs: number, balance: number): void {
    const slot = this.slotOf(ordinal);
    this.#slots.paidAt.set(slot, paidAtMs);
    this.#slots.balances.set(slot, balance);
    this.#states.set(ordinal - 1, paid);
  }

  /** Ends a held reservation, and shrinks the oldest ended ones down to `endedMax`. */
  end(ordinal: number, status: 'expired' | 'cancelled', endedMax: number): void {
    this.#slots.unlinkFromUser(this.slotOf(ordinal));
    this.#states.set(ordinal - 1, status === 'expired' ? expired : cancelled);
    this.#appendEnded(ordinal);
    while (this.#endedCount > endedMax) this.#shrinkOldestEnded();
  }

  /** Ordinals of the ended reservations that are whole, oldest end first. */
  endedByAge(): number[] {
    const ordinals: number[] = [];
    for (let link = this.#oldestEnded; link !== 0; link = this.#slots.next.get(link - 1)) {
      ordinals.push(this.#slots.ordinals.get(link - 1));
    }
    return ordinals;
  }

  /** The byte of its state, as a snapshot keeps it. */
  stateOf(ordinal: number): number {
    if (!this.has(ordinal)) throw new Error(`there is no reservation ${ordinal}`);
    return this.#states.get(ordinal - 1);
  }

  /** Of a shrunk reservation. */
  hashOf(ordinal: number): number {
    if (!this.isShrunk(ordinal)) throw new Error(`reservation ${ordinal} is whole`);
    return this.#slotOrHash.get(ordinal - 1);
  }

  /** Puts back the next ordinal from a snapshot: shrunk, with the hash of its user. */
  restoreShrunk(state: number, hash: number): void {
    this.#slotOrHash.set(this.#nextOrdinal(state) - 1, hash);
    this.shrunkCount++;
  }

  /** Puts back the next ordinal from a snapshot: whole. Returns it. */
  restoreWhole(state: number, from: WholeReservation): number {
    const ordinal = this.#nextOrdinal(state);
    const slot = this.#slots.take(ordinal, from.userId, from.seats, from.heldAt, from.expiresAt);
    this.#slotOrHash.set(ordinal - 1, slot);
    this.#slots.attempts.set(slot, from.attempt);
    this.#slots.paidAt.set(slot, from.paidAt);
    this.#slots.balances.set(slot, from.balance);
    if (state <= paid) this.#slots.linkToUser(slot);
    return ordinal;
  }

  /** After all ordinals are back: the ended ones that are whole, oldest end first. */
  restoreEnded(ordinals: Iterable<number>): void {
    for (const ordinal of ordinals) this.#appendEnded(ordinal);
  }

  #nextOrdinal(state: number): number {
    this.#states.set(this.count, state);
    return ++this.count;
  }

  #appendEnded(ordinal: number): void {
    const link = this.slotOf(ordinal) + 1;
    if (this.#newestEnded === 0) this.#oldestEnded = link;
    else this.#slots.next.set(this.#newestEnded - 1, link);
    this.#newestEnded = link;
    this.#slots.next.set(link - 1, 0);
    this.#endedCount++;
  }

  #shrinkOldestEnded(): void {
    const slot = this.#oldestEnded - 1;
    const index = this.ordinalAt(slot) - 1;
    this.#oldestEnded = this.#slots.next.get(slot);
    if (this.#oldestEnded === 0) this.#newestEnded = 0;
    this.#endedCount--;
    this.shrunkCount++;
    this.#states.set(index, this.#states.get(index) | shrunkBit);
    this.#slotOrHash.set(index, userHash(this.#slots.users.get(slot)!));
    this.#slots.release(slot);
  }
}

export function isShrunkState(state: number): boolean {
  return (state & shrunkBit) !== 0;
}
