import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import type { StoredBatch, Turn } from '../../engine/ports.ts';
import { JournalReader } from '../../storage/journal-reader.ts';
import { RecentTurns } from '../../storage/recent-turns.ts';
import { append, counted, dataDirectory, event, opened, spoilPages, turn } from './data-directory.ts';

function bound(scope: string): Turn {
  return turn(1, 'counter:a', [counted('counter:a', 1)], {
    binding: { scope, fingerprint: 'print', outcome: { type: 'made' } },
  });
}

function batch(number: number, turns: readonly Turn[]): StoredBatch {
  return { number, atMs: 1, turns };
}

function scopeOf(turns: RecentTurns, number: number): string | undefined {
  return turns.get(number, 0)?.binding?.scope;
}

describe('the replay of keys of one batch', () => {
  it('reads the batch once', async (t) => {
    const dataDir = dataDirectory(t);
    const storage = await opened(t, dataDir);
    await append(storage, 1, [[bound('k1'), bound('k2')], [bound('k3')]]);
    await storage.close(10_000);
    const reader = new JournalReader(join(dataDir, 'journal.db'));
    t.after(() => reader.close());
    assert.equal(reader.turn(1, 0).binding?.scope, 'k1');
    // What is no longer in the file can only come from memory.
    const raw = new Database(join(dataDir, 'journal.db'));
    raw.exec('DELETE FROM journal');
    raw.close();
    assert.equal(reader.turn(1, 1).binding?.scope, 'k2');
    assert.throws(() => reader.turn(1, 2), /missing/);
    assert.throws(() => reader.turn(2, 0), /missing/);
  });

  it('does not read the turns of the batch before', async (t) => {
    const dataDir = dataDirectory(t);
    const storage = await opened(t, dataDir);
    await append(storage, 1, [
      [turn(1, 'list:a', [event('list:a', 'Named', { name: 'x'.repeat(100_000) })])],
      [bound('k1')],
    ]);
    await storage.close(10_000);
    // The pages in the middle of batch 1 lead nowhere: SQLite cannot read its turns.
    const file = join(dataDir, 'journal.db');
    spoilPages(file, 'x'.repeat(3_000), 20_000);
    const reader = new JournalReader(file);
    t.after(() => reader.close());
    assert.throws(() => reader.batch(1));
    assert.equal(reader.turn(2, 0).binding?.scope, 'k1');
  });
});

describe('turns kept for replays', () => {
  it('go, the batch first that was read first, when there are too many', () => {
    const turns = new RecentTurns(1_000);
    for (const number of [1, 2, 3]) turns.keep(batch(number, [bound(`k${number}`)]), 400);
    assert.deepEqual(
      [1, 2, 3].map((number) => scopeOf(turns, number)),
      [undefined, 'k2', 'k3'],
    );
    turns.keep(batch(2, [bound('k2')]), 400);
    turns.keep(batch(4, [bound('k4')]), 400);
    assert.deepEqual(
      [2, 3, 4].map((number) => scopeOf(turns, number)),
      ['k2', undefined, 'k4'],
    );
  });

  it('are those that bind keys, so that of a batch large by other things they stay', () => {
    const turns = new RecentTurns(1_000);
    turns.keep(batch(1, [bound('k1'), turn(1, 'counter:a', [])]), 1_000_000);
    assert.equal(scopeOf(turns, 1), 'k1');
    assert.equal(turns.get(1, 1), undefined);
    turns.keep(batch(2, [bound('k'.repeat(2_000))]), 1_000_000);
    assert.equal(scopeOf(turns, 2), undefined);
    assert.equal(scopeOf(turns, 1), 'k1');
  });
});
