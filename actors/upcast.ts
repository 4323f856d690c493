/** Lifts journaled events to their newest version. A table a kind, so that a new event or version cannot be forgotten. */
import type { Event } from '../engine/actor.ts';

/** How to lift one event, by the version that it was written in. */
type Lifts = Readonly<Record<number, (event: Event) => Event>>;

/** Throws on an event or a version that the table does not have: a newer program has written it. */
export function upcaster<E extends Event>(
  kind: string,
  table: Readonly<Record<E['type'], Lifts>>,
): (event: Event) => E {
  const lifts = new Map<string, Lifts>(Object.entries(table));
  return (event) => {
    const lift = lifts.get(event.type)?.[event.v];
    if (lift === undefined) throw new Error(`a ${kind} knows no event ${event.type} of version ${event.v}`);
    // The table has matched name and version, and only a kind's own `decide` writes under its address.
    return lift(event) as E;
  };
}

/** For the newest version. */
export function asItIs(event: Event): Event {
  return event;
}
