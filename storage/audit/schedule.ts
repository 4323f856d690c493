/** Seats, holds and payments: each event is judged against what the journal said before, then entered as it stands. */
import type {
  HoldCancelled,
  HoldExpired,
  PaymentStarted,
  Reservation,
  ReservationPaid,
  ReservationStatus,
  ScheduleEvent,
  ScheduleOpened,
  Seat,
} from '../../actors/schedule/messages.ts';
import type { AuditRules } from './audit-rules.ts';
import type { CatalogAudit } from './catalog.ts';
import type { Findings } from './findings.ts';
import { Halls } from './hall.ts';
import type { MoneyAudit } from './money.ts';
import type { Overdue } from './overdue.ts';
import { numberIn, ScheduleModel } from './schedule-model.ts';
import type { AuditedReservation, AuditedSchedule } from './schedule-model.ts';

export interface ScheduleAuditParts {
  readonly findings: Findings;
  readonly rules: AuditRules;
  readonly catalog: CatalogAudit;
  readonly money: MoneyAudit;
  readonly overdue: Overdue<AuditedReservation>;
}

export class ScheduleAudit {
  readonly model = new ScheduleModel();
  readonly #parts: ScheduleAuditParts;
  readonly #findings: Findings;
  readonly #halls = new Halls();

  constructor(parts: ScheduleAuditParts) {
    this.#parts = parts;
    this.#findings = parts.findings;
  }

  event(scheduleId: string, event: ScheduleEvent, atMs: number): void {
    if (event.type === 'ScheduleOpened') return this.#opened(scheduleId, event, atMs);
    const schedule = this.model.schedules.get(scheduleId);
    if (schedule === undefined) return this.#findings.add('schedule-unknown', `${event.type} before it was opened`);
    if (event.type === 'SeatsHeld') return this.#held(schedule, event.reservation, atMs);
    const id = 'reservation' in event ? event.reservation.id : event.reservationId;
    const reservation = schedule.reservations[(numberIn(scheduleId, id) ?? 0) - 1];
    if (reservation === undefined) return this.#findings.add('reservation-unknown', `${event.type} of ${id}`);
    switch (event.type) {
      case 'HoldCancelled':
      case 'HoldExpired':
        return this.#ended(reservation, event, atMs);
      case 'PaymentStarted':
        return this.#paymentStarted(reservation, event, atMs);
      case 'PaymentRefused':
        this.#step(reservation, ['paying'], 'refused its payment', 'held');
        if (event.attempt !== reservation.attempt) this.#wrongAttempt(reservation, event.attempt);
        reservation.session = null;
        this.#parts.overdue.watch(reservation);
        return;
      case 'ReservationPaid':
        return this.#paid(reservation, event, atMs);
    }
  }

  #opened(scheduleId: string, { schedule: facts, sections }: ScheduleOpened, atMs: number): void {
    const hall = this.#halls.of(sections);
    if (facts.id !== scheduleId) this.#findings.add('event-address', `it opens schedule ${facts.id}`);
    if (this.model.schedules.has(scheduleId)) this.#findings.add('schedule-catalog', 'it is opened twice');
    this.#parts.catalog.opened(facts, hall.seats.length);
    this.model.schedules.set(scheduleId, {
      facts,
      hall,
      openedAt: atMs,
      owners: new Map(),
      reservations: [],
      ended: [],
      ofUser: new Map(),
      changes: 0,
    });
  }

  #held(schedule: AuditedSchedule, of: Reservation, atMs: number): void {
    const { id, userId, heldAt, expiresAt } = of;
    const number = schedule.reservations.length + 1;
    if (numberIn(schedule.facts.id, id) !== number) {
      this.#findings.add('reservation-order', `${id} is made where ${schedule.facts.id}.${number} is next`);
    }
    const { holdTtlMs } = this.#parts.rules;
    if (heldAt !== atMs) this.#findings.add('event-time', `${id} says held at ${heldAt}, its turn ${atMs}`);
    if (holdTtlMs === null ? expiresAt <= heldAt : expiresAt !== heldAt + holdTtlMs) {
      this.#findings.add('hold-deadline', `${id} is held at ${heldAt} until ${expiresAt}`);
    }
    const { salesOpenAt, salesCloseAt } = schedule.facts;
    if (atMs < salesOpenAt || atMs >= salesCloseAt) {
      this.#findings.add('hold-outside-sales', `${id} at ${atMs}, sales run from ${salesOpenAt} to ${salesCloseAt}`);
    }
    const seats = this.#seatsOf(schedule, of);
    this.#limits(schedule, of, seats.length, atMs);
    const reservation: AuditedReservation = {
      id: `${schedule.facts.id}.${number}`,
      number,
      schedule,
      seats,
      userId,
      totalPrice: of.totalPrice,
      heldAt,
      expiresAt,
      status: 'held',
      attempt: 0,
      session: null,
      paidAt: 0,
      balance: 0,
      endedAt: 0,
    };
    this.#repeats(reservation, of, 'held', null);
    for (const index of seats) this.#take(schedule, index, reservation);
    schedule.changes += seats.length;
    schedule.reservations.push(reservation);
    this.model.reservations.push(reservation);
    const ofUser = schedule.ofUser.get(userId);
    if (ofUser === undefined) schedule.ofUser.set(userId, [reservation]);
    else ofUser.push(reservation);
    this.#parts.overdue.watch(reservation);
  }

  /** Indexes of the seats of a new hold. Each is to be of the hall, in layout order, at the hall's price. */
  #seatsOf({ hall }: AuditedSchedule, { id, seats, totalPrice }: Reservation): number[] {
    const indexes: number[] = [];
    let sum = 0;
    let last = -1;
    for (const seat of seats) {
      const index = hall.indexOf(seat.id);
      if (index === undefined) {
        this.#findings.add('seat-unknown', `${id} holds ${seat.id}`);
        continue;
      }
      if (index <= last) this.#findings.add('reservation-differs', `${id} holds ${seat.id} twice or out of order`);
      const known = hall.seatAt(index);
      if (!sameSeat(seat, known)) {
        this.#findings.add('price-wrong', `${id} says ${JSON.stringify(seat)}, the hall ${JSON.stringify(known)}`);
      }
      last = index;
      sum += known.price;
      indexes.push(index);
    }
    if (seats.length === 0) this.#findings.add('reservation-differs', `${id} holds no seat`);
    if (sum !== totalPrice) this.#findings.add('price-wrong', `${id} costs ${totalPrice}, its seats ${sum}`);
    return indexes;
  }

  #limits(schedule: AuditedSchedule, { id, userId }: Reservation, seats: number, atMs: number): void {
    const { seatsPerReservationMax, seatsPerUserMax } = this.#parts.rules;
    if (seatsPerReservationMax !== null && seats > seatsPerReservationMax) {
      this.#findings.add('hold-limit', `${id} holds ${seats} seats, ${seatsPerReservationMax} are allowed`);
    }
    if (seatsPerUserMax === null) return;
    let count = seats;
    for (const other of schedule.ofUser.get(userId) ?? []) {
      if (other.status !== 'held' || other.expiresAt > atMs) count += other.seats.length;
    }
    if (count > seatsPerUserMax) {
      this.#findings.add('hold-limit', `${userId} has ${count} seats with ${id}, ${seatsPerUserMax} are allowed`);
    }
  }

  #take(schedule: AuditedSchedule, index: number, reservation: AuditedReservation): void {
    const owner = schedule.owners.get(index);
    if (owner !== undefined && owner !== reservation) {
      const seat = schedule.hall.seatAt(index).id;
      this.#findings.add('seat-taken', `${reservation.id} takes ${seat}, which ${owner.id} has (${owner.status})`);
    }
    schedule.owners.set(index, reservation);
  }

  #ended(reservation: AuditedReservation, event: HoldCancelled | HoldExpired, atMs: number): void {
    const expired = event.type === 'HoldExpired';
    const status = expired ? 'expired' : 'cancelled';
    const endedAt = expired ? event.expiredAt : event.cancelledAt;
    const { schedule, expiresAt, id, userId } = reservation;
    this.#repeats(reservation, event.reservation, status, null);
    if (endedAt !== atMs) this.#findings.add('event-time', `${id} says ${status} at ${endedAt}, its turn ${atMs}`);
    if (expired ? endedAt < expiresAt : endedAt >= expiresAt) {
      this.#findings.add('hold-wrong-side', `${id} is ${status} at ${endedAt}, its deadline is ${expiresAt}`);
    }
    if (!this.#step(reservation, ['held'], `is ${status}`, status)) return;
    for (const index of reservation.seats) {
      if (schedule.owners.get(index) === reservation) schedule.owners.delete(index);
    }
    reservation.endedAt = endedAt;
    schedule.changes += reservation.seats.length;
    schedule.ended.push(reservation.number);
    const left = (schedule.ofUser.get(userId) ?? []).filter((other) => other !== reservation);
    if (left.length === 0) schedule.ofUser.delete(userId);
    else schedule.ofUser.set(userId, left);
  }

  #paymentStarted(reservation: AuditedReservation, event: PaymentStarted, atMs: number): void {
    const { id, expiresAt, totalPrice, attempt } = reservation;
    if (atMs >= expiresAt) {
      this.#findings.add('hold-wrong-side', `${id} is paid from ${atMs} on, its deadline is ${expiresAt}`);
    }
    if (event.amount !== totalPrice) {
      this.#findings.add('payment-amount', `${id} costs ${totalPrice}, its payment asks for ${event.amount}`);
    }
    if (event.attempt !== attempt + 1) this.#wrongAttempt(reservation, event.attempt);
    this.#step(reservation, ['held'], 'starts a payment', 'paying');
    reservation.attempt = event.attempt;
    reservation.session = event.session;
  }

  #paid(reservation: AuditedReservation, { reservation: of, payment }: ReservationPaid, atMs: number): void {
    const { id, userId, totalPrice, attempt, schedule } = reservation;
    this.#repeats(reservation, of, 'paid', payment.paidAt);
    if (payment.paidAt !== atMs) this.#findings.add('event-time', `${id} says paid at ${payment.paidAt}, not ${atMs}`);
    if (payment.amount !== totalPrice) {
      this.#findings.add('payment-amount', `${id} costs ${totalPrice}, ${payment.amount} are paid`);
    }
    if (payment.id !== `pay.${id}` || payment.reservationId !== id || payment.userId !== userId) {
      this.#findings.add('reservation-differs', `the payment of ${id} by ${userId} is ${JSON.stringify(payment)}`);
    }
    this.#step(reservation, ['paying'], 'is paid', 'paid');
    this.#parts.money.paid({ id: `${id}#${attempt}`, userId, amount: totalPrice, balance: payment.balance });
    reservation.paidAt = payment.paidAt;
    reservation.balance = payment.balance;
    reservation.session = null;
    schedule.changes += reservation.seats.length;
  }

  /** Goes on to `next`, also from a status that does not allow it: false then. */
  #step(reservation: AuditedReservation, from: readonly string[], does: string, next: ReservationStatus): boolean {
    const { status } = reservation;
    const allowed = from.includes(status);
    if (!allowed) this.#findings.add('life-cycle', `${reservation.id} ${does} while it is ${status}`);
    reservation.status = next;
    return allowed;
  }

  #wrongAttempt({ id, attempt }: AuditedReservation, found: number): void {
    this.#findings.add('life-cycle', `${id} was at attempt ${attempt} to pay, this is attempt ${found}`);
  }

  /** The reservation as the event has it is the one that was made, whole. */
  #repeats(known: AuditedReservation, of: Reservation, status: ReservationStatus, paidAt: number | null): void {
    const { id, userId, totalPrice, heldAt, expiresAt, schedule, seats } = known;
    if (of.scheduleId !== schedule.facts.id) this.#findings.add('event-address', `${of.id} is of ${of.scheduleId}`);
    const sameSeats =
      of.seats.length === seats.length &&
      of.seats.every((seat, i) => sameSeat(seat, schedule.hall.seatAt(seats[i] ?? -1)));
    const same =
      of.id === id &&
      of.concertId === schedule.facts.concertId &&
      of.userId === userId &&
      of.status === status &&
      of.totalPrice === totalPrice &&
      of.heldAt === heldAt &&
      of.expiresAt === expiresAt &&
      of.paidAt === paidAt;
    if (same && (sameSeats || status === 'held')) return;
    this.#findings.add('reservation-differs', `it says ${JSON.stringify(of)}, which ${id} is not`);
  }
}

function sameSeat(a: Seat, b: Seat): boolean {
  return a.id === b.id && a.price === b.price && a.section === b.section && a.row === b.row && a.number === b.number;
}
