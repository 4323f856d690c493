import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import Database from 'better-sqlite3';
import type { StoredBatch } from '../../engine/ports.ts';
import { StorageDamaged } from '../../storage/damage.ts';
import { differencesOf, dumpReadModel } from './dump.ts';
import { openConsumer } from '../../storage/read-model/projector.ts';
import { readModelMigrations } from '../../storage/read-model/schema.ts';
import { ask, directoryFor, journalEnd, journalId, project } from './journal-of.ts';
import { randomJournal } from './random-journal.ts';

const textsOf = (db: Database.Database, sql: string): string[] => db.prepare<[], string>(sql).pluck().all();

const schemaOf = (db: Database.Database): string[] => textsOf(db, 'SELECT sql FROM sqlite_schema ORDER BY type, name');

/** A file as the first version of the schema made it, with the rows of `from`. */
function makeFirstVersion(file: string, from: string): void {
  const db = new Database(file);
  db.pragma('foreign_keys = OFF');
  db.exec(readModelMigrations[0] ?? '');
  db.pragma('user_version = 1');
  db.prepare('ATTACH ? AS filled').run(from);
  for (const table of textsOf(db, "SELECT name FROM sqlite_schema WHERE type = 'table'")) {
    const columns = textsOf(db, `SELECT name FROM pragma_table_info('${table}', 'main')`).join(', ');
    db.exec(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM filled.${table}`);
  }
  db.close();
}

function filledFirstVersion(context: TestContext): { old: string; fresh: string; journal: StoredBatch[] } {
  const directory = directoryFor(context);
  const [fresh, old] = [join(directory, 'fresh.db'), join(directory, 'old.db')];
  const journal = randomJournal(11, 200);
  project(fresh, journal, 10);
  makeFirstVersion(old, fresh);
  assert.deepEqual(ask(old, 'SELECT through FROM projection'), [{ through: 200 }]);
  assert.ok(ask(old, 'SELECT * FROM charge').length > 0);
  return { old, fresh, journal };
}

describe('a read model of an earlier version', () => {
  test('is emptied when it is opened, and filled from the journal to the same rows', (context) => {
    const { old, fresh, journal } = filledFirstVersion(context);
    const consumer = openConsumer(old, journalId, journalEnd);
    assert.equal(consumer.through, 0);
    consumer.close();
    assert.deepEqual(ask(old, 'SELECT * FROM user'), []);

    project(old, journal, 10);
    const [left, right] = [new Database(fresh), new Database(old)];
    assert.deepEqual(differencesOf(dumpReadModel(left), dumpReadModel(right)), []);
    assert.deepEqual(schemaOf(left), schemaOf(right));
    left.close();
    right.close();
  });

  test('is said to be made again from the journal when it lacks a table', (context) => {
    const { old } = filledFirstVersion(context);
    const db = new Database(old);
    db.exec('DROP VIEW payment_readable');
    db.close();
    assert.throws(
      () => openConsumer(old, journalId, journalEnd),
      (error) => error instanceof StorageDamaged && /schema version 1 .*npm run db:rebuild/.test(error.message),
    );
  });

  for (const [what, journal, end, says] of [
    ['ahead of the journal', journalId, 199, /stands at batch 200, but the journal ends at batch 199/],
    ['of another journal', 'another', 200, /filled from journal/],
  ] as const) {
    test(`is refused as it is when it is ${what}`, (context) => {
      const { old } = filledFirstVersion(context);
      const before = ask(old, 'SELECT * FROM charge');
      assert.throws(() => openConsumer(old, journal, end), says);
      assert.deepEqual(ask(old, 'PRAGMA user_version'), [{ user_version: 1 }]);
      assert.deepEqual(ask(old, 'SELECT * FROM charge'), before);
    });
  }
});
