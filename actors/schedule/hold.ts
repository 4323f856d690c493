/** Holding seats. From top to bottom: the rules in their order, then what must succeed. */
import type { Decision } from '../../engine/actor.ts';
import { accepted, rejected } from '../decision.ts';
import type { Rules } from '../rules.ts';
import { expiryOf } from './expire.ts';
import { reservationIdOf } from './ids.ts';
import type { HoldSeats, ScheduleCode, ScheduleEvent, ScheduleReply } from './messages.ts';
import { seatAvailable } from './seat-map.ts';
import { type OpenedSchedule, type ScheduleState, seatsAt, totalPriceOf } from './state.ts';

export function decideHold(
  state: ScheduleState,
  command: HoldSeats,
  atMs: number,
  rules: Rules,
): Decision<ScheduleEvent, ScheduleReply, ScheduleCode> {
  const { open } = state;
  const { userId, seatIds } = command;
  if (open === null) return rejected('schedule_not_found');

  const { facts, layout, seatMap, reservations } = open;
  if (atMs < facts.salesOpenAt || atMs >= facts.salesCloseAt) {
    return rejected('sales_closed', { salesOpenAt: facts.salesOpenAt, salesCloseAt: facts.salesCloseAt });
  }

  const indexes = seatIds.map((seatId) => layout.indexOf(seatId));
  if (indexes.includes(-1)) {
    return rejected('seat_not_found', { seatIds: seatIds.filter((_, i) => indexes[i] === -1) });
  }

  if (indexes.length > rules.seatsPerReservationMax) {
    return rejected('seat_limit_exceeded', { limit: rules.seatsPerReservationMax });
  }
  if (reservations.wouldExceed(userId, indexes.length, rules.seatsPerUserMax, atMs)) {
    return rejected('seat_limit_exceeded', { limit: rules.seatsPerUserMax });
  }

  let taken: string[] | null = null;
  let overdue: number[] | null = null;
  for (let i = 0; i < indexes.length; i++) {
    // In bounds: `indexes` comes from the layout, and is as long as `seatIds`.
    const index = indexes[i]!;
    if (seatMap.statuses[index] === seatAvailable) continue;
    const owner = seatMap.owners[index]!;
    if (!reservations.isOverdue(owner, atMs)) (taken ??= []).push(seatIds[i]!);
    else if (overdue === null) overdue = [owner];
    else if (!overdue.includes(owner)) overdue.push(owner);
  }
  if (taken !== null) return rejected('seat_unavailable', { seatIds: taken });

  // From here on the hold succeeds. Old holds past their deadline make way first, whole.
  const held = seatsHeld(open, userId, indexes, atMs, rules.holdTtlMs);
  if (overdue === null) return accepted([held]);
  const events: ScheduleEvent[] = overdue.map((ordinal) => expiryOf(open, ordinal, atMs));
  events.push(held);
  return accepted(events);
}

function seatsHeld(
  open: OpenedSchedule,
  userId: string,
  indexes: number[],
  atMs: number,
  holdTtlMs: number,
): ScheduleEvent {
  sortDistinct(indexes);
  const seats = seatsAt(open.layout, indexes);
  return {
    type: 'SeatsHeld',
    v: 1,
    reservation: {
      id: reservationIdOf(open.facts.id, open.reservations.count + 1),
      scheduleId: open.facts.id,
      concertId: open.facts.concertId,
      userId,
      status: 'held',
      seats,
      totalPrice: totalPriceOf(seats),
      heldAt: atMs,
      expiresAt: atMs + holdTtlMs,
      paidAt: null,
    },
  };
}

/** Into layout order. The doors refuse repeated and missing seats, so here they are a bug. */
function sortDistinct(indexes: number[]): void {
  if (indexes.length === 0) throw new Error('a hold names at least one seat');
  if (indexes.length === 1) return;
  indexes.sort((a, b) => a - b);
  for (let i = 1; i < indexes.length; i++) {
    if (indexes[i] === indexes[i - 1]) throw new Error('a hold names each seat once');
  }
}
