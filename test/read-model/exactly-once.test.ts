import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import Database from 'better-sqlite3';
import type { StoredBatch } from '../../engine/ports.ts';
import { differencesOf, dumpReadModel } from './dump.ts';
import type { ReadModelDump } from './dump.ts';
import { openConsumer } from '../../storage/read-model/projector.ts';
import { ask, directoryFor, journalEnd, journalId, project } from './journal-of.ts';
import { randomJournal } from './random-journal.ts';

function dumpOf(file: string): ReadModelDump {
  const db = new Database(file, { readonly: true });
  try {
    return dumpReadModel(db);
  } finally {
    db.close();
  }
}

/** Applies some batches, commits the first `committed` of them, and goes away as a killed process would. */
function projectAndDie(file: string, batches: readonly StoredBatch[], committed: number): void {
  const consumer = openConsumer(file, journalId, journalEnd);
  consumer.begin();
  for (const batch of batches.slice(0, committed)) consumer.apply(batch);
  consumer.commit();
  consumer.begin();
  for (const batch of batches.slice(committed)) consumer.apply(batch);
  consumer.close();
}

describe('a read model whose process died in the middle of a transaction', () => {
  for (const seed of [1, 2, 3]) {
    test(`goes on where its rows end, and has every row once (seed ${seed})`, (context) => {
      const directory = directoryFor(context);
      const journal = randomJournal(seed, 300);
      const straight = join(directory, 'straight.db');
      project(straight, journal, 7);

      const broken = join(directory, 'broken.db');
      let from = 0;
      while (from < journal.length) {
        const committed = Math.min(37, journal.length - from);
        projectAndDie(broken, journal.slice(from, from + 50), committed);
        const consumer = openConsumer(broken, journalId, journalEnd);
        assert.equal(consumer.through, from + committed, 'the position is that of the last commit');
        from = consumer.through;
        consumer.close();
      }

      assert.deepEqual(differencesOf(dumpOf(straight), dumpOf(broken)), []);
      assert.deepEqual(ask(broken, 'PRAGMA foreign_key_check'), []);
      const [{ reservations }] = ask(broken, 'SELECT count(*) AS reservations FROM reservation') as [
        { reservations: number },
      ];
      assert.ok(reservations > 100, 'the journal has something to lose');
    });
  }

  test('has no row of a batch whose position could not be stored', (context) => {
    const file = join(directoryFor(context), 'read-model.db');
    const journal = randomJournal(6, 20);
    project(file, journal.slice(0, 10));
    const before = dumpOf(file);
    const db = new Database(file);
    db.exec("CREATE TRIGGER refuse BEFORE UPDATE ON projection BEGIN SELECT RAISE(ABORT, 'refused'); END");
    db.close();
    assert.throws(() => project(file, journal.slice(10)), /refused/);
    assert.deepEqual(differencesOf(before, dumpOf(file)), []);
  });

  test('refuses a batch that it has already', (context) => {
    const file = join(directoryFor(context), 'read-model.db');
    const journal = randomJournal(4, 10);
    project(file, journal);
    assert.throws(() => project(file, journal.slice(9)), /stands at batch 10 and was given 10/);
  });
});

test('a difference of one row is told by its table and the row', (context) => {
  const directory = directoryFor(context);
  const [left, right] = [join(directory, 'left.db'), join(directory, 'right.db')];
  project(left, randomJournal(5, 20));
  project(right, randomJournal(5, 20));
  const db = new Database(right);
  db.pragma('foreign_keys = OFF');
  db.exec("UPDATE reservation SET status = 'paid' WHERE number = 1; DELETE FROM user WHERE number = 1");
  db.close();
  const differences = differencesOf(dumpOf(left), dumpOf(right));
  assert.deepEqual(
    differences.map((difference) => difference.slice(0, difference.indexOf(':'))),
    ['reservation, row 1', 'user, row 1'],
  );
});
