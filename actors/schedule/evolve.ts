/** Where a schedule's state changes, live and in replay alike. Events are facts: nothing is judged here. */
import type { Rules } from '../rules.ts';
import { ordinalOf } from './ids.ts';
import { canonicalSections, type CanonicalSections, type Layout } from './layout.ts';
import type { Reservation, ScheduleEvent } from './messages.ts';
import type { SeatIndexes } from './reservation-slots.ts';
import { type OpenedSchedule, openSchedule, type ScheduleState } from './state.ts';

export function evolveSchedule(
  state: ScheduleState,
  event: ScheduleEvent,
  layoutOf: (sections: CanonicalSections) => Layout,
  rules: Pick<Rules, 'endedReservationsMax'>,
): ScheduleState {
  switch (event.type) {
    case 'ScheduleOpened':
      state.open = openSchedule(event.schedule, layoutOf(canonicalSections(event.sections)));
      return state;
    case 'SeatsHeld':
      hold(opened(state), event.reservation);
      return state;
    case 'HoldCancelled':
      end(opened(state), event.reservation, 'cancelled', rules.endedReservationsMax);
      return state;
    case 'HoldExpired':
      end(opened(state), event.reservation, 'expired', rules.endedReservationsMax);
      return state;
    case 'PaymentStarted': {
      const open = opened(state);
      const ordinal = ordinalOf(state.id, event.reservationId);
      open.reservations.startPayment(ordinal, event.attempt);
      open.deadlines.remove(open.reservations.slotOf(ordinal));
      open.paying.set(ordinal, event.session);
      return state;
    }
    case 'PaymentRefused': {
      const open = opened(state);
      const ordinal = ordinalOf(state.id, event.reservationId);
      open.reservations.holdAgain(ordinal);
      open.deadlines.add(open.reservations.slotOf(ordinal), open.reservations.expiresAtOf(ordinal));
      open.paying.delete(ordinal);
      return state;
    }
    case 'ReservationPaid': {
      const open = opened(state);
      const ordinal = ordinalOf(state.id, event.reservation.id);
      open.reservations.pay(ordinal, event.payment.paidAt, event.payment.balance);
      open.paying.delete(ordinal);
      const seats = open.reservations.seatsOf(ordinal);
      if (typeof seats === 'number') open.seatMap.sell(seats);
      else for (const index of seats) open.seatMap.sell(index);
      return state;
    }
  }
}

function opened(state: ScheduleState): OpenedSchedule {
  if (state.open === null) throw new Error(`schedule ${state.id} has events from before it was opened`);
  return state.open;
}

function hold(open: OpenedSchedule, reservation: Reservation): void {
  const seats = indexesOf(open.layout, reservation);
  const ordinal = open.reservations.add(reservation.userId, seats, reservation.heldAt, reservation.expiresAt);
  if (ordinalOf(open.facts.id, reservation.id) !== ordinal) throw new Error(`${reservation.id} is out of turn`);
  open.deadlines.add(open.reservations.slotOf(ordinal), reservation.expiresAt);
  if (typeof seats === 'number') open.seatMap.hold(seats, ordinal);
  else for (const index of seats) open.seatMap.hold(index, ordinal);
}

function end(
  open: OpenedSchedule,
  reservation: Reservation,
  status: 'expired' | 'cancelled',
  endedReservationsMax: number,
): void {
  const ordinal = ordinalOf(open.facts.id, reservation.id);
  const seats = open.reservations.seatsOf(ordinal);
  if (typeof seats === 'number') open.seatMap.free(seats);
  else for (const index of seats) open.seatMap.free(index);
  open.deadlines.remove(open.reservations.slotOf(ordinal));
  open.reservations.end(ordinal, status, endedReservationsMax);
}

function indexesOf(layout: Layout, { id, seats }: Reservation): SeatIndexes {
  const indexes = seats.map((seat) => {
    const index = layout.indexOf(seat.id);
    if (index < 0) throw new Error(`${id} names seat ${seat.id}, which its hall does not have`);
    return index;
  });
  const [only] = indexes;
  return indexes.length === 1 && only !== undefined ? only : indexes;
}
