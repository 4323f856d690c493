import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { StorageDamaged } from '../../storage/damage.ts';
import { openConsumer } from '../../storage/read-model/projector.ts';
import { copyJournal, dataDirectory, filled, opened, removeDatabase } from './data-directory.ts';

function damage(pattern: RegExp) {
  return (error: unknown): boolean => error instanceof StorageDamaged && pattern.test(error.message);
}

describe('a data directory whose journal is gone', () => {
  it('is refused, and stays as it is: what was made from the journal is no reason to begin anew', async (t) => {
    const dataDir = await filled(t, 3);
    removeDatabase(dataDir, 'journal.db');
    for (let start = 0; start < 2; start++) {
      await assert.rejects(opened(t, dataDir), damage(/journal\.db: there is none, but .*state\.db .*Put the journal/));
      assert.equal(existsSync(join(dataDir, 'journal.db')), false);
    }
  });

  it('is refused when an empty file is left of it, and keeps the WAL beside that', async (t) => {
    const dataDir = await filled(t, 3);
    const journal = join(dataDir, 'journal.db');
    writeFileSync(journal, '');
    writeFileSync(`${journal}-wal`, 'what could be read of it');
    await assert.rejects(opened(t, dataDir), damage(/journal\.db: there is none, but/));
    assert.equal(statSync(journal).size, 0);
    assert.equal(readFileSync(`${journal}-wal`, 'utf8'), 'what could be read of it');
  });

  it('is refused when a new journal stands in its place', async (t) => {
    const dataDir = await filled(t, 3);
    removeDatabase(dataDir, 'journal.db');
    copyJournal(await filled(t, 1), dataDir);
    await assert.rejects(opened(t, dataDir), damage(/state\.db: it was made from journal .*Put the journal/));
  });
});

describe('a read model that SQLite cannot read', () => {
  it('is said to be made again from the journal, not restored from a backup', (t) => {
    const file = join(dataDirectory(t), 'read-model.db');
    writeFileSync(file, Buffer.alloc(8192, 0x5a));
    assert.throws(() => openConsumer(file, 'j', 0), damage(/npm run db:rebuild/));
  });
});
