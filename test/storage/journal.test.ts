import assert from 'node:assert/strict';
import { copyFileSync, existsSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { StorageDamaged, StorageUnavailable } from '../../storage/damage.ts';
import { assertSyncsCommits, openDatabase } from '../../storage/database.ts';
import { openJournal } from '../../storage/journal.ts';
import type { SqliteJournal } from '../../storage/journal.ts';
import { dataDirectory, filled, flipByte, markedBatches, opened, removeDatabase } from './data-directory.ts';

interface TestJournal {
  readonly journal: SqliteJournal;
  readonly fatal: Promise<Error>;
}

async function journalIn(t: TestContext, dataDir: string, pagesMax?: number): Promise<TestJournal> {
  const { promise: fatal, resolve: onFatal } = Promise.withResolvers<Error>();
  const journal = await openJournal(join(dataDir, 'journal.db'), {
    onFatal,
    ...(pagesMax === undefined ? {} : { pagesMax }),
  });
  t.after(async () => {
    await journal.close();
    journal.closeReading();
  });
  return { journal, fatal };
}

async function write(journal: SqliteJournal, from: number, count: number): Promise<void> {
  let number = from;
  for (const turns of markedBatches(count, from)) {
    await journal.append({ number, atMs: number * 1000, turns: turns.map((turn) => JSON.stringify(turn)) });
    number += 1;
  }
}

function damageAt(batch: number): (error: unknown) => boolean {
  return (error) =>
    error instanceof StorageDamaged && error.where.includes('journal.db') && error.where.endsWith(`batch ${batch}`);
}

describe('a journal', () => {
  it('gives back what was appended, from any batch on, and goes on after a restart', async (t) => {
    const dataDir = dataDirectory(t);
    const first = await journalIn(t, dataDir);
    assert.deepEqual(first.journal.end, { batch: 0, atMs: 0 });
    await write(first.journal, 1, 200);
    await first.journal.close();
    const { journal } = await journalIn(t, dataDir);
    assert.equal(journal.id, first.journal.id);
    assert.deepEqual(journal.end, { batch: 200, atMs: 200_000 });
    await write(journal, 201, 1);
    const expected = markedBatches(201).map((turns, index) => ({
      number: index + 1,
      atMs: (index + 1) * 1000,
      turns,
    }));
    assert.deepEqual([...journal.read(1)], expected);
    assert.deepEqual([...journal.read(199)], expected.slice(198));
    assert.deepEqual([...journal.read(202)], []);
    assert.deepEqual(journal.readTurn(77, 0), expected[76]?.turns[0]);
  });

  it('is set to sync every commit', async (t) => {
    const dataDir = dataDirectory(t);
    const connection = openDatabase(join(dataDir, 'some.db'), { migrations: ['CREATE TABLE t (a TEXT) STRICT'] });
    assert.equal(connection.pragma('synchronous', { simple: true }), 2);
    assert.equal(connection.pragma('journal_mode', { simple: true }), 'wal');
    connection.close();
  });

  it('is refused as soon as a commit of it would not be synced', (t) => {
    const file = join(dataDirectory(t), 'some.db');
    const connection = openDatabase(file, { migrations: ['CREATE TABLE t (a TEXT) STRICT'] });
    assertSyncsCommits(connection);
    for (const level of ['OFF', 'NORMAL']) {
      connection.pragma(`synchronous = ${level}`);
      assert.throws(() => assertSyncsCommits(connection), /synchronous [01], they must be wal and 2/, level);
    }
    connection.pragma('synchronous = FULL');
    assertSyncsCommits(connection);
    connection.pragma('journal_mode = DELETE');
    assert.throws(() => assertSyncsCommits(connection), /journal_mode is delete/);
    connection.close();
  });

  it('is not opened where there can be no write-ahead log', () => {
    assert.throws(() => openDatabase(':memory:', { migrations: [] }), /journal_mode is memory, it must be WAL/);
  });

  it('made by a newer program is refused', async (t) => {
    const dataDir = await filled(t, 1);
    const raw = new Database(join(dataDir, 'journal.db'));
    raw.pragma('user_version = 99');
    raw.close();
    await assert.rejects(opened(t, dataDir), /schema version 99; this program knows 1/);
  });

  it('takes batches in order of their numbers only', async (t) => {
    const { journal } = await journalIn(t, dataDirectory(t));
    await write(journal, 1, 2);
    await assert.rejects(journal.append({ number: 4, atMs: 1, turns: [] }), /batch 4 cannot follow batch 2/);
    await assert.rejects(journal.append({ number: 3, atMs: 1, turns: [] }), 'after a failure nothing is written');
  });
});

describe('a byte flipped', () => {
  it('in the last batch: refuses to open and names it', async (t) => {
    const dataDir = await filled(t, 5);
    flipByte(join(dataDir, 'journal.db'), 'marker-5.');
    await assert.rejects(opened(t, dataDir), damageAt(5));
  });

  it('in a batch before: never gets ready, and names it', async (t) => {
    const dataDir = await filled(t, 5);
    flipByte(join(dataDir, 'journal.db'), 'marker-2.');
    const storage = await opened(t, dataDir);
    await assert.rejects(storage.follower.ready, damageAt(2));
    assert.ok(damageAt(2)(await storage.fatal));
    assert.throws(() => [...storage.journal.read(1)], damageAt(2));
    assert.throws(() => storage.journal.readTurn(2, 0), damageAt(2));
  });

  it('in a batch that no snapshot includes: never gets ready, and names it', async (t) => {
    const dataDir = await filled(t, 5);
    removeDatabase(dataDir, 'state.db');
    flipByte(join(dataDir, 'journal.db'), 'marker-4.');
    const storage = await opened(t, dataDir);
    await assert.rejects(storage.follower.ready, damageAt(4));
  });

  it('in a stored checksum or time stamp: is found as well', async (t) => {
    for (const change of ['checksum = zeroblob(32)', 'at_ms = at_ms + 1']) {
      const dataDir = await filled(t, 5);
      const raw = new Database(join(dataDir, 'journal.db'));
      raw.exec(`UPDATE journal SET ${change} WHERE batch = 5`);
      raw.close();
      await assert.rejects(opened(t, dataDir), damageAt(5));
    }
  });
});

describe('a whole batch of another journal in the place of one', () => {
  it('never gets ready, and names it', async (t) => {
    const dataDir = await filled(t, 5);
    const otherDir = await filled(t, 5);
    const raw = new Database(join(dataDir, 'journal.db'));
    raw.prepare('ATTACH ? AS other').run(join(otherDir, 'journal.db'));
    const ids = raw.prepare("SELECT value FROM main.meta UNION SELECT value FROM other.meta WHERE name = 'journal_id'");
    assert.equal(ids.all().length, 2);
    raw.exec('REPLACE INTO main.journal SELECT * FROM other.journal WHERE batch = 3');
    raw.close();
    const storage = await opened(t, dataDir);
    await assert.rejects(storage.follower.ready, damageAt(3));
  });
});

describe('a batch that is missing', () => {
  it('between others: never gets ready, and names it', async (t) => {
    const dataDir = await filled(t, 5);
    const raw = new Database(join(dataDir, 'journal.db'));
    raw.exec('DELETE FROM journal WHERE batch = 3');
    raw.close();
    const storage = await opened(t, dataDir);
    await assert.rejects(storage.follower.ready, damageAt(3));
  });
});

describe('the WAL cut inside its last transaction', () => {
  it('starts without that batch, and writes it again', async (t) => {
    const dataDir = dataDirectory(t);
    const running = await journalIn(t, dataDir);
    await write(running.journal, 1, 5);
    // As after a kill: the files as they lie while the writer has them open.
    const cutDir = dataDirectory(t);
    for (const name of ['journal.db', 'journal.db-wal']) copyFileSync(join(dataDir, name), join(cutDir, name));
    const wal = join(cutDir, 'journal.db-wal');
    truncateSync(wal, statSync(wal).size - 100);
    const { journal } = await journalIn(t, cutDir);
    assert.equal(journal.end.batch, 4);
    await write(journal, 5, 1);
    assert.deepEqual(
      [...journal.read(1)].map(({ turns }) => turns),
      markedBatches(5),
    );
  });
});

describe('a full disk', () => {
  it('refuses the batch with what an operator can do; with space again nothing confirmed is missing', async (t) => {
    const dataDir = dataDirectory(t);
    const small = await journalIn(t, dataDir, 40);
    let confirmed = 0;
    await assert.rejects(
      async () => {
        for (;;) {
          const turns = markedBatches(100)
            .flat()
            .map((turn) => JSON.stringify(turn));
          await small.journal.append({ number: confirmed + 1, atMs: 1, turns });
          confirmed += 1;
        }
      },
      (error) =>
        error instanceof StorageUnavailable &&
        error.code === 'SQLITE_FULL' &&
        /disk is full.*space/.test(error.message),
    );
    assert.ok(confirmed > 0);
    await assert.rejects(small.journal.append({ number: confirmed + 1, atMs: 1, turns: [] }), /disk is full/);
    await small.journal.close();

    const { journal } = await journalIn(t, dataDir);
    assert.equal(journal.end.batch, confirmed);
    await journal.append({ number: confirmed + 1, atMs: 2, turns: [] });
    assert.equal([...journal.read(1)].length, confirmed + 1);
  });

  it('leaves the journal readable until it is closed', async (t) => {
    const dataDir = dataDirectory(t);
    const { journal } = await journalIn(t, dataDir, 8);
    await write(journal, 1, 1);
    await assert.rejects(journal.append({ number: 2, atMs: 1, turns: [`"${'x'.repeat(100_000)}"`] }), /full/);
    assert.equal([...journal.read(1)].length, 1);
    assert.ok(existsSync(join(dataDir, 'journal.db')));
  });
});
