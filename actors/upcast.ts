/** Lifts journaled events to their newest version. A table a kind, so that a new event or version cannot be forgotten. */
import type { Event } from '../engine/actor.ts';

/** How to lift one event, by the version that it was written in. */
type Lifts<E> = Readonly<Record<number, (event: Event) => E>>;

/** Throws on an event or a version that the table does not have: a newer program has written it. */
export function upcaster<E extends Event>(kind: string, table: Readonly<Record<E['type'], Lifts<E>>>) {
  const lifts = new Map<string, Lifts<E>>(Object.entries(table));
  return function upcast(event: Event): E {
    const lift = lifts.get(event.type)?.[event.v];
    if (lift === undefined) throw new Error(`a ${kind} knows no event ${event.type} of version ${event.v}`);
    return lift(event);
  };
}

/** For the newest version. */
export function asItIs<E extends Event>(event: Event): E {
  // The table has matched name and newest version, and only a kind's own `decide` writes under its address.
  return event as E;
}
