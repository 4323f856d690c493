import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import type { StoredBatch } from '../../engine/ports.ts';
import { StorageDamaged } from '../../storage/damage.ts';
import { acquireDirectoryLock } from '../../storage/directory-lock.ts';
import { JournalAppender } from '../../storage/journal-appender.ts';
import { differencesOf, dumpReadModel } from './dump.ts';
import type { ReadModelDump } from './dump.ts';
import { openConsumer } from '../../storage/read-model/projector.ts';
import { rebuildReadModel } from '../../storage/read-model/rebuild-read-model.ts';
import { ask, directoryFor } from './journal-of.ts';
import { randomJournal } from './random-journal.ts';

const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

/** A data directory with a journal, and the read model that was kept up beside it, a few batches a commit. */
function keptUp(context: TestContext, batches: readonly StoredBatch[]): { dataDir: string; file: string } {
  const dataDir = directoryFor(context);
  const file = join(dataDir, 'read-model.db');
  const journal = new JournalAppender(join(dataDir, 'journal.db'));
  try {
    const consumer = openConsumer(file, journal.id, 0);
    for (const batch of batches) {
      journal.append(batch.number, batch.atMs, Buffer.from(JSON.stringify(batch.turns)));
      consumer.begin();
      consumer.apply(batch);
      consumer.commit();
    }
    consumer.close();
  } finally {
    journal.close();
  }
  return { dataDir, file };
}

function dumpOf(file: string): ReadModelDump {
  const db = new Database(file, { readonly: true });
  try {
    return dumpReadModel(db);
  } finally {
    db.close();
  }
}

/** Runs the program as `npm run db:rebuild` does. */
function runRebuild(
  dataDir: string,
  args: readonly string[] = [],
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['storage/rebuild.ts', ...args], {
    cwd: projectRoot,
    env: { ...process.env, DATA_DIR: dataDir },
    encoding: 'utf8',
  });
}

describe('a read model rebuilt from nothing', () => {
  for (const seed of [11, 12]) {
    test(`equals the one that was kept up, table by table and row by row (seed ${seed})`, (context) => {
      const { dataDir, file } = keptUp(context, randomJournal(seed, 400));
      const before = dumpOf(file);
      const steps: number[] = [];
      const done = rebuildReadModel(dataDir, ({ batches }) => steps.push(batches));
      assert.equal(done.batches, 400);
      assert.equal(done.batchesTotal, 400);
      assert.deepEqual(differencesOf(before, dumpOf(file)), []);
      assert.ok((before.get('reservation')?.length ?? 0) > 100, 'there was something to rebuild');
    });
  }

  test('takes the place of one that says something else, and of one that is no database', (context) => {
    const { dataDir, file } = keptUp(context, randomJournal(13, 50));
    const before = dumpOf(file);
    const db = new Database(file);
    db.exec("UPDATE reservation SET status = 'paid'");
    db.close();
    assert.notDeepEqual(differencesOf(before, dumpOf(file)), []);
    rebuildReadModel(dataDir, () => {});
    assert.deepEqual(differencesOf(before, dumpOf(file)), []);
    writeFileSync(file, 'not a database');
    rebuildReadModel(dataDir, () => {});
    assert.deepEqual(differencesOf(before, dumpOf(file)), []);
  });

  test('is not put in place when the journal is damaged: the old one stays as it is', (context) => {
    const { dataDir, file } = keptUp(context, randomJournal(14, 50));
    const before = dumpOf(file);
    const journal = new Database(join(dataDir, 'journal.db'));
    journal.exec("UPDATE journal SET turns = replace(turns, 'user-', 'User-') WHERE batch = 30");
    journal.close();
    assert.throws(
      () => rebuildReadModel(dataDir, () => {}),
      (error) => error instanceof StorageDamaged && /batch 30/.test(error.where),
    );
    assert.deepEqual(differencesOf(before, dumpOf(file)), []);
    assert.ok(!existsSync(`${file}.rebuild`), 'the half-made one is gone');
  });

  test('is not put in place without its last rows, which SQLite could not move into it', (context) => {
    const { dataDir, file } = keptUp(context, randomJournal(17, 50));
    const before = dumpOf(file);
    let reader: Database.Database | undefined;
    const holdWal = (): void => {
      // Whoever else has the file open keeps its WAL from being moved, as a full disk does.
      reader ??= new Database(`${file}.rebuild`, { readonly: true });
      reader.prepare('SELECT through FROM projection').get();
    };
    assert.throws(() => rebuildReadModel(dataDir, holdWal, 20), /could not be completed: is the disk full/);
    reader?.close();
    assert.deepEqual(differencesOf(before, dumpOf(file)), []);
    assert.ok(!existsSync(`${file}.rebuild`), 'the half-made one is gone');
  });
});

describe('npm run db:rebuild', () => {
  test('is this program', () => {
    const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    assert.equal(manifest.scripts['db:rebuild'], 'node --import ./api/require-node.js storage/rebuild.ts');
  });

  test('rebuilds, says how much, and leaves the directory free', async (context) => {
    const { dataDir, file } = keptUp(context, randomJournal(15, 60));
    const before = dumpOf(file);
    const { status, stderr } = runRebuild(dataDir);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^Rebuilt .*read-model\.db through batch 60: \d+ events in /m);
    assert.deepEqual(differencesOf(before, dumpOf(file)), []);
    (await acquireDirectoryLock(dataDir, 0)).release();
  });

  test('takes the directory as an argument, too, and nothing that it does not know', (context) => {
    const { dataDir, file } = keptUp(context, randomJournal(17, 20));
    const nowhere = join(directoryFor(context), 'nowhere');
    const { status, stderr } = runRebuild(nowhere, [dataDir]);
    assert.equal(status, 0, stderr);
    assert.match(stderr, new RegExp(`^Rebuilt ${file} through batch 20`, 'm'));
    for (const args of [[dataDir, nowhere], ['--fast']]) {
      const refused = runRebuild(dataDir, args);
      assert.equal(refused.status, 2);
      assert.match(refused.stderr, /npm run db:rebuild -- \[DATA_DIR\]/);
    }
    const helped = runRebuild(dataDir, ['--help']);
    assert.deepEqual([helped.status, helped.stderr], [0, '']);
    assert.match(helped.stdout, /^npm run db:rebuild/);
  });

  test('refuses while another process holds the directory, and names it', async (context) => {
    const { dataDir, file } = keptUp(context, randomJournal(16, 20));
    const lock = await acquireDirectoryLock(dataDir, 0);
    try {
      const { status, stderr } = runRebuild(dataDir);
      assert.equal(status, 1);
      assert.match(stderr, new RegExp(`^Not rebuilt: process ${process.pid}, since .* holds ${dataDir}`));
    } finally {
      lock.release();
    }
    assert.deepEqual(ask(file, 'SELECT through FROM projection'), [{ through: 20 }]);
  });

  test('says that there is no journal, and makes nothing', (context) => {
    const dataDir = join(directoryFor(context), 'nowhere');
    const { status, stderr } = runRebuild(dataDir);
    assert.equal(status, 1);
    assert.match(stderr, /holds no journal/);
    assert.ok(!existsSync(dataDir));
  });
});
