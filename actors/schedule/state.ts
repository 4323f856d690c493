/** The state of one schedule, and how a reservation and a payment are read from it. */
import type { SessionRef } from '../admission/messages.ts';
import { Deadlines } from './deadlines.ts';
import { ordinalOf, paymentIdOf, reservationIdOf } from './ids.ts';
import type { Layout } from './layout.ts';
import type { Payment, Reservation, ReservationStatus, ScheduleFacts, Seat } from './messages.ts';
import type { SeatIndexes } from './reservation-slots.ts';
import { Reservations } from './reservations.ts';
import { SeatMap } from './seat-map.ts';

export interface ScheduleState {
  readonly id: string;
  /** Null until the schedule has been opened. */
  open: OpenedSchedule | null;
}

export interface OpenedSchedule {
  readonly facts: ScheduleFacts;
  readonly layout: Layout;
  readonly seatMap: SeatMap;
  readonly reservations: Reservations;
  /** Of held reservations, and only of them; derived from the reservations. */
  readonly deadlines: Deadlines;
  /** Reservations whose payment is running, by ordinal, with the session that it will end. */
  readonly paying: Map<number, SessionRef | null>;
}

export function openSchedule(facts: ScheduleFacts, layout: Layout): OpenedSchedule {
  const reservations = new Reservations();
  return {
    facts,
    layout,
    seatMap: new SeatMap(layout.blank()),
    reservations,
    deadlines: new Deadlines(reservations.deadlinePlaces),
    paying: new Map(),
  };
}

/** The ordinal of a reservation that is this user's; null for another one's, and for none. */
export function ownOrdinal(
  { facts, reservations }: OpenedSchedule,
  reservationId: string,
  userId: string,
): number | null {
  const ordinal = ordinalOf(facts.id, reservationId);
  return reservations.has(ordinal) && reservations.belongsTo(ordinal, userId) ? ordinal : null;
}

/** A whole reservation as the world sees it. `status` is given, because an event tells what the state is about to be. */
export function reservationOf(open: OpenedSchedule, ordinal: number, status: ReservationStatus): Reservation {
  const { facts, reservations } = open;
  const seats = seatsAt(open.layout, reservations.seatsOf(ordinal));
  return {
    id: reservationIdOf(facts.id, ordinal),
    scheduleId: facts.id,
    concertId: facts.concertId,
    userId: reservations.userOf(ordinal),
    status,
    seats,
    totalPrice: totalPriceOf(seats),
    heldAt: reservations.heldAtOf(ordinal),
    expiresAt: reservations.expiresAtOf(ordinal),
    paidAt: status === 'paid' ? reservations.paidAtOf(ordinal) : null,
  };
}

/** The payment of a paid reservation. */
export function paymentOf(open: OpenedSchedule, ordinal: number): Payment {
  const { facts, reservations } = open;
  const reservationId = reservationIdOf(facts.id, ordinal);
  return {
    id: paymentIdOf(reservationId),
    reservationId,
    userId: reservations.userOf(ordinal),
    amount: totalPriceOf(seatsAt(open.layout, reservations.seatsOf(ordinal))),
    balance: reservations.balanceOf(ordinal),
    paidAt: reservations.paidAtOf(ordinal),
  };
}

export function seatsAt(layout: Layout, indexes: SeatIndexes): Seat[] {
  if (typeof indexes === 'number') return [layout.seatAt(indexes)];
  return indexes.map((index) => layout.seatAt(index));
}

export function totalPriceOf(seats: readonly Seat[]): number {
  let total = 0;
  for (const seat of seats) total += seat.price;
  return total;
}
