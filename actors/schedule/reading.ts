/** What a schedule answers: replies to commands, views, and the facts that stay known while it is out of memory. */
import type { JsonObject } from '../../engine/actor.ts';
import { seatsIn } from './layout.ts';
import type { ScheduleEvent, ScheduleQuery, ScheduleReply, ScheduleSummary, ScheduleViews } from './messages.ts';
import { type OpenedSchedule, ownOrdinal, reservationOf, type ScheduleState } from './state.ts';

/** The last event that carries an answer gives it: of `HoldExpired, SeatsHeld` the new hold. */
export function scheduleReply(events: readonly ScheduleEvent[]): ScheduleReply {
  for (let i = events.length - 1; i >= 0; i--) {
    // In bounds by the loop.
    const reply = replyIn(events[i]!);
    if (reply !== null) return reply;
  }
  throw new Error('no event of this turn answers anyone');
}

function replyIn(event: ScheduleEvent): ScheduleReply | null {
  switch (event.type) {
    case 'ScheduleOpened':
      return { type: 'schedule', schedule: { ...event.schedule, seatsTotal: seatsIn(event.sections) } };
    case 'SeatsHeld':
    case 'HoldCancelled':
    case 'HoldExpired':
      return { type: 'reservation', reservation: event.reservation };
    case 'ReservationPaid':
      return { type: 'payment', payment: event.payment };
    case 'PaymentStarted':
    case 'PaymentRefused':
      return null;
  }
}

export function scheduleView(
  state: ScheduleState,
  query: ScheduleQuery,
  atMs: number,
): ScheduleViews[keyof ScheduleViews] {
  const { open } = state;
  if (open === null) return null;
  switch (query.type) {
    case 'seats':
      return {
        schedule: open.facts,
        changes: open.seatMap.changes,
        seatsAvailable: open.seatMap.available,
        seatsTotal: open.layout.seatsTotal,
        layout: open.layout,
        statuses: open.seatMap.statuses,
      };
    case 'reservation':
      return reservationView(open, query.reservationId, query.userId, atMs);
  }
}

function reservationView(
  open: OpenedSchedule,
  reservationId: string,
  userId: string,
  atMs: number,
): ScheduleViews['reservation'] {
  const { reservations } = open;
  const ordinal = ownOrdinal(open, reservationId, userId);
  if (ordinal === null) return null;
  const status = reservations.isOverdue(ordinal, atMs) ? 'expired' : reservations.statusOf(ordinal);
  if (!reservations.isShrunk(ordinal)) {
    return { type: 'reservation', reservation: reservationOf(open, ordinal, status) };
  }
  if (status !== 'expired' && status !== 'cancelled') throw new Error(`${reservationId} is ${status} and shrunk`);
  return { type: 'shrunk-reservation', id: reservationId, status };
}

export function scheduleSummary(state: ScheduleState): (ScheduleSummary & JsonObject) | null {
  const { open } = state;
  if (open === null) return null;
  return { ...open.facts, seatsTotal: open.layout.seatsTotal, seatsAvailable: open.seatMap.available };
}
