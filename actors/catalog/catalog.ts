/**
 * The catalog: which concerts and dates there are, and which room covers which concert. Room `main` covers every
 * concert that no other room names, and lists none itself; a concert is in at most one other room.
 */
import type { ActorKind, Decision } from '../../engine/actor.ts';
import { accepted, rejected } from '../decision.ts';
import { asItIs, upcaster } from '../upcast.ts';
import type { AdmissionCommand } from '../admission/messages.ts';
import { seatsIn } from '../schedule/layout.ts';
import type { OpenSchedule, ScheduleFacts } from '../schedule/messages.ts';
import type {
  CatalogCode,
  CatalogCommand,
  CatalogEvent,
  CatalogProtocol,
  CatalogQuery,
  CatalogReply,
  CatalogViews,
  Concert,
} from './messages.ts';
import { compareIds, indexAfter, insertSorted } from './sorted-list.ts';

const mainRoom = 'main';

type ListedSchedule = ScheduleFacts & { readonly seatsTotal: number };
type RoomPut = Extract<CatalogEvent, { type: 'RoomPut' }>;
type Verdict = Decision<CatalogEvent, CatalogReply, CatalogCode>;

interface ListedConcert {
  readonly concert: Concert;
  readonly digest: string;
  /** In order of start, then id. */
  readonly schedules: ListedSchedule[];
}

export interface CatalogState {
  readonly concerts: Map<string, ListedConcert>;
  readonly schedules: Map<string, { readonly schedule: ListedSchedule; readonly digest: string }>;
  readonly rooms: Map<string, RoomPut>;
  /** Derived: concert ids in order. */
  readonly concertIds: string[];
  /** Derived: the room that names a concert. */
  readonly roomOf: Map<string, string>;
  /** The last moves of each concert that ever moved, oldest first. */
  readonly moves: Map<string, Move[]>;
}

/** Until `atMs` the concert was covered by `from`. */
interface Move {
  readonly atMs: number;
  readonly from: string;
}

/** Moves remembered for a concert: more than an operator makes while one session lives. */
const movesMax = 16;

/** The kind `catalog`; its one actor is `catalog:main`. It has no settings. */
export function createCatalog(): ActorKind<CatalogState, CatalogProtocol> {
  return {
    kind: 'catalog',
    staysInMemory: true,
    initial,
    decide,
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

function initial(): CatalogState {
  return {
    concerts: new Map(),
    schedules: new Map(),
    rooms: new Map(),
    concertIds: [],
    roomOf: new Map(),
    moves: new Map(),
  };
}

function decide(state: CatalogState, command: CatalogCommand, atMs: number): Verdict {
  switch (command.type) {
    case 'CreateConcert': {
      const { concert, digest } = command;
      const old = state.concerts.get(concert.id);
      if (old !== undefined) return rejected('already_exists', { ids: [concert.id], equal: old.digest === digest });
      return accepted([{ type: 'ConcertCreated', v: 1, concert, digest }]);
    }
    case 'CreateSchedule':
      return createSchedule(state, command);
    case 'PutRoom':
      return putRoom(state, command, atMs);
  }
}

/** The schedule opens in the same turn. */
function createSchedule(state: CatalogState, command: Extract<CatalogCommand, { type: 'CreateSchedule' }>): Verdict {
  const { schedule, sections, digest } = command;
  if (!state.concerts.has(schedule.concertId)) {
    return rejected('concert_not_found', { concertIds: [schedule.concertId] });
  }
  const old = state.schedules.get(schedule.id);
  if (old !== undefined) return rejected('already_exists', { ids: [schedule.id], equal: old.digest === digest });
  const { concertId, venue, startsAt, salesOpenAt, salesCloseAt } = schedule;
  const open: OpenSchedule = { type: 'OpenSchedule', concertId, venue, startsAt, salesOpenAt, salesCloseAt, sections };
  return accepted(
    [{ type: 'ScheduleCreated', v: 1, schedule, seatsTotal: seatsIn(sections), digest }],
    [{ type: 'tell', to: `schedule:${schedule.id}`, command: open }],
  );
}

/** The room's admission actor gets its policy in the same turn. */
function putRoom(state: CatalogState, command: Extract<CatalogCommand, { type: 'PutRoom' }>, atMs: number): Verdict {
  const { room, policy } = command;
  const named = [...new Set(command.concertIds ?? state.rooms.get(room)?.concertIds ?? [])];
  const unknown = named.filter((id) => !state.concerts.has(id));
  if (unknown.length > 0) return rejected('concert_not_found', { concertIds: unknown });
  const elsewhere = named.filter((id) => (state.roomOf.get(id) ?? room) !== room);
  if (elsewhere.length > 0) return rejected('already_exists', { ids: elsewhere, equal: false });
  // What `main` names here no other room names, so it covers that already and keeps no list.
  const concertIds = room === mainRoom ? [] : named;
  const setPolicy: AdmissionCommand = { type: 'SetPolicy', policy };
  return accepted(
    [{ type: 'RoomPut', v: 1, room, policy, concertIds, putAt: atMs }],
    [{ type: 'tell', to: `admission:${room}`, command: setPolicy }],
  );
}

function evolve(state: CatalogState, event: CatalogEvent): CatalogState {
  switch (event.type) {
    case 'ConcertCreated': {
      const { concert, digest } = event;
      state.concerts.set(concert.id, { concert, digest, schedules: [] });
      insertSorted(state.concertIds, concert.id, compareIds);
      return state;
    }
    case 'ScheduleCreated': {
      const schedule = { ...event.schedule, seatsTotal: event.seatsTotal };
      state.schedules.set(schedule.id, { schedule, digest: event.digest });
      const listed = state.concerts.get(schedule.concertId);
      if (listed === undefined) throw new Error(`schedule ${schedule.id} of unknown concert ${schedule.concertId}`);
      insertSorted(listed.schedules, schedule, compareByStart);
      return state;
    }
    case 'RoomPut': {
      const before = state.rooms.get(event.room)?.concertIds ?? [];
      const now = new Set(event.concertIds);
      for (const id of before) if (!now.has(id)) moveTo(state, id, mainRoom, event.putAt);
      for (const id of event.concertIds) moveTo(state, id, event.room, event.putAt);
      state.rooms.set(event.room, event);
      return state;
    }
  }
}

function moveTo(state: CatalogState, concertId: string, room: string, atMs: number): void {
  const from = state.roomOf.get(concertId) ?? mainRoom;
  if (from === room) return;
  if (room === mainRoom) state.roomOf.delete(concertId);
  else state.roomOf.set(concertId, room);
  const moves = state.moves.get(concertId) ?? [];
  state.moves.set(concertId, [...moves, { atMs, from }].slice(-movesMax));
}

function roomAt(state: CatalogState, concertId: string, atMs: number): string {
  const later = state.moves.get(concertId)?.find((move) => move.atMs > atMs);
  return later?.from ?? state.roomOf.get(concertId) ?? mainRoom;
}

function compareByStart(a: ScheduleFacts, b: ScheduleFacts): number {
  return a.startsAt - b.startsAt || compareIds(a.id, b.id);
}

function reply(events: readonly CatalogEvent[]): CatalogReply {
  const event = events[0];
  switch (event?.type) {
    case 'ConcertCreated':
      return { type: 'concert', concert: event.concert };
    case 'ScheduleCreated':
      return { type: 'schedule', schedule: event.schedule, seatsTotal: event.seatsTotal };
    case 'RoomPut':
      return { type: 'room', room: event.room, policy: event.policy, concertIds: event.concertIds };
    case undefined:
      throw new Error('every command of the catalog that is accepted makes an event');
  }
}

function view(state: CatalogState, query: CatalogQuery): CatalogViews[keyof CatalogViews] {
  switch (query.type) {
    case 'concert':
      return state.concerts.get(query.concertId)?.concert ?? null;
    case 'concerts':
      return concertsPage(state, query.after, query.limit);
    case 'schedules':
      // A copy: the list itself changes with the next date.
      return state.concerts.get(query.concertId)?.schedules.slice() ?? null;
    case 'schedule':
      return state.schedules.get(query.scheduleId)?.schedule ?? null;
    case 'rooms':
      return [...state.rooms.keys()];
    case 'room': {
      const put = state.rooms.get(query.room);
      return put === undefined ? null : { room: put.room, concertIds: put.concertIds };
    }
    case 'roomOf':
      return roomAt(state, query.concertId, query.atMs);
  }
}

function concertsPage(state: CatalogState, after: string | null, limit: number): Concert[] {
  const page: Concert[] = [];
  const first = after === null ? 0 : indexAfter(state.concertIds, after, compareIds);
  for (let i = first; i < state.concertIds.length && page.length < limit; i += 1) {
    const listed = state.concerts.get(state.concertIds[i] ?? '');
    if (listed !== undefined) page.push(listed.concert);
  }
  return page;
}

const upcast = upcaster<CatalogEvent>('catalog', {
  ConcertCreated: { 1: asItIs },
  ScheduleCreated: { 1: asItIs },
  RoomPut: { 1: asItIs },
});

/** The events that make concerts, dates and rooms again, in order, and the moves, which these do not tell. */
interface Image {
  readonly events: readonly CatalogEvent[];
  readonly moves: readonly (readonly [concertId: string, moves: Move[]])[];
}

function encode(state: CatalogState): Uint8Array {
  const events: CatalogEvent[] = [];
  for (const { concert, digest } of state.concerts.values()) {
    events.push({ type: 'ConcertCreated', v: 1, concert, digest });
  }
  for (const { schedule, digest } of state.schedules.values()) {
    const { seatsTotal, ...facts } = schedule;
    events.push({ type: 'ScheduleCreated', v: 1, schedule: facts, seatsTotal, digest });
  }
  for (const room of state.rooms.values()) events.push(room);
  const image: Image = { events, moves: [...state.moves] };
  return new TextEncoder().encode(JSON.stringify(image));
}

function decode(_id: string, bytes: Uint8Array): CatalogState {
  // True: only `encode` makes these bytes, and the store verifies their checksum.
  const { events, moves } = JSON.parse(new TextDecoder().decode(bytes)) as Image;
  const state = events.reduce(evolve, initial());
  state.moves.clear();
  for (const [concertId, of] of moves) state.moves.set(concertId, of);
  return state;
}
