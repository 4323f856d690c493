/**
 * The read model against the journal. Rows that never change again are looked up when the event that makes them final
 * is replayed; all others are compared when the model stands at the read model's position.
 */
import type { AdmissionEvent } from '../../../actors/admission/messages.ts';
import type { Charge } from '../../../actors/wallet/messages.ts';
import type { StoredBatch } from '../../../engine/ports.ts';
import type { Auditor } from '../auditor.ts';
import { knownEvent } from '../known-events.ts';
import type { KnownEvent } from '../known-events.ts';
import { ExpectedRows } from './expected-rows.ts';
import type { JournalFile } from './journal-file.ts';
import { ReadOnlyFile } from './read-only.ts';
import type { Row } from './read-only.ts';
import { compareTable, differenceOf, sameRow } from './table-difference.ts';

const tables = {
  user: 'SELECT number, id, first_seen_at_ms FROM user ORDER BY number',
  asset: 'SELECT user_number, balance, changed_at_ms FROM asset ORDER BY user_number',
  concert: 'SELECT id, name, description, created_at_ms FROM concert ORDER BY id',
  concert_schedule: `SELECT number, id, concert_id, venue, starts_at_ms, sales_open_at_ms, sales_close_at_ms, seats_total,
    opened_at_ms FROM concert_schedule ORDER BY number`,
  seat_layout: 'SELECT schedule_number, sections FROM seat_layout ORDER BY schedule_number',
  concert_seat: `SELECT schedule_number, position, section, row, number, price, status, reservation_number
    FROM concert_seat ORDER BY schedule_number, position`,
  reservation: `SELECT number, id, schedule_number, user_number, status, seats, total_price, held_at_ms, expires_at_ms,
    paid_at_ms, ended_at_ms FROM reservation ORDER BY number`,
  reservation_ticket: `SELECT reservation_number, seat_position, schedule_number, price
    FROM reservation_ticket ORDER BY reservation_number, seat_position`,
  payment: 'SELECT reservation_number, id, user_number, amount, balance, paid_at_ms FROM payment ORDER BY 1',
} as const;

export class ReadModelFile {
  readonly through: number;
  /** Rows compared. */
  rows = 0;
  readonly #file: ReadOnlyFile;
  readonly #auditor: Auditor;
  readonly #journalId: string;
  readonly #charge;
  readonly #token;
  readonly #users = new Map<string, { readonly number: number; readonly firstSeenAt: number }>();
  readonly #concertCreatedAt = new Map<string, number>();
  /** Of the people inside, by place. */
  readonly #inside = new Map<string, { readonly admittedAt: number; expiresAt: number }>();
  #charges = 0;
  #tokens = 0;

  /** Everything is read as it stands now. */
  constructor(file: string, auditor: Auditor) {
    this.#file = new ReadOnlyFile(file, 2);
    this.#auditor = auditor;
    this.#file.freeze();
    const [journalId, through] = this.#file.row('SELECT journal_id, through FROM projection WHERE id = 1') ?? [];
    this.#journalId = String(journalId);
    this.through = Number(through ?? 0);
    this.#charge = this.#file.lookup(
      'SELECT id, user_number, amount, balance, charged_at_ms FROM charge WHERE number = ?',
    );
    this.#token = this.#file.lookup(
      `SELECT user_number, status, admitted_at_ms, expires_at_ms, ended_at_ms, end_reason
       FROM waiting_token WHERE room = ? AND epoch = ? AND place = ?`,
    );
  }

  /** Before the first batch; false when it is of another journal, and there is nothing to compare. */
  begin(journal: JournalFile, end: number): boolean {
    const { found } = this.#auditor;
    if (this.#journalId !== journal.id) {
      found.addAt('foreign-journal', 'read-model.db', `it is of ${this.#journalId}, this is ${journal.id}`);
      return false;
    }
    if (this.through > end) {
      found.addAt('ahead-of-journal', 'read-model.db', `it stands at batch ${this.through} of ${end}`);
    }
    if (this.through === 0) this.#compare();
    return true;
  }

  /** After the auditor has been given the same batch. */
  batch(batch: StoredBatch): void {
    if (batch.number > this.through) return;
    for (const turn of batch.turns) {
      for (const journaled of turn.events) {
        const known = knownEvent(journaled);
        if (known !== undefined) this.#event(known, turn.atMs);
      }
    }
    if (batch.number === this.through) this.#compare();
  }

  close(): void {
    this.#file.close();
  }

  #event(known: KnownEvent, atMs: number): void {
    switch (known.kind) {
      case 'schedule':
        if (known.event.type === 'SeatsHeld') this.#userNumber(known.event.reservation.userId, atMs);
        return;
      case 'wallet':
        if (known.event.type === 'WalletCharged') this.#charged(known.event.charge, atMs);
        else this.#userNumber(known.event.userId, atMs);
        return;
      case 'admission':
        return this.#admission(known.id, known.event, atMs);
      case 'catalog':
        if (known.event.type === 'ConcertCreated') this.#concertCreatedAt.set(known.event.concert.id, atMs);
        return;
      case 'line':
    }
  }

  #charged({ id, userId, amount, balance, chargedAt }: Charge, atMs: number): void {
    this.#charges += 1;
    const expected: Row = [id, this.#userNumber(userId, atMs), amount, balance, chargedAt];
    this.#mustBe(`charge ${id}`, this.#charge(this.#charges), expected);
  }

  #admission(room: string, event: AdmissionEvent, atMs: number): void {
    switch (event.type) {
      case 'UserAdmitted':
        this.#tokens += 1;
        this.#userNumber(event.userId, atMs);
        this.#inside.set(placeOf(room, event), { admittedAt: event.admittedAt, expiresAt: event.expiresAt });
        return;
      case 'PlaceLeft':
        this.#tokens += 1;
        return this.#mustBe(`waiting_token ${placeOf(room, event)}`, this.#token(room, event.epoch, event.place), [
          this.#userNumber(event.userId, atMs),
          'ended',
          null,
          null,
          event.leftAt,
          'left',
        ]);
      case 'SessionEnded': {
        const place = placeOf(room, event);
        const session = this.#inside.get(place);
        const user = this.#users.get(event.userId)?.number ?? null;
        this.#inside.delete(place);
        return this.#mustBe(`waiting_token ${place}`, this.#token(room, event.epoch, event.place), [
          user,
          'ended',
          session?.admittedAt ?? null,
          session?.expiresAt ?? null,
          event.endedAt,
          event.reason,
        ]);
      }
      case 'SessionRenewed': {
        const session = this.#inside.get(placeOf(room, event));
        if (session !== undefined) session.expiresAt = event.expiresAt;
        return;
      }
      case 'PolicySet':
      case 'LineOpened':
      case 'LineLost':
      case 'PlacesPassed':
    }
  }

  #compare(): void {
    const expected = new ExpectedRows(this.#auditor, this.#users);
    this.#table('user', 1, expected.user());
    this.#table('asset', 1, expected.asset());
    this.#table('concert', 1, expected.concert(this.#concertCreatedAt));
    this.#table('concert_schedule', 1, expected.schedule());
    this.#table('seat_layout', 1, expected.layout());
    this.#table('concert_seat', 2, expected.seat());
    this.#table('reservation', 1, expected.reservation());
    this.#table('reservation_ticket', 2, expected.ticket());
    this.#table('payment', 1, expected.payment());
    for (const { room, sessions } of this.#auditor.rooms.rooms.values()) {
      for (const { epoch, place, userId, startedAt, expiresAt } of sessions.values()) {
        const user = this.#users.get(userId)?.number ?? null;
        const where = `waiting_token ${placeOf(room, { epoch, place })}`;
        this.#mustBe(where, this.#token(room, epoch, place), [user, 'active', startedAt, expiresAt, null, null]);
      }
    }
    this.#count('charge', this.#charges);
    this.#count('waiting_token', this.#tokens);
  }

  #table(table: keyof typeof tables, keyWidth: number, expected: Iterable<Row>): void {
    this.rows += compareTable(this.#auditor.found, table, keyWidth, this.#file.iterate(tables[table]), expected);
  }

  #mustBe(where: string, row: Row | undefined, expected: Row): void {
    this.rows += 1;
    const { found } = this.#auditor;
    if (row === undefined) found.addAt('read-model-missing', `read-model.db, ${where}`, JSON.stringify(expected));
    else if (!sameRow(row, expected)) {
      found.addAt('read-model-differs', `read-model.db, ${where}`, differenceOf(row, expected));
    }
  }

  /** Rows that were looked up one by one are all there are. */
  #count(table: 'charge' | 'waiting_token', expected: number): void {
    const count = Number(this.#file.row(`SELECT count(*) FROM ${table}`)?.[0]);
    if (count <= expected) return;
    this.#auditor.found.addAt('read-model-extra', `read-model.db, ${table}`, `${count} rows, not ${expected}`);
  }

  #userNumber(userId: string, atMs: number): number {
    const known = this.#users.get(userId);
    if (known !== undefined) return known.number;
    const number = this.#users.size + 1;
    this.#users.set(userId, { number, firstSeenAt: atMs });
    return number;
  }
}

function placeOf(room: string, { epoch, place }: { readonly epoch: string; readonly place: number }): string {
  return `${room}, ${epoch}, ${place}`;
}
