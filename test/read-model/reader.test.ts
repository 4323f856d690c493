import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Reservation } from '../../actors/schedule/messages.ts';
import { StorageUnavailable } from '../../storage/damage.ts';
import { openConsumer } from '../../storage/read-model/projector.ts';
import { ReadModelReader } from '../../storage/read-model/reader.ts';
import {
  batchesOf,
  concertCreated,
  directoryFor,
  expired,
  held,
  journalEnd,
  journalId,
  opened,
  paid,
  project,
  reservation,
  seat,
} from './journal-of.ts';

const given = [concertCreated, opened('42'), opened('7')];
/** In layout order: their events carry them so. */
const twoSeats = [seat('A', '2', 2), seat('B', '1', 3)];

function readerOf(context: TestContext, file: string): ReadModelReader {
  const reader = new ReadModelReader(file);
  context.after(() => reader.close());
  return reader;
}

/** Alice's five, made in this order over two schedules, and one of Bob's between them. */
const alices = [1, 2, 3, 4, 5].map((n) => reservation(`${n % 2 === 0 ? '7' : '42'}.${n}`, 'alice', twoSeats));
const bobs = reservation('42.6', 'bob', [seat('A', '1', 1)]);
const idsOf = (items: readonly Reservation[]): string[] => items.map(({ id }) => id);

function fiveOfAlices(context: TestContext): { file: string; reader: ReadModelReader } {
  const file = join(directoryFor(context), 'read-model.db');
  const events = alices.flatMap((one, i) => [held(one), ...(i === 2 ? [held(bobs)] : []), expired(one)]);
  project(file, batchesOf(given, events));
  return { file, reader: readerOf(context, file) };
}

describe('a user’s reservations', () => {
  test('come newest first, whole, and nobody else’s', (context) => {
    const { reader } = fiveOfAlices(context);
    const page = reader.reservationsOf('alice', 100, null);
    assert.deepEqual(page, {
      items: alices.toReversed().map((one) => ({ ...one, status: 'expired' })),
      nextCursor: null,
    });
    assert.deepEqual(reader.reservationsOf('bob', 100, null), { items: [bobs], nextCursor: null });
    assert.deepEqual(reader.reservationsOf('nobody', 100, null), { items: [], nextCursor: null });
  });

  test('come in pages; a full last page has no cursor', (context) => {
    const { reader } = fiveOfAlices(context);
    const pages: string[][] = [];
    let cursor: string | null = null;
    do {
      const page = reader.reservationsOf('alice', 2, cursor);
      assert.ok(page !== null);
      pages.push(idsOf(page.items));
      cursor = page.nextCursor;
    } while (cursor !== null);
    assert.deepEqual(pages, [['42.5', '7.4'], ['42.3', '7.2'], ['42.1']]);
    assert.equal(reader.reservationsOf('alice', 5, null)?.nextCursor, null);
  });

  test('keep their pages while new ones are made', (context) => {
    const { file, reader } = fiveOfAlices(context);
    const first = reader.reservationsOf('alice', 2, null);
    assert.ok(first?.nextCursor);
    const consumer = openConsumer(file, journalId, journalEnd);
    consumer.begin();
    consumer.apply({ ...batchesOf([held(reservation('7.9', 'alice', twoSeats))])[0]!, number: 3 });
    consumer.commit();
    consumer.close();
    assert.deepEqual(idsOf(reader.reservationsOf('alice', 2, first.nextCursor)?.items ?? []), ['42.3', '7.2']);
    assert.deepEqual(idsOf(reader.reservationsOf('alice', 1, null)?.items ?? []), ['7.9']);
    assert.equal(reader.through(), 3);
  });

  for (const cursor of ['', '0', 'r1', 'cjE', 'cjE=', 'cjA', 'cj0x', 'cjFlOQ', '%%%', "' OR 1=1 --"]) {
    test(`are not given for ${JSON.stringify(cursor)}${cursor === 'cjE' ? ', except that it is a cursor' : ''}`, (context) => {
      const { reader } = fiveOfAlices(context);
      const page = reader.reservationsOf('alice', 2, cursor);
      assert.deepEqual(page, cursor === 'cjE' ? { items: [], nextCursor: null } : null);
    });
  }
});

describe('one reservation', () => {
  test('is found by its id with its details, whatever became of it', (context) => {
    const file = join(directoryFor(context), 'read-model.db');
    const sold = alices[0]!;
    project(file, batchesOf(given, [held(sold), held(bobs), expired(bobs), paid(sold, 5)]));
    const reader = readerOf(context, file);
    assert.deepEqual(reader.reservation(sold.id), { ...sold, status: 'paid', paidAt: sold.heldAt + 9 });
    assert.deepEqual(reader.reservation(bobs.id), { ...bobs, status: 'expired' });
    assert.equal(reader.reservation('42.999'), undefined);
  });
});

test('a reader of a file that nobody has made says so', (context) => {
  assert.throws(() => new ReadModelReader(join(directoryFor(context), 'read-model.db')), StorageUnavailable);
});
