/** Holds end at their deadline: by the engine's `ExpireDue`, or for a rival who comes first. */
import type { Decision } from '../../engine/actor.ts';
import { accepted } from '../decision.ts';
import type { Rules } from '../rules.ts';
import type { HoldExpired, ScheduleCode, ScheduleEvent, ScheduleReply } from './messages.ts';
import { type OpenedSchedule, reservationOf, type ScheduleState } from './state.ts';

/** Work is proportional to what is due, and bounded; what is left over keeps its deadline and follows next turn. */
export function decideExpireDue(
  state: ScheduleState,
  atMs: number,
  rules: Rules,
): Decision<ScheduleEvent, ScheduleReply, ScheduleCode> {
  const { open } = state;
  if (open === null) return accepted([]);
  const ordinals = open.deadlines
    .due(atMs, rules.expiriesPerTurnMax)
    .map((slot) => open.reservations.ordinalAt(slot))
    .sort((a, b) => a - b);
  return accepted(ordinals.map((ordinal) => expiryOf(open, ordinal, atMs)));
}

export function expiryOf(open: OpenedSchedule, ordinal: number, atMs: number): HoldExpired {
  return { type: 'HoldExpired', v: 1, reservation: reservationOf(open, ordinal, 'expired'), expiredAt: atMs };
}
