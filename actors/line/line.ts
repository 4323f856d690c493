/**
 * The engine's own waiting line of one room. Places are drawn from 1 in order and never again; a user in line has one
 * place. People leave it by being settled (from the front) or by leaving; whoever is gone draws a new place.
 */
import type { ActorKind, Decision } from '../../engine/actor.ts';
import { accepted, rejected, unchanged } from '../decision.ts';
import type { Rules } from '../rules.ts';
import { asItIs, upcaster } from '../upcast.ts';
import type {
  LineCode,
  LineCommand,
  LineEvent,
  LineProtocol,
  LineQuery,
  LineReply,
  LineViews,
  PersonInLine,
} from './messages.ts';

/** Gaps may outnumber the people by this many before they are closed. */
const gapsMax = 1024;

export interface LineState {
  readonly room: string;
  epoch: string | null;
  lastPlace: number;
  readonly placeOf: Map<string, number>;
  /** Places in ascending order, and who stands there; null has gone. Everything before `front` has gone too. */
  places: number[];
  users: (string | null)[];
  front: number;
}

/** The kind `line`; an actor's id is its room. */
export function createLine(rules: Rules): ActorKind<LineState, LineProtocol> {
  return {
    kind: 'line',
    initial,
    decide: (state, command) => decide(state, command, rules),
    evolve,
    reply,
    view,
    nextDeadline: () => Infinity,
    openQuestions: () => [],
    summary: () => null,
    upcast,
    encode,
    decode,
  };
}

function initial(room: string): LineState {
  return { room, epoch: null, lastPlace: 0, placeOf: new Map(), places: [], users: [], front: 0 };
}

function decide(state: LineState, command: LineCommand, rules: Rules): Decision<LineEvent, LineReply, LineCode> {
  switch (command.type) {
    case 'StartLine':
      if (state.epoch !== null) return unchanged({ type: 'started', epoch: state.epoch });
      return accepted([{ type: 'LineStarted', v: 1, epoch: command.epoch }]);
    case 'JoinLine': {
      // A line that was not started has no place to give yet.
      if (state.epoch === null) return rejected('overloaded');
      const place = state.placeOf.get(command.userId);
      if (place !== undefined) return unchanged({ type: 'joined', epoch: state.epoch, place, existing: true });
      if (state.placeOf.size >= rules.engineLineMax) return rejected('overloaded', { limit: rules.engineLineMax });
      const { epoch, lastPlace } = state;
      return accepted([{ type: 'LineJoined', v: 1, epoch, userId: command.userId, place: lastPlace + 1 }]);
    }
    case 'LeaveLine':
      if (userAt(state, command.place) === null) return unchanged({ type: 'done' });
      return accepted([{ type: 'LineLeft', v: 1, place: command.place }]);
    case 'SettleLine': {
      const first = state.places[firstPerson(state)];
      if (first === undefined || first > command.through) return unchanged({ type: 'done' });
      return accepted([{ type: 'LineSettled', v: 1, through: command.through }]);
    }
  }
}

function evolve(state: LineState, event: LineEvent): LineState {
  switch (event.type) {
    case 'LineStarted':
      state.epoch = event.epoch;
      return state;
    case 'LineJoined':
      state.lastPlace = event.place;
      state.placeOf.set(event.userId, event.place);
      state.places.push(event.place);
      state.users.push(event.userId);
      return state;
    case 'LineLeft':
      forget(state, indexFrom(state, event.place));
      closeGaps(state);
      return state;
    case 'LineSettled':
      while (state.front < state.places.length && (state.places[state.front] ?? 0) <= event.through) {
        forget(state, state.front);
        state.front += 1;
      }
      closeGaps(state);
      return state;
  }
}

function forget(state: LineState, index: number): void {
  const user = state.users[index];
  if (user === null || user === undefined) return;
  state.placeOf.delete(user);
  state.users[index] = null;
}

/** Drops the gaps once they outnumber the people, so that memory follows the line and the cost stays constant a person. */
function closeGaps(state: LineState): void {
  const people = state.placeOf.size;
  if (state.places.length <= 2 * people + gapsMax) return;
  const places: number[] = [];
  const users: string[] = [];
  for (let i = state.front; i < state.places.length; i += 1) {
    const place = state.places[i];
    const user = state.users[i];
    if (place === undefined || user === undefined || user === null) continue;
    places.push(place);
    users.push(user);
  }
  state.places = places;
  state.users = users;
  state.front = 0;
}

/** Index of the first entry at or above `place`. */
function indexFrom(state: LineState, place: number): number {
  let low = state.front;
  let high = state.places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((state.places[middle] ?? Infinity) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

function userAt(state: LineState, place: number): string | null {
  const index = indexFrom(state, place);
  return state.places[index] === place ? (state.users[index] ?? null) : null;
}

function firstPerson(state: LineState): number {
  let index = state.front;
  while (state.users[index] === null) index += 1;
  return index;
}

function reply(events: readonly LineEvent[]): LineReply {
  const event = events[0];
  switch (event?.type) {
    case 'LineStarted':
      return { type: 'started', epoch: event.epoch };
    case 'LineJoined':
      return { type: 'joined', epoch: event.epoch, place: event.place, existing: false };
    case 'LineLeft':
    case 'LineSettled':
    case undefined:
      return { type: 'done' };
  }
}

function view(state: LineState, query: LineQuery): LineViews[keyof LineViews] {
  switch (query.type) {
    case 'next': {
      const people: PersonInLine[] = [];
      for (let i = indexFrom(state, query.after + 1); i < state.places.length && people.length < query.count; i += 1) {
        const place = state.places[i];
        const userId = state.users[i];
        if (place !== undefined && userId !== undefined && userId !== null) people.push({ place, userId });
      }
      return people;
    }
    case 'place':
      return state.placeOf.get(query.userId) ?? null;
    case 'counts':
      return { epoch: state.epoch, waiting: state.placeOf.size, lastPlace: state.lastPlace };
  }
}

const upcast = upcaster<LineEvent>('line', {
  LineStarted: { 1: asItIs },
  LineJoined: { 1: asItIs },
  LineLeft: { 1: asItIs },
  LineSettled: { 1: asItIs },
});

interface LineImage {
  readonly epoch: string | null;
  readonly lastPlace: number;
  readonly places: readonly number[];
  readonly users: readonly string[];
}

/** The people in order and nothing of the gaps between them: same line, same bytes. */
function encode(state: LineState): Uint8Array {
  const people = Array.from(state.placeOf, ([user, place]) => ({ user, place }));
  const image: LineImage = {
    epoch: state.epoch,
    lastPlace: state.lastPlace,
    places: people.map((person) => person.place),
    users: people.map((person) => person.user),
  };
  return new TextEncoder().encode(JSON.stringify(image));
}

function decode(room: string, bytes: Uint8Array): LineState {
  // True: only `encode` makes these bytes, and the store verifies their checksum.
  const image = JSON.parse(new TextDecoder().decode(bytes)) as LineImage;
  const placeOf = new Map<string, number>();
  image.users.forEach((user, i) => placeOf.set(user, image.places[i] ?? 0));
  return {
    room,
    epoch: image.epoch,
    lastPlace: image.lastPlace,
    placeOf,
    places: [...image.places],
    users: [...image.users],
    front: 0,
  };
}
