import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import Database from 'better-sqlite3';
import type { Address } from '../../engine/actor.ts';
import { StorageDamaged } from '../../storage/damage.ts';
import {
  append,
  consumerModule,
  copyJournal,
  dataDirectory,
  filled,
  markedBatches,
  opened,
  removeDatabase,
  replayed,
} from './data-directory.ts';
import { readCounts } from './toy-consumer.ts';

function change(dataDir: string, file: string, sql: string): void {
  const raw = new Database(join(dataDir, file));
  assert.ok(raw.prepare(sql).run().changes > 0);
  raw.close();
}

/** Of whom there is a snapshot, in order. */
function actorsIn(dataDir: string): Address[] {
  const raw = new Database(join(dataDir, 'state.db'), { readonly: true });
  const actors = raw.prepare<[], Address>('SELECT actor FROM snapshots ORDER BY actor').pluck().all();
  raw.close();
  return actors;
}

/** A directory whose journal has been put back to batch 3, while everything else stands at batch 5. */
async function journalBehind(t: TestContext, consumer: URL | null): Promise<string> {
  const dataDir = await filled(t, 3);
  const older = dataDirectory(t);
  copyJournal(dataDir, older);
  const storage = await opened(t, dataDir, { consumerModule: consumer });
  await append(storage, 4, markedBatches(2, 4));
  await storage.close(10_000);
  copyJournal(older, dataDir);
  return dataDir;
}

describe('a position ahead of the journal', () => {
  it('of snapshots and keys: refuses to start and names it', async (t) => {
    const dataDir = await journalBehind(t, null);
    await assert.rejects(opened(t, dataDir), (error) => {
      assert.ok(error instanceof StorageDamaged);
      assert.match(error.where, /state\.db/);
      assert.match(error.message, /batch 5, but the journal ends at batch 3: confirmed batches are missing/);
      return true;
    });
  });

  it('of one snapshot alone: refuses to start', async (t) => {
    const dataDir = await journalBehind(t, null);
    change(dataDir, 'state.db', 'DELETE FROM positions');
    await assert.rejects(opened(t, dataDir), /a snapshot stands at batch 5, but the journal ends at batch 3/);
  });

  it('of the read model: refuses to start and names it', async (t) => {
    const dataDir = await journalBehind(t, consumerModule);
    removeDatabase(dataDir, 'state.db');
    await assert.rejects(
      opened(t, dataDir, { consumerModule }),
      /read-model\.db: the read model stands at batch 5, but the journal ends at batch 3/,
    );
  });

  it('whose batch numbers have been used again since: refuses to start', async (t) => {
    const dataDir = await journalBehind(t, null);
    const other = dataDirectory(t);
    copyJournal(dataDir, other);
    const storage = await opened(t, other);
    await append(storage, 4, markedBatches(4, 104));
    await storage.close(10_000);
    copyJournal(other, dataDir);
    await assert.rejects(opened(t, dataDir), /batch 5 is not the one it was made from/);
  });

  it('of another journal altogether: refuses to start', async (t) => {
    const dataDir = await filled(t, 3);
    const other = await filled(t, 3);
    copyFileSync(join(other, 'state.db'), join(dataDir, 'state.db'));
    await assert.rejects(opened(t, dataDir), /state\.db: it was made from journal \S+, this one is /);
  });
});

describe('a damaged snapshot', () => {
  const flipState = `UPDATE snapshots SET state = CAST(replace(CAST(state AS TEXT), 'marker-4', 'marker-5') AS BLOB)
                     WHERE actor = 'list:a'`;

  it('found when loaded: is marked, and the next start makes it again from the journal', async (t) => {
    const dataDir = await filled(t, 5);
    const before = await opened(t, dataDir);
    const whole = before.snapshots.load('list:a');
    await before.close(10_000);
    change(dataDir, 'state.db', flipState);

    const storage = await opened(t, dataDir);
    assert.throws(
      () => storage.snapshots.load('list:a'),
      (error) => error instanceof StorageDamaged && error.where.endsWith('state.db, snapshot of list:a'),
    );
    await storage.close(10_000);

    const next = await opened(t, dataDir);
    assert.deepEqual(next.rebuilt, ['list:a']);
    assert.deepEqual(next.snapshots.load('list:a'), whole);
    assert.deepEqual(next.snapshots.load('list:a')?.state, replayed(next.journal.read(1), 'list:a', 5));
    await next.close(10_000);
    assert.deepEqual((await opened(t, dataDir)).rebuilt, []);
  });

  it('is made again together with all others that are damaged by then', async (t) => {
    const dataDir = await filled(t, 5);
    const before = await opened(t, dataDir);
    const actors = actorsIn(dataDir);
    const whole = actors.map((actor) => before.snapshots.load(actor));
    await before.close(10_000);
    assert.ok(actors.length > 1);
    change(dataDir, 'state.db', `UPDATE snapshots SET state = zeroblob(3)`);
    const storage = await opened(t, dataDir);
    assert.throws(() => storage.snapshots.load('list:a'), StorageDamaged);
    await storage.close(0);
    const next = await opened(t, dataDir);
    assert.deepEqual(next.rebuilt.toSorted(), actors);
    assert.deepEqual(
      actors.map((actor) => next.snapshots.load(actor)),
      whole,
    );
  });

  it('found by the scrub: stops the process, and the next start makes it again', async (t) => {
    const dataDir = await filled(t, 5);
    change(dataDir, 'state.db', flipState);
    const storage = await opened(t, dataDir);
    assert.match((await storage.fatal).message, /snapshot of list:a/);
    await storage.close(0);
    const next = await opened(t, dataDir);
    assert.deepEqual(next.rebuilt, ['list:a']);
    assert.deepEqual(next.snapshots.load('list:a')?.state, replayed(next.journal.read(1), 'list:a', 5));
  });

  it('that the tail touches: stops the process, and the next start makes it again', async (t) => {
    const dataDir = await filled(t, 5);
    const storage = await opened(t, dataDir);
    await storage.follower.close(0);
    await append(storage, 6, markedBatches(1, 6));
    await storage.close(0);
    change(dataDir, 'state.db', flipState);
    const damaged = await opened(t, dataDir);
    assert.match((await damaged.fatal).message, /snapshot of list:a/);
    await damaged.close(0);
    const next = await opened(t, dataDir);
    await next.follower.ready;
    assert.deepEqual(next.rebuilt, ['list:a']);
    await next.close(10_000);
    const last = await opened(t, dataDir);
    assert.equal(last.snapshots.completeThrough(), 6);
    assert.deepEqual(last.snapshots.load('list:a')?.state, replayed(last.journal.read(1), 'list:a', 6));
  });

  it('whose summary is damaged: refuses to start, and the next start makes it again', async (t) => {
    const dataDir = await filled(t, 5);
    change(dataDir, 'state.db', `UPDATE snapshots SET summary = '{"last":"x","size":9}' WHERE actor = 'list:a'`);
    await assert.rejects(opened(t, dataDir), /snapshot of list:a: its summary does not match/);
    const next = await opened(t, dataDir);
    assert.deepEqual(next.rebuilt, ['list:a']);
    assert.deepEqual(
      [...next.snapshots.summaries()],
      [
        {
          actor: 'list:a',
          position: 5,
          nextDeadlineMs: null,
          openQuestions: 0,
          summary: { last: 'marker-5.', size: 5 },
        },
      ],
    );
  });
});

describe('state.db and read-model.db taken away', () => {
  it('are made again from the journal', async (t) => {
    const dataDir = dataDirectory(t);
    const storage = await opened(t, dataDir, { consumerModule });
    await append(storage, 1, markedBatches(50));
    await storage.close(10_000);
    const counts = readCounts(storage.readModelFile);
    assert.deepEqual(counts, { through: 50, events: 100 });
    removeDatabase(dataDir, 'state.db');
    removeDatabase(dataDir, 'read-model.db');

    const again = await opened(t, dataDir, { consumerModule });
    assert.equal(again.snapshots.completeThrough(), 0);
    await again.follower.ready;
    await again.close(10_000);
    assert.deepEqual(readCounts(storage.readModelFile), counts);
    const last = await opened(t, dataDir, { consumerModule });
    assert.equal(last.snapshots.completeThrough(), 50);
    assert.deepEqual(last.snapshots.load('counter:1')?.state, replayed(last.journal.read(1), 'counter:1', 50));
  });

  it('state.db that is no database: says that it can be taken away', async (t) => {
    const dataDir = await filled(t, 3);
    copyFileSync(new URL(import.meta.url), join(dataDir, 'state.db'));
    await assert.rejects(opened(t, dataDir), /state\.db: SQLite cannot read it .*move state\.db/);
  });
});
