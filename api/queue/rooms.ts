/** The waiting rooms of this engine: each known to the catalog, each with its line and its driver. */
import type { Address, JsonObject } from '../../engine/actor.ts';
import type { LineKind, RoomPolicy } from '../../actors/admission/messages.ts';
import { limits } from '../limits.ts';
import type { OnsaleEngine } from '../protocols.ts';
import type { Timers } from '../timers.ts';
import { AdmissionDriver } from './admission-driver.ts';
import type { RoomLines, WaitingLine } from './waiting-line.ts';

/** Covers every concert that no other room names. */
export const mainRoom = 'main';

/** What `main` starts with; an operator changes it live. */
const defaultPolicy: RoomPolicy = {
  admitPerSecond: 100,
  maxActive: 3_000,
  sessionSeconds: 300,
  maxSessionSeconds: 1_800,
};

export interface Room {
  readonly name: string;
  /** Oldest first; both may change, so whoever needs a line twice keeps it. */
  readonly lines: readonly WaitingLine[];
  /** The line that people join now. */
  readonly line: WaitingLine;
  /** Whether people of this line are let in now. */
  serves(epoch: string): boolean;
  /** Where a user stands in a line that is only drained any more. */
  standing(userId: string): { readonly epoch: string; readonly place: number } | null;
  readonly driver: AdmissionDriver;
}

export interface RoomReport {
  readonly room: string;
  readonly policy: RoomPolicy;
  readonly concertIds: readonly string[];
  readonly waiting: number;
  readonly active: number;
  /** Both since the room was made. */
  readonly admitted: number;
  readonly expired: number;
}

export interface RoomRefusal {
  readonly type: 'rejected';
  readonly code: 'concert_not_found' | 'already_exists' | 'overloaded' | 'queue_unavailable' | 'draining';
  readonly details: JsonObject;
}

export interface RoomsOptions {
  readonly engine: OnsaleEngine;
  /**
   * Opens the lines of a room. The admission actor is told here of those that there are then, by the lines themselves of
   * those that come later. `wake`: somebody came into a line without this process.
   */
  readonly openLines: (room: string, wake: () => void) => Promise<RoomLines>;
  readonly timers: Timers;
  readonly onError: (error: unknown) => void;
}

class OpenRoom implements Room {
  readonly name: string;
  readonly driver: AdmissionDriver;
  readonly #lines: RoomLines;

  constructor(name: string, lines: RoomLines, driver: AdmissionDriver) {
    this.name = name;
    this.driver = driver;
    this.#lines = lines;
  }

  get lines(): readonly WaitingLine[] {
    return this.#lines.all();
  }

  get line(): WaitingLine {
    return this.#lines.current();
  }

  serves(epoch: string): boolean {
    return this.#lines.serves(epoch);
  }

  standing(userId: string): { readonly epoch: string; readonly place: number } | null {
    return this.#lines.standing(userId);
  }

  get joinable(): boolean {
    return this.#lines.joinable;
  }

  waiting(): number {
    return this.#lines.waiting();
  }

  async stop(): Promise<void> {
    await this.driver.stop();
    await this.#lines.stop();
  }
}

export class Rooms {
  readonly #options: RoomsOptions;
  readonly #rooms = new Map<string, OpenRoom>();
  readonly #opening = new Map<string, Promise<void>>();
  #started = false;
  #stopped = false;

  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  /** Makes `main` in a new catalog, and opens the lines of all rooms. Rejects when one cannot be opened. */
  async open(): Promise<void> {
    if (!this.names().includes(mainRoom)) {
      const put = await this.#putRoom(mainRoom, defaultPolicy, null);
      if (put.type === 'rejected') throw new Error(`room ${mainRoom} could not be made: ${put.code}`);
    }
    await Promise.all(this.names().map((room) => this.#open(room)));
  }

  /**
   * Lets people in from now on, once everything else is there: whoever comes in has a session that runs. Resolves after
   * the first pass of each room; never rejects.
   */
  async start(): Promise<void> {
    this.#started = true;
    await Promise.all(Array.from(this.#rooms.values(), ({ driver }) => driver.start()));
  }

  /** Waits for the passes under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#opening.values());
    await Promise.all(Array.from(this.#rooms.values(), (room) => room.stop()));
  }

  find(room: string): Room | undefined {
    return this.#rooms.get(room);
  }

  /** All rooms of the catalog, in order of making. */
  names(): readonly string[] {
    return this.#options.engine.view<'catalog', 'rooms'>('catalog:main', { type: 'rooms' });
  }

  /** Makes or changes a room; settled when the policy is durable and a new room's line is open. */
  async put(
    room: string,
    policy: RoomPolicy,
    concertIds: readonly string[] | null,
  ): Promise<{ readonly type: 'put' } | RoomRefusal> {
    const names = this.names();
    if (names.length >= limits.roomsMax && !names.includes(room)) {
      return { type: 'rejected', code: 'overloaded', details: { limit: limits.roomsMax } };
    }
    const put = await this.#putRoom(room, policy, concertIds);
    if (put.type === 'rejected') return put;
    try {
      await this.#open(room);
    } catch (error) {
      this.#options.onError(error);
      return { type: 'rejected', code: 'queue_unavailable', details: {} };
    }
    this.poke(room);
    return { type: 'put' };
  }

  /** For operators; null for a room that was never made. `waiting` is about right at any instant. */
  report(room: string): RoomReport | null {
    const { engine } = this.#options;
    const put = engine.view<'catalog', 'room'>('catalog:main', { type: 'room', room });
    const seen = engine.view<'admission', 'room'>(`admission:${room}`, { type: 'room' });
    if (put === null || seen === null) return null;
    const { policy, active, admitted, expired } = seen;
    const inEngine = engine.view<'line', 'counts'>(`line:${room}`, { type: 'counts' }).waiting;
    const waiting = inEngine + (this.#rooms.get(room)?.waiting() ?? 0);
    return { room, policy, concertIds: put.concertIds, waiting, active, admitted, expired };
  }

  /** What readiness names: `queue` while there is a room that nobody can join. */
  degraded(): readonly string[] {
    return Array.from(this.#rooms.values()).every(({ joinable }) => joinable) ? [] : ['queue'];
  }

  /** Whether a room's driver holds back because the engine has too much to do. */
  paused(room: string): boolean {
    return this.#rooms.get(room)?.driver.paused ?? false;
  }

  /** There may be room: someone left, paid, or the policy changed. */
  poke(room: string): void {
    void this.#rooms.get(room)?.driver.poke();
  }

  /** For the engine's hook `onChanged`; any other actor is ignored. Cheap. */
  onChanged(actor: Address): void {
    if (actor.startsWith('admission:')) this.#rooms.get(actor.slice('admission:'.length))?.driver.sessionsChanged();
  }

  async #putRoom(
    room: string,
    policy: RoomPolicy,
    concertIds: readonly string[] | null,
  ): Promise<{ readonly type: 'put' } | RoomRefusal> {
    const outcome = await this.#options.engine.ask<'catalog'>('catalog:main', {
      type: 'PutRoom',
      room,
      policy,
      concertIds,
    });
    if (outcome.type === 'accepted') return { type: 'put' };
    const { code, details } = outcome;
    if (code === 'concert_not_found' || code === 'already_exists' || code === 'overloaded' || code === 'draining') {
      return { type: 'rejected', code, details };
    }
    throw new Error(`the catalog refused a room: ${code}`);
  }

  /** Opens a room once, however often and at the same time it is asked for. */
  #open(room: string): Promise<void> {
    const opening = this.#opening.get(room) ?? this.#openNow(room).finally(() => this.#opening.delete(room));
    this.#opening.set(room, opening);
    return opening;
  }

  async #openNow(name: string): Promise<void> {
    if (this.#stopped || this.#rooms.has(name)) return;
    const { engine, openLines, timers, onError } = this.#options;
    const lines = await openLines(name, () => this.poke(name));
    for (const { epoch, kind } of lines.all()) await this.#openLine(name, epoch, kind);
    const driver = new AdmissionDriver({ engine, room: name, lines: () => lines.all(), timers, onError });
    this.#rooms.set(name, new OpenRoom(name, lines, driver));
    if (this.#started) await driver.start();
  }

  async #openLine(room: string, epoch: string, line: LineKind): Promise<void> {
    const command = { type: 'OpenLine', epoch, line } as const;
    const outcome = await this.#options.engine.ask<'admission'>(`admission:${room}`, command, { internal: true });
    if (outcome.type === 'rejected') throw new Error(`room ${room} refused its line: ${outcome.code}`);
  }
}
