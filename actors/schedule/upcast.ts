/** Lifts journaled events to their newest version. A table, so that a new event or version cannot be forgotten. */
import type { Event } from '../../engine/actor.ts';
import type { ScheduleEvent } from './messages.ts';

/** How to lift each event, by the version that it was written in. */
const lifts = {
  ScheduleOpened: { 1: asItIs },
  SeatsHeld: { 1: asItIs },
  HoldCancelled: { 1: asItIs },
  HoldExpired: { 1: asItIs },
  PaymentStarted: { 1: asItIs },
  PaymentRefused: { 1: asItIs },
  ReservationPaid: { 1: asItIs },
} satisfies Record<ScheduleEvent['type'], Readonly<Record<number, (event: Event) => ScheduleEvent>>>;

const liftsByName: Readonly<Record<string, Readonly<Record<number, (event: Event) => ScheduleEvent>>>> = lifts;

export function upcastSchedule(event: Event): ScheduleEvent {
  const lift = Object.hasOwn(liftsByName, event.type) ? liftsByName[event.type]?.[event.v] : undefined;
  if (lift === undefined) throw new Error(`a schedule knows no event ${event.type} of version ${event.v}`);
  return lift(event);
}

function asItIs(event: Event): ScheduleEvent {
  // The table has matched name and newest version, and only this kind's `decide` writes under this kind's address.
  return event as ScheduleEvent;
}
