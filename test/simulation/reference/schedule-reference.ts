/** A date as anyone would keep one: a list of reservations, and for each seat the one that has it. */
import type { Event } from '../../../engine/actor.ts';
import type { Rules } from '../../../actors/rules.ts';
import type {
  Reservation,
  ScheduleCommand,
  ScheduleEvent,
  ScheduleOpened,
  ScheduleQuery,
} from '../../../actors/schedule/messages.ts';
import { happened, refused } from './verdict.ts';

interface Kept {
  readonly reservation: Reservation;
  status: Reservation['status'];
  attempt: number;
  payment: { readonly amount: number; readonly balance: number } | null;
}

export class ScheduleReference {
  readonly #id: string;
  readonly #rules: Rules;
  #opened: ScheduleOpened | null = null;
  /** Seat ids in layout order. */
  #seats: string[] = [];
  readonly #prices = new Map<string, number>();
  readonly #reservations: Kept[] = [];
  readonly #owners = new Map<string, Kept>();

  constructor(id: string, rules: Rules) {
    this.#id = id;
    this.#rules = rules;
  }

  expect(command: ScheduleCommand, atMs: number): string {
    switch (command.type) {
      case 'OpenSchedule':
        return this.#opened === null ? happened(['ScheduleOpened']) : refused('already_exists', { ids: [this.#id] });
      case 'HoldSeats':
        return this.#expectHold(command.userId, command.seatIds, atMs);
      case 'CancelHold':
        return this.#expectEnd(command.userId, command.reservationId, atMs);
      case 'PayReservation':
        return this.#expectPay(command.userId, command.reservationId, atMs);
      case 'ExpireDue': {
        const due = this.#reservations.filter((kept) => isOverdue(kept, atMs));
        // Which of them first is not promised where not all of them fit.
        if (due.length > this.#rules.expiriesPerTurnMax) return `some of ${due.map(idOf).join(' ')}`;
        return happened(due.map((kept) => `HoldExpired ${idOf(kept)}`));
      }
      case 'QuestionAnswered': {
        const [id, attempt] = command.question.split('#');
        const kept = this.#reservations.find((one) => idOf(one) === id);
        if (kept?.status !== 'paying' || String(kept.attempt) !== attempt) return happened([]);
        if (command.outcome.type === 'accepted') {
          return happened([
            `ReservationPaid ${idOf(kept)} ${kept.reservation.totalPrice} ${moved(command.outcome.reply)}`,
          ]);
        }
        const refusal = `PaymentRefused ${idOf(kept)}#${kept.attempt}`;
        const over = kept.reservation.expiresAt <= atMs;
        return happened(over ? [refusal, `HoldExpired ${idOf(kept)}`] : [refusal]);
      }
    }
  }

  apply(event: ScheduleEvent): void {
    switch (event.type) {
      case 'ScheduleOpened':
        this.#opened = event;
        for (const { name, price, rows } of event.sections) {
          for (const row of rows) {
            for (let number = 1; number <= row.seats; number += 1) {
              const seat = `${name}-${row.name}-${number}`;
              this.#seats.push(seat);
              this.#prices.set(seat, price);
            }
          }
        }
        return;
      case 'SeatsHeld': {
        const kept: Kept = { reservation: event.reservation, status: 'held', attempt: 0, payment: null };
        this.#reservations.push(kept);
        for (const { id } of event.reservation.seats) this.#owners.set(id, kept);
        return;
      }
      case 'HoldCancelled':
      case 'HoldExpired': {
        const kept = this.#kept(event.reservation.id);
        kept.status = event.type === 'HoldExpired' ? 'expired' : 'cancelled';
        for (const { id } of kept.reservation.seats) this.#owners.delete(id);
        return;
      }
      case 'PaymentStarted': {
        const kept = this.#kept(event.reservationId);
        kept.status = 'paying';
        kept.attempt = event.attempt;
        return;
      }
      case 'PaymentRefused':
        this.#kept(event.reservationId).status = 'held';
        return;
      case 'ReservationPaid': {
        const kept = this.#kept(event.reservation.id);
        kept.status = 'paid';
        kept.payment = { amount: event.payment.amount, balance: event.payment.balance };
        return;
      }
    }
  }

  /** A view as text. */
  see(query: ScheduleQuery, atMs: number): string {
    if (this.#opened === null) return 'null';
    if (query.type === 'seats') {
      return this.#seats.map((seat) => this.#byteOf(seat)).join('');
    }
    const kept = this.#of(query.userId, query.reservationId);
    if (kept === undefined) return 'null';
    return `${query.reservationId} ${isOverdue(kept, atMs) ? 'expired' : kept.status}`;
  }

  #byteOf(seat: string): number {
    const owner = this.#owners.get(seat);
    if (owner === undefined) return 0;
    return owner.status === 'paid' ? 2 : 1;
  }

  #expectHold(userId: string, seatIds: readonly string[], atMs: number): string {
    if (this.#opened === null) return refused('schedule_not_found');
    const { salesOpenAt, salesCloseAt } = this.#opened.schedule;
    if (atMs < salesOpenAt || atMs >= salesCloseAt) return refused('sales_closed', { salesOpenAt, salesCloseAt });
    const unknown = seatIds.filter((seat) => !this.#prices.has(seat));
    if (unknown.length > 0) return refused('seat_not_found', { seatIds: unknown });
    const { seatsPerReservationMax, seatsPerUserMax, holdTtlMs } = this.#rules;
    if (seatIds.length > seatsPerReservationMax)
      return refused('seat_limit_exceeded', { limit: seatsPerReservationMax });
    let own = 0;
    for (const kept of this.#owners.values())
      if (kept.reservation.userId === userId && !isOverdue(kept, atMs)) own += 1;
    if (own + seatIds.length > seatsPerUserMax) return refused('seat_limit_exceeded', { limit: seatsPerUserMax });
    const rivals = seatIds.map((seat) => this.#owners.get(seat));
    const taken = seatIds.filter((_, i) => rivals[i] !== undefined && !isOverdue(rivals[i], atMs));
    if (taken.length > 0) return refused('seat_unavailable', { seatIds: taken });
    const over = new Set(rivals.filter((kept) => kept !== undefined).map((kept) => `HoldExpired ${idOf(kept)}`));
    const seats = this.#seats.filter((seat) => seatIds.includes(seat));
    const price = seats.reduce((sum, seat) => sum + (this.#prices.get(seat) ?? 0), 0);
    const id = `${this.#id}.${this.#reservations.length + 1}`;
    return happened([...over, `SeatsHeld ${id} ${userId} ${seats.join(',')} ${price} ${atMs + holdTtlMs}`]);
  }

  #expectEnd(userId: string, reservationId: string, atMs: number): string {
    const kept = this.#of(userId, reservationId);
    if (kept === undefined) return refused('reservation_not_found');
    if (kept.status === 'paid') return refused('already_paid', this.#payment(kept));
    if (kept.status === 'cancelled') return happened([]);
    if (kept.status === 'expired' || isOverdue(kept, atMs)) return refused('hold_expired');
    if (kept.status === 'paying') return refused('payment_in_progress');
    return happened([`HoldCancelled ${reservationId}`]);
  }

  #expectPay(userId: string, reservationId: string, atMs: number): string {
    const kept = this.#of(userId, reservationId);
    if (kept === undefined) return refused('reservation_not_found');
    if (kept.status === 'paid') return refused('already_paid', this.#payment(kept));
    if (kept.status === 'cancelled') return refused('reservation_cancelled');
    if (kept.status === 'expired' || isOverdue(kept, atMs)) return refused('hold_expired');
    if (kept.status === 'paying') return refused('payment_in_progress');
    return happened([`PaymentStarted ${reservationId}#${kept.attempt + 1} ${kept.reservation.totalPrice}`]);
  }

  /** What `already_paid` tells of the payment that judges can know; see `tellSchedule`. */
  #payment({ payment, reservation }: Kept) {
    return { payment: `pay.${reservation.id} ${payment?.amount} ${payment?.balance}` };
  }

  #of(userId: string, reservationId: string): Kept | undefined {
    return this.#reservations.find((kept) => idOf(kept) === reservationId && kept.reservation.userId === userId);
  }

  #kept(id: string): Kept {
    const kept = this.#reservations.find((one) => idOf(one) === id);
    if (kept === undefined) throw new Error(`${id} was never held`);
    return kept;
  }
}

function isOverdue({ status, reservation }: Kept, atMs: number): boolean {
  return status === 'held' && reservation.expiresAt <= atMs;
}

function idOf({ reservation }: Kept): string {
  return reservation.id;
}

function moved(reply: unknown): string {
  return typeof reply === 'object' && reply !== null && 'balance' in reply ? String(reply.balance) : 'nothing';
}

export function tellSchedule(event: Event): string {
  // True: only a schedule decides events under its address.
  const told = event as ScheduleEvent;
  switch (told.type) {
    case 'ScheduleOpened':
      return told.type;
    case 'SeatsHeld': {
      const { id, userId, seats, totalPrice, expiresAt } = told.reservation;
      return `SeatsHeld ${id} ${userId} ${seats.map((seat) => seat.id).join(',')} ${totalPrice} ${expiresAt}`;
    }
    case 'HoldCancelled':
    case 'HoldExpired':
      return `${told.type} ${told.reservation.id}`;
    case 'PaymentStarted':
      return `PaymentStarted ${told.reservationId}#${told.attempt} ${told.amount}`;
    case 'PaymentRefused':
      return `PaymentRefused ${told.reservationId}#${told.attempt}`;
    case 'ReservationPaid':
      return `ReservationPaid ${told.reservation.id} ${told.payment.amount} ${told.payment.balance}`;
  }
}
