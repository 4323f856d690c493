/**
 * The queue's desk, shared by the doors: joining, asking how far one is, leaving. It knows neither HTTP nor NATS.
 * A place in line is durable before it is told; how far one is, is advice and may run a batch ahead of the disk.
 */
import { chain, type Awaitable } from '../chain.ts';
import type { PlaceInLine, RoomView, Session, TokenStatus } from '../../actors/admission/messages.ts';
import type { OnsaleEngine } from '../protocols.ts';
import type { Timers } from '../timers.ts';
import type { QueueTokens } from './queue-token.ts';
import type { Room, Rooms } from './rooms.ts';
import type { LineRefusal, WaitingLine } from './waiting-line.ts';

/** How often a place found in line, but dealt with, is given up for a new one before the line counts as unavailable. */
const joinTriesMax = 3;
/** How long a join may wait for being let in at once, ms; after that it is told that it waits. */
const admissionWaitMaxMs = 500;
const pollAfterSecondsMax = 20;

/** Where a token stands. Times in ms since the epoch. */
export interface QueueStatus {
  readonly status: 'waiting' | 'active' | 'expired';
  /** People ahead plus one, at most; 0 when active, null when expired. */
  readonly position: number | null;
  /** Null when it cannot be known: the room is paused, or the token expired. */
  readonly etaSeconds: number | null;
  /** When the session ends; null unless active. */
  readonly expiresAt: number | null;
  /** 1 to 20, growing with the distance. */
  readonly pollAfterSeconds: number;
}

export interface QueueRefusal {
  readonly type: 'rejected';
  readonly code: 'room_not_found' | LineRefusal;
  readonly details: Record<string, never>;
}

export interface JoinedQueue {
  readonly type: 'joined';
  readonly token: string;
  readonly place: PlaceInLine;
  /** The user had this place already: 200 instead of 201. */
  readonly existing: boolean;
}

export interface QueueDesk {
  /** The user's one token of this room; active at once where there is room and nobody ahead. */
  join(room: string, userId: string): Promise<JoinedQueue | QueueRefusal>;
  /** May run a batch ahead of the disk: advice, for whoever waits. */
  status(place: PlaceInLine): QueueStatus;
  /** The same once it may be told: the events that began or ended the session are on disk (invariant 3). */
  durableStatus(place: PlaceInLine): Awaitable<QueueStatus>;
  /** Leaves the line or ends the session, durably; again: again `left`. */
  leave(place: PlaceInLine): Promise<{ readonly type: 'left' } | QueueRefusal>;
}

export interface DeskOptions {
  readonly engine: OnsaleEngine;
  readonly tokens: QueueTokens;
  readonly rooms: Pick<Rooms, 'find'>;
  readonly timers: Timers;
  readonly onError: (error: unknown) => void;
}

export function createQueueDesk(options: DeskOptions): QueueDesk {
  return new Desk(options);
}

class Desk implements QueueDesk {
  readonly #engine: OnsaleEngine;
  readonly #tokens: QueueTokens;
  readonly #rooms: DeskOptions['rooms'];
  readonly #timers: Timers;
  readonly #onError: (error: unknown) => void;

  constructor({ engine, tokens, rooms, timers, onError }: DeskOptions) {
    this.#engine = engine;
    this.#tokens = tokens;
    this.#rooms = rooms;
    this.#timers = timers;
    this.#onError = onError;
  }

  async join(room: string, userId: string): Promise<JoinedQueue | QueueRefusal> {
    try {
      return await this.#join(room, userId);
    } catch (error) {
      this.#onError(error);
      return rejected('queue_unavailable');
    }
  }

  status(place: PlaceInLine): QueueStatus {
    const token = this.#tokenOf(place);
    switch (token.status) {
      case 'active':
        return { status: 'active', position: 0, etaSeconds: 0, expiresAt: token.expiresAt, pollAfterSeconds: 1 };
      case 'expired':
        return { status: 'expired', position: null, etaSeconds: null, expiresAt: null, pollAfterSeconds: 1 };
      case 'waiting': {
        const position = token.position + this.#olderAhead(place);
        const room = this.#servingRoom(place);
        const etaSeconds = room === null ? null : etaOf(position, room);
        const soonest = room === null ? null : soonestOf(position, room);
        const pollAfterSeconds = pollAfter(position, soonest ?? etaSeconds);
        return { status: 'waiting', position, etaSeconds, expiresAt: null, pollAfterSeconds };
      }
    }
  }

  durableStatus(place: PlaceInLine): Awaitable<QueueStatus> {
    const seen = this.status(place);
    if (seen.status === 'waiting') return seen;
    return chain(this.#durableTokenOf(place), () => seen);
  }

  async leave(place: PlaceInLine): Promise<{ readonly type: 'left' } | QueueRefusal> {
    const left = await this.#engine.ask<'admission'>(`admission:${place.room}`, { type: 'Leave', session: place });
    if (left.type === 'rejected') {
      if (left.code === 'overloaded' || left.code === 'draining') return rejected(left.code);
      throw new Error(`room ${place.room} refused a leave: ${left.code}`);
    }
    const room = this.#rooms.find(place.room);
    const line = room?.lines.find((known) => known.epoch === place.epoch);
    try {
      await line?.leave(place.place);
    } catch (error) {
      // The place has left, durably, and is skipped; the line forgets it at the latest when it is settled.
      this.#onError(error);
    }
    void room?.driver.poke();
    return { type: 'left' };
  }

  async #join(roomName: string, userId: string): Promise<JoinedQueue | QueueRefusal> {
    const room = this.#rooms.find(roomName);
    if (room === undefined) return rejected('room_not_found');
    const inside = await this.#sessionOf(roomName, userId);
    if (inside !== null) return this.#joined(roomName, inside, true);
    const before = room.standing(userId);
    if (before !== null && this.#tokenOf({ room: roomName, userId, ...before }).status === 'waiting') {
      return this.#joined(roomName, { userId, ...before }, true);
    }
    for (let tries = 0; tries < joinTriesMax; tries += 1) {
      const settled = await this.#drawPlace(room, userId);
      if (settled !== null) return settled;
    }
    return rejected('queue_unavailable');
  }

  /** One try to get a place in the room's line; null when the place found there is dealt with and worth nothing. */
  async #drawPlace(room: Room, userId: string): Promise<JoinedQueue | QueueRefusal | null> {
    const { line } = room;
    const drawn = await line.join(userId);
    if (drawn.type === 'refused') return rejected(drawn.code);
    const place = { room: room.name, epoch: line.epoch, place: drawn.place, userId };
    const session = await this.#sessionOf(room.name, userId);
    if (session !== null) {
      // Let in while joining: that session's token is the user's one token, and a place drawn beside it is given up.
      const own = session.place === place.place && session.epoch === place.epoch;
      if (!own) await this.#giveUp(line, place);
      return this.#joined(room.name, session, !own || drawn.existing);
    }
    if (this.#tokenOf(place).status === 'waiting') {
      await this.#letIn(room, place);
      return this.#joined(room.name, place, drawn.existing);
    }
    // Left, or dealt with, and not inside: once that is certain the place makes way for a new one.
    const durable = await this.#durableTokenOf(place);
    if (durable.status !== 'expired') return this.#joined(room.name, place, drawn.existing);
    await line.leave(place.place);
    return null;
  }

  /** The user's session, once it is durable: with it the place that its token names is durable too. */
  async #sessionOf(room: string, userId: string): Promise<Session | null> {
    const query = { type: 'session', userId } as const;
    if (this.#engine.view<'admission', 'session'>(`admission:${room}`, query) === null) return null;
    return this.#engine.viewDurable<'admission', 'session'>(`admission:${room}`, query);
  }

  #tokenOf(place: PlaceInLine): TokenStatus {
    return this.#engine.view<'admission', 'token'>(`admission:${place.room}`, { type: 'token', session: place });
  }

  /** People in the engine's own line, which is drained before any other. */
  #olderAhead({ room, epoch }: PlaceInLine): number {
    const counts = this.#engine.view<'line', 'counts'>(`line:${room}`, { type: 'counts' });
    return counts.epoch === epoch ? 0 : counts.waiting;
  }

  /** Null where nobody of this line is let in: its stream is away. */
  #servingRoom({ room, epoch }: PlaceInLine): RoomView | null {
    if (this.#rooms.find(room)?.serves(epoch) !== true) return null;
    return this.#engine.view<'admission', 'room'>(`admission:${room}`, { type: 'room' });
  }

  #durableTokenOf(place: PlaceInLine): Awaitable<TokenStatus> {
    return this.#engine.viewDurable<'admission', 'token'>(`admission:${place.room}`, { type: 'token', session: place });
  }

  #joined(room: string, at: Pick<Session, 'epoch' | 'place' | 'userId'>, existing: boolean): JoinedQueue {
    const place = { room, epoch: at.epoch, place: at.place, userId: at.userId };
    return { type: 'joined', token: this.#tokens.sign(place), place, existing };
  }

  /**
   * A place that was drawn beside a session. Its leaving is journaled before the line forgets it: the session may end
   * meanwhile, and another join of the same user must not be told a place that is about to go.
   */
  async #giveUp(line: WaitingLine, place: PlaceInLine): Promise<void> {
    const left = await this.#engine.ask<'admission'>(`admission:${place.room}`, { type: 'Leave', session: place });
    if (left.type === 'rejected') throw new Error(`room ${place.room} refused to forget a place: ${left.code}`);
    await line.leave(place.place);
  }

  /** Lets the driver run when this place can be let in right now; waits for it, but not for ever. */
  async #letIn(room: Room, place: PlaceInLine): Promise<void> {
    const pass = room.driver.poke();
    const status = this.#tokenOf(place);
    const { now } = this.#engine.view<'admission', 'capacity'>(`admission:${room.name}`, { type: 'capacity' });
    if (status.status !== 'waiting' || status.position + this.#olderAhead(place) > now) return;
    let timer: unknown;
    const enough = new Promise<void>((resolve) => {
      timer = this.#timers.set(resolve, admissionWaitMaxMs);
    });
    await Promise.race([pass, enough]);
    this.#timers.clear(timer);
  }
}

function rejected(code: QueueRefusal['code']): QueueRefusal {
  return { type: 'rejected', code, details: {} };
}

/**
 * Seconds until the person at `position` is let in, at the pace of the last minute; where nobody was let in meanwhile, at
 * the policy's. Null when nobody is let in at all, or when the room is full and has been for that minute: who leaves when
 * is not known.
 */
export function etaOf(position: number, room: RoomView): number | null {
  const { admitPerSecond, maxActive } = room.policy;
  if (admitPerSecond === 0 || maxActive === 0) return null;
  if (room.admittedLastMinute > 0)
    return Math.ceil((position * room.admittedOverMs) / (1000 * room.admittedLastMinute));
  return room.active >= maxActive ? null : Math.ceil(position / admitPerSecond);
}

/**
 * How soon it could be at the policy's rate, seconds, where there is room for everyone up to this position: a minute in which
 * hardly anybody came says nothing of a crowd that comes now. Null where there is not.
 */
export function soonestOf(position: number, room: RoomView): number | null {
  const eta = etaOf(position, room);
  if (eta === null || room.active + position > room.policy.maxActive) return null;
  return Math.min(eta, Math.ceil(position / room.policy.admitPerSecond));
}

/** A quarter of the wait that is left at least; where that is unknown, of the people ahead. */
export function pollAfter(position: number, waitSeconds: number | null): number {
  return Math.min(pollAfterSecondsMax, Math.max(1, Math.ceil((waitSeconds ?? position) / 4)));
}
