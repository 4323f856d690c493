import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JournaledEvent } from '../../engine/ports.ts';
import { StorageDamaged } from '../../storage/damage.ts';
import { openConsumer } from '../../storage/read-model/projector.ts';
import {
  admission,
  ask,
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

const given = [concertCreated, opened('42')];
const alices = reservation('42.1', 'alice', [seat('A', '2', 1), seat('B', '1', 3)]);

function refused(context: TestContext, message: RegExp, ...events: readonly JournaledEvent[]): void {
  const file = join(directoryFor(context), 'read-model.db');
  assert.throws(() => project(file, batchesOf(given, events)), message);
  assert.deepEqual(ask(file, 'SELECT through FROM projection'), [{ through: 1 }], 'nothing of the batch is kept');
  assert.deepEqual(ask(file, 'SELECT * FROM reservation'), []);
}

describe('what cannot be', () => {
  test('stops the projector: an end without a hold', (context) => {
    refused(context, /no row for 42\.1/, expired(alices));
  });
  test('stops the projector: a payment without a hold', (context) => {
    refused(context, /no row for 42\.1/, paid(alices, 0));
  });
  test('stops the projector: a seat that the hall does not have', (context) => {
    refused(context, /has no seat C-1-1/, held(reservation('42.1', 'alice', [seat('C', '1', 1)])));
  });
  test('stops the projector: a schedule that was never opened', (context) => {
    refused(context, /43 has never been opened/, held(reservation('43.1', 'alice', [seat('A', '1', 1)])));
  });
  test('stops the projector: a session that was never admitted', (context) => {
    const event = {
      type: 'SessionEnded',
      v: 1,
      epoch: 'e',
      place: 1,
      userId: 'x',
      reason: 'left',
      endedAt: 1,
    } as const;
    refused(context, /no row for x/, admission('main', event));
  });
  test('stops the projector: an event of a version that it does not know', (context) => {
    const { actor, event } = held(alices);
    refused(context, /version 2 of SeatsHeld/, { actor, event: { ...event, v: 2 } });
  });
  test('stops the projector: an actor of a kind that it does not know', (context) => {
    refused(context, /kind toy/, { actor: 'toy:1', event: { type: 'Played', v: 1 } });
  });
  test('stops the projector: a batch left out', (context) => {
    const file = join(directoryFor(context), 'read-model.db');
    assert.throws(() => project(file, batchesOf(given, [held(alices)]).slice(1)), /stands at batch 0 and was given 2/);
  });
  test('refuses a file that was filled from another journal, and says what to do', (context) => {
    const file = join(directoryFor(context), 'read-model.db');
    project(file, batchesOf(given));
    assert.throws(
      () => openConsumer(file, 'another', journalEnd),
      (error) => error instanceof StorageDamaged && error.where === file && /npm run db:rebuild/.test(error.message),
    );
    const again = openConsumer(file, journalId, journalEnd);
    assert.equal(again.through, 1);
    again.close();
  });
});
