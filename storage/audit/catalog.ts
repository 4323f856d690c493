/** Concerts, dates and rooms: each made once, each date of a concert that there is, each concert in one room. */
import { isDeepStrictEqual } from 'node:util';
import type { CatalogEvent } from '../../actors/catalog/messages.ts';
import type { ScheduleFacts } from '../../actors/schedule/messages.ts';
import type { Findings } from './findings.ts';

/** Moves of a concert that a snapshot remembers; part of its format. */
const movesMax = 16;
const mainRoom = 'main';

type Created<Type extends CatalogEvent['type']> = Extract<CatalogEvent, { type: Type }>;

export interface Move {
  readonly atMs: number;
  readonly from: string;
}

export class CatalogAudit {
  readonly concerts = new Map<string, Created<'ConcertCreated'>>();
  readonly schedules = new Map<string, Created<'ScheduleCreated'>>();
  readonly rooms = new Map<string, Created<'RoomPut'>>();
  readonly moves = new Map<string, Move[]>();
  readonly #roomOf = new Map<string, string>();
  readonly #unopened = new Set<string>();
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  event(event: CatalogEvent, atMs: number): void {
    switch (event.type) {
      case 'ConcertCreated':
        if (this.concerts.has(event.concert.id)) this.#findings.add('concert-twice', event.concert.id);
        this.concerts.set(event.concert.id, event);
        return;
      case 'ScheduleCreated': {
        const { id, concertId } = event.schedule;
        if (this.schedules.has(id)) this.#findings.add('schedule-catalog', `${id} is created twice`);
        if (!this.concerts.has(concertId)) {
          this.#findings.add('schedule-catalog', `${id} is a date of ${concertId}, which there is not`);
        }
        this.schedules.set(id, event);
        this.#unopened.add(id);
        return;
      }
      case 'RoomPut':
        if (event.putAt !== atMs) this.#findings.add('event-time', `it says ${event.putAt}, its turn ${atMs}`);
        return this.#roomPut(event);
    }
  }

  /** A schedule opens itself with these facts. */
  opened(facts: ScheduleFacts, seatsTotal: number): void {
    const created = this.schedules.get(facts.id);
    this.#unopened.delete(facts.id);
    if (created === undefined) {
      this.#findings.add('schedule-catalog', `${facts.id} is opened, but the catalog has not created it`);
    } else if (!isDeepStrictEqual(created.schedule, facts) || created.seatsTotal !== seatsTotal) {
      const what = `${facts.id} opens as ${JSON.stringify(facts)} with ${seatsTotal} seats; created was `;
      this.#findings.add('schedule-catalog', `${what}${JSON.stringify(created.schedule)} with ${created.seatsTotal}`);
    }
  }

  finish(): void {
    for (const id of this.#unopened) {
      this.#findings.addAt('schedule-catalog', `schedule ${id}`, 'the catalog has created it, and it was never opened');
    }
  }

  #roomPut(event: Created<'RoomPut'>): void {
    const { room, concertIds, putAt } = event;
    for (const id of concertIds) {
      const elsewhere = this.#roomOf.get(id);
      if (!this.concerts.has(id)) this.#findings.add('room-concerts', `${room} names ${id}, which there is not`);
      if (elsewhere !== undefined && elsewhere !== room) {
        this.#findings.add('room-concerts', `${room} names ${id}, which ${elsewhere} names`);
      }
    }
    for (const id of this.rooms.get(room)?.concertIds ?? []) {
      if (!concertIds.includes(id)) this.#move(id, mainRoom, putAt);
    }
    for (const id of concertIds) this.#move(id, room, putAt);
    this.rooms.set(room, event);
  }

  #move(concertId: string, to: string, atMs: number): void {
    const from = this.#roomOf.get(concertId) ?? mainRoom;
    if (from === to) return;
    if (to === mainRoom) this.#roomOf.delete(concertId);
    else this.#roomOf.set(concertId, to);
    const moves = this.moves.get(concertId) ?? [];
    moves.push({ atMs, from });
    if (moves.length > movesMax) moves.shift();
    this.moves.set(concertId, moves);
  }
}
