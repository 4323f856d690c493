/**
 * The actor of one concert date: it owns the seat map and serialises every hold, payment, cancellation and expiry.
 * `hold.ts`, `pay.ts`, `cancel.ts` and `expire.ts` judge; `evolve.ts` changes; `reading.ts` answers.
 */
import type { ActorKind, Decision } from '../../engine/actor.ts';
import { accepted, rejected } from '../decision.ts';
import type { Rules } from '../rules.ts';
import { asItIs, upcaster } from '../upcast.ts';
import { decideCancel } from './cancel.ts';
import { decodeSchedule, encodeSchedule } from './encoding.ts';
import { evolveSchedule } from './evolve.ts';
import { decideExpireDue } from './expire.ts';
import { decideHold } from './hold.ts';
import { createLayouts } from './layout.ts';
import type {
  OpenSchedule,
  ScheduleCode,
  ScheduleCommand,
  ScheduleEvent,
  ScheduleProtocol,
  ScheduleReply,
} from './messages.ts';
import { decideAnswered, decidePay, openDebits } from './pay.ts';
import { scheduleReply, scheduleSummary, scheduleView } from './reading.ts';
import type { ScheduleState } from './state.ts';

/** Each created kind shares layouts among its own schedules, and nothing with any other. */
export function createSchedule(rules: Rules): ActorKind<ScheduleState, ScheduleProtocol> {
  const layoutOf = createLayouts();
  return {
    kind: 'schedule',
    initial: (id) => ({ id, open: null }),
    decide: (state, command, atMs) => decide(state, command, atMs, rules),
    evolve: (state, event) => evolveSchedule(state, event, layoutOf, rules),
    reply: scheduleReply,
    view: scheduleView,
    nextDeadline: (state) => (state.open === null ? Infinity : state.open.deadlines.earliest()),
    openQuestions: (state) => (state.open === null ? [] : openDebits(state.open)),
    summary: scheduleSummary,
    upcast,
    encode: encodeSchedule,
    decode: (id, bytes) => decodeSchedule(id, bytes, layoutOf),
  };
}

function decide(
  state: ScheduleState,
  command: ScheduleCommand,
  atMs: number,
  rules: Rules,
): Decision<ScheduleEvent, ScheduleReply, ScheduleCode> {
  switch (command.type) {
    case 'OpenSchedule':
      return decideOpen(state, command);
    case 'HoldSeats':
      return decideHold(state, command, atMs, rules);
    case 'CancelHold':
      return decideCancel(state, command, atMs);
    case 'PayReservation':
      return decidePay(state, command, atMs);
    case 'ExpireDue':
      return decideExpireDue(state, atMs, rules);
    case 'QuestionAnswered':
      return decideAnswered(state, command, atMs);
  }
}

function decideOpen(state: ScheduleState, command: OpenSchedule): Decision<ScheduleEvent, ScheduleReply, ScheduleCode> {
  if (state.open !== null) return rejected('already_exists', { ids: [state.id] });
  const { concertId, venue, startsAt, salesOpenAt, salesCloseAt, sections } = command;
  const schedule = { id: state.id, concertId, venue, startsAt, salesOpenAt, salesCloseAt };
  return accepted([{ type: 'ScheduleOpened', v: 1, schedule, sections }]);
}

const upcast = upcaster<ScheduleEvent>('schedule', {
  ScheduleOpened: { 1: asItIs },
  SeatsHeld: { 1: asItIs },
  HoldCancelled: { 1: asItIs },
  HoldExpired: { 1: asItIs },
  PaymentStarted: { 1: asItIs },
  PaymentRefused: { 1: asItIs },
  ReservationPaid: { 1: asItIs },
});
