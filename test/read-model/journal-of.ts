/** Hand-made journals for the tests of the read model: batches of turns, each of some events. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import Database from 'better-sqlite3';
import type { AdmissionEvent } from '../../actors/admission/messages.ts';
import type { CatalogEvent } from '../../actors/catalog/messages.ts';
import type { LineEvent } from '../../actors/line/messages.ts';
import type { Reservation, ScheduleEvent, Seat, SectionSpec } from '../../actors/schedule/messages.ts';
import type { WalletEvent } from '../../actors/wallet/messages.ts';
import type { JournaledEvent, StoredBatch, Turn } from '../../engine/ports.ts';
import { openConsumer } from '../../storage/read-model/projector.ts';

export const t0 = Date.parse('2026-11-22T12:00:00.123Z');
export const journalId = 'journal-of-this-test';
/** More batches than any test has. */
export const journalEnd = 1_000_000;

export function directoryFor(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'onsale-read-model-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export const schedule = (id: string, event: ScheduleEvent): JournaledEvent => ({ actor: `schedule:${id}`, event });
export const wallet = (id: string, event: WalletEvent): JournaledEvent => ({ actor: `wallet:${id}`, event });
export const admission = (room: string, event: AdmissionEvent): JournaledEvent => ({
  actor: `admission:${room}`,
  event,
});
export const line = (room: string, event: LineEvent): JournaledEvent => ({ actor: `line:${room}`, event });
export const catalog = (event: CatalogEvent): JournaledEvent => ({ actor: 'catalog:main', event });

/** One batch for each list of events, numbered from 1; batch n is stamped `t0 + n` seconds. */
export function batchesOf(...eventsOfBatches: readonly (readonly JournaledEvent[])[]): StoredBatch[] {
  return eventsOfBatches.map((events, index) => {
    const atMs = t0 + (index + 1) * 1000;
    const turns: Turn[] = events.map((event) => ({ atMs, to: event.actor, command: 'Given', events: [event] }));
    return { number: index + 1, atMs, turns };
  });
}

/** Section A with two rows of two seats at 100, section B with one row of three at 50. */
export const hall: readonly SectionSpec[] = [
  {
    name: 'A',
    price: 100,
    rows: [
      { name: '1', seats: 2 },
      { name: '2', seats: 2 },
    ],
  },
  { name: 'B', price: 50, rows: [{ name: '1', seats: 3 }] },
];

export function seat(section: string, row: string, number: number): Seat {
  return { id: `${section}-${row}-${number}`, section, row, number, price: section === 'A' ? 100 : 50 };
}

export function reservation(id: string, userId: string, seats: readonly Seat[]): Reservation {
  const totalPrice = seats.reduce((sum, { price }) => sum + price, 0);
  const scheduleId = id.slice(0, id.indexOf('.'));
  return {
    id,
    scheduleId,
    concertId: 'tour',
    userId,
    status: 'held',
    seats,
    totalPrice,
    heldAt: t0 + 10,
    expiresAt: t0 + 300_010,
    paidAt: null,
  };
}

export const concertCreated = catalog({
  type: 'ConcertCreated',
  v: 1,
  concert: { id: 'tour', name: 'The Tour', description: 'Loud' },
  digest: 'd',
});

export function opened(id: string, sections: readonly SectionSpec[] = hall): JournaledEvent {
  const facts = { id, concertId: 'tour', venue: 'Dome', startsAt: t0 + 1, salesOpenAt: t0 + 2, salesCloseAt: t0 + 3 };
  return schedule(id, { type: 'ScheduleOpened', v: 1, schedule: facts, sections });
}

export function held(of: Reservation): JournaledEvent {
  return schedule(of.scheduleId, { type: 'SeatsHeld', v: 1, reservation: of });
}

export function expired(of: Reservation): JournaledEvent {
  const ended: Reservation = { ...of, status: 'expired' };
  return schedule(of.scheduleId, { type: 'HoldExpired', v: 1, reservation: ended, expiredAt: of.expiresAt + 5 });
}

export function cancelled(of: Reservation): JournaledEvent {
  const ended: Reservation = { ...of, status: 'cancelled' };
  return schedule(of.scheduleId, { type: 'HoldCancelled', v: 1, reservation: ended, cancelledAt: of.heldAt + 7 });
}

export function paymentStarted(of: Reservation): JournaledEvent {
  const event = { type: 'PaymentStarted', v: 1, reservationId: of.id, attempt: 1, amount: of.totalPrice } as const;
  return schedule(of.scheduleId, { ...event, session: null });
}

export function paymentRefused(of: Reservation): JournaledEvent {
  return schedule(of.scheduleId, { type: 'PaymentRefused', v: 1, reservationId: of.id, attempt: 1 });
}

export function paid(of: Reservation, balance: number): JournaledEvent {
  const paidAt = of.heldAt + 9;
  return schedule(of.scheduleId, {
    type: 'ReservationPaid',
    v: 1,
    reservation: { ...of, status: 'paid', paidAt },
    payment: { id: `${of.id}#1`, reservationId: of.id, userId: of.userId, amount: of.totalPrice, balance, paidAt },
  });
}

export function charged(userId: string, n: number, amount: number, balance: number): JournaledEvent {
  const charge = { id: `${userId}.c${n}`, userId, amount, balance, chargedAt: t0 + n };
  return wallet(userId, { type: 'WalletCharged', v: 1, charge });
}

/** Projects all batches, `batchesPerCommit` in each transaction, and closes the file. */
export function project(file: string, batches: readonly StoredBatch[], batchesPerCommit = 1): void {
  const consumer = openConsumer(file, journalId, journalEnd);
  try {
    for (let i = 0; i < batches.length; i += batchesPerCommit) {
      consumer.begin();
      for (const batch of batches.slice(i, i + batchesPerCommit)) consumer.apply(batch);
      consumer.commit();
    }
  } finally {
    consumer.close();
  }
}

/** Rows of a query as an analyst gets them, through a connection that enforces nothing and writes nothing. */
export function ask(file: string, sql: string): unknown[] {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

/** Projects one batch for each list of events, and answers queries. */
export function projected(
  context: TestContext,
  ...events: readonly (readonly JournaledEvent[])[]
): (sql: string) => unknown[] {
  const file = join(directoryFor(context), 'read-model.db');
  project(file, batchesOf(...events));
  assert.deepEqual(ask(file, 'PRAGMA foreign_key_check'), [], 'every row refers to rows that are there');
  assert.deepEqual(ask(file, 'SELECT through FROM projection'), [{ through: events.length }]);
  return (sql) => ask(file, sql);
}
