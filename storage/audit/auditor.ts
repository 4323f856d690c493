/**
 * Replays a journal in a plain model that shares nothing with the actors but the types of their events, and finds what
 * cannot be. Needs no file: a simulation feeds it batch by batch, snapshots as they are taken, and asks at any time.
 */
import type { StoredBatch } from '../../engine/ports.ts';
import type { AuditRules } from './audit-rules.ts';
import { CatalogAudit } from './catalog.ts';
import { Findings } from './findings.ts';
import type { Finding, FindingCode } from './findings.ts';
import { KeyAudit } from './keys.ts';
import type { AuditedBinding } from './keys.ts';
import { knownEvent } from './known-events.ts';
import type { KnownEvent } from './known-events.ts';
import { LineAudit } from './line.ts';
import { MoneyAudit } from './money.ts';
import { Overdue } from './overdue.ts';
import { RoomAudit } from './room.ts';
import type { AuditedSession } from './room.ts';
import { ScheduleAudit } from './schedule.ts';
import type { AuditedReservation } from './schedule-model.ts';
import { auditSnapshot } from './snapshots/snapshot-audit.ts';
import type { AuditedSnapshot } from './snapshots/snapshot-audit.ts';
import { TimeAudit } from './time.ts';

export class Auditor {
  readonly found = new Findings();
  readonly catalog: CatalogAudit;
  readonly money: MoneyAudit;
  readonly rooms: RoomAudit;
  readonly lines: LineAudit;
  readonly keys: KeyAudit;
  readonly schedules: ScheduleAudit;
  readonly rules: AuditRules;
  /** The last batch with an event of an actor. */
  readonly lastBatchOf = new Map<string, number>();
  batches = 0;
  events = 0;
  lastBatch = 0;
  readonly #time: TimeAudit;
  readonly #holds: Overdue<AuditedReservation>;
  readonly #stays: Overdue<AuditedSession>;

  constructor(rules: AuditRules) {
    const { found } = this;
    const { overdueMaxMs, pauseMaxMs } = rules;
    this.rules = rules;
    this.#time = new TimeAudit(found);
    this.#holds = new Overdue<AuditedReservation>(({ status }) => status === 'held', overdueMaxMs, pauseMaxMs);
    this.#stays = new Overdue<AuditedSession>(({ live }) => live, overdueMaxMs, pauseMaxMs);
    this.catalog = new CatalogAudit(found);
    this.money = new MoneyAudit(found, rules, (id) => this.schedules.model.reservation(id));
    this.rooms = new RoomAudit(found, this.#stays, (room) => this.lines.lines.get(room));
    this.lines = new LineAudit(found, (room, epoch) => this.rooms.takenThrough(room, epoch));
    this.keys = new KeyAudit(found, rules.keyTtlMs);
    const { catalog, money } = this;
    this.schedules = new ScheduleAudit({ findings: found, rules, catalog, money, overdue: this.#holds });
  }

  get findings(): readonly Finding[] {
    return this.found.list;
  }

  /** How often each code was found; of a code found too often, `findings` holds only the first. */
  get counts(): ReadonlyMap<FindingCode, number> {
    return this.found.counts;
  }

  /** The next batch of the journal, from the first on. */
  batch(batch: StoredBatch): void {
    const { found } = this;
    this.#time.batch(batch);
    found.batch = batch.number;
    let eventIndex = 0;
    for (let index = 0; index < batch.turns.length; index += 1) {
      const turn = batch.turns[index];
      if (turn === undefined) continue;
      found.turn = index;
      this.#time.turn(turn);
      this.#findOverdue(turn.atMs);
      for (const journaled of turn.events) {
        found.event = eventIndex;
        found.actor = journaled.actor;
        eventIndex += 1;
        this.lastBatchOf.set(journaled.actor, batch.number);
        const known = knownEvent(journaled);
        if (known === undefined) {
          found.add('event-unknown', `${journaled.event.type} of version ${String(journaled.event.v)}`);
        } else this.#event(known, turn.atMs);
      }
      this.keys.turn(batch.number, index, turn);
      this.#holds.afterTurn(turn.atMs);
      this.#stays.afterTurn(turn.atMs);
    }
    this.batches += 1;
    this.events += eventIndex;
    this.lastBatch = batch.number;
  }

  /** A snapshot, when the last batch given is its position, or no later one has touched its actor. */
  snapshot(row: AuditedSnapshot): void {
    auditSnapshot(this, row);
  }

  /** What only the end of the journal shows. */
  finish(): void {
    this.money.finish();
    this.catalog.finish();
  }

  balanceOf(userId: string): number {
    return this.money.wallets.get(userId)?.balance ?? 0;
  }

  reservation(id: string):
    | (Pick<AuditedReservation, 'userId' | 'status' | 'totalPrice' | 'expiresAt'> & {
        readonly seatIds: readonly string[];
      })
    | undefined {
    const found = this.schedules.model.reservation(id);
    if (found === undefined) return undefined;
    const { userId, status, totalPrice, expiresAt, seats, schedule } = found;
    return { userId, status, totalPrice, expiresAt, seatIds: seats.map((index) => schedule.hall.seatAt(index).id) };
  }

  /** Who holds, pays or has paid a seat: ids of reservations by id of the seat. */
  seatOwners(scheduleId: string): ReadonlyMap<string, string> {
    const owners = new Map<string, string>();
    const schedule = this.schedules.model.schedules.get(scheduleId);
    for (const [index, owner] of schedule?.owners ?? []) owners.set(schedule?.hall.seatAt(index).id ?? '', owner.id);
    return owners;
  }

  /** The sessions of a room that have not ended, by user. */
  sessions(room: string): ReadonlyMap<string, AuditedSession> {
    return this.rooms.rooms.get(room)?.sessions ?? new Map<string, AuditedSession>();
  }

  /** The newest binding of each scope that is bound. */
  boundKeys(): ReadonlyMap<string, AuditedBinding> {
    return new Map([...this.keys.bound, ...this.keys.boundDurable]);
  }

  #event(known: KnownEvent, atMs: number): void {
    try {
      switch (known.kind) {
        case 'schedule':
          return this.schedules.event(known.id, known.event, atMs);
        case 'wallet':
          return this.money.event(known.id, known.event, atMs);
        case 'admission':
          return this.rooms.event(known.id, known.event, atMs);
        case 'line':
          return this.lines.event(known.id, known.event);
        case 'catalog':
          return this.catalog.event(known.event, atMs);
      }
    } catch (error) {
      this.found.add('event-unreadable', `${known.event.type}: ${String(error)}`);
    }
  }

  #findOverdue(atMs: number): void {
    const { found } = this;
    this.#holds.beforeTurn(atMs, ({ id, expiresAt }) => {
      const where = `batch ${found.batch}, turn ${found.turn}`;
      found.addAt('hold-overdue', where, `${id} is still held at ${atMs}, its deadline was ${expiresAt}`);
    });
    this.#stays.beforeTurn(atMs, ({ userId, room, expiresAt }) => {
      const where = `batch ${found.batch}, turn ${found.turn}`;
      found.addAt('session-overdue', where, `${userId} is still in ${room} at ${atMs}, the end was ${expiresAt}`);
    });
  }
}
