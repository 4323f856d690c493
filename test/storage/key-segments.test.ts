import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openDatabase } from '../../storage/database.ts';
import { openStateForReading, SqliteKeyIndex } from '../../storage/state-reader.ts';
import { keyTurnsMax, scopeHash, segmentKeysMax, stateMigrations } from '../../storage/state-schema.ts';
import { StateWriter } from '../../storage/state-writer.ts';
import { keyChecksum } from '../../storage/row-totals.ts';
import { dataDirectory } from './data-directory.ts';

const keysABatch = 8_000;

/** Batches of 8,000 keys, each bound at its number, ms. */
function bind(writer: StateWriter, from: number, through: number): void {
  writer.begin();
  for (let batch = from; batch <= through; batch += 1) {
    for (let turn = 0; turn < keysABatch; turn += 1) {
      writer.bindKey(batch, turn, batch, {
        scope: `k${batch}.${turn}`,
        fingerprint: 'print',
        outcome: { type: 'made' },
      });
    }
  }
  writer.commit();
}

function opened(t: TestContext, file: string): SqliteKeyIndex {
  const connection = openStateForReading(file);
  t.after(() => connection.close());
  return new SqliteKeyIndex(connection);
}

function segments(file: string): unknown[] {
  const connection = openStateForReading(file);
  try {
    return connection.prepare('SELECT segment, count(*) FROM keys GROUP BY segment ORDER BY segment').raw().all();
  } finally {
    connection.close();
  }
}

describe('the index of keys', () => {
  it('fills segment after segment, and finds a key in any of them, also after a restart', (t) => {
    const file = join(dataDirectory(t), 'state.db');
    const writer = new StateWriter(file, 'journal');
    bind(writer, 1, 10);
    writer.close();
    const again = new StateWriter(file, 'journal');
    bind(again, 11, 40);
    const all = 40 * keysABatch;
    assert.deepEqual(segments(file), [
      [0, segmentKeysMax],
      [1, segmentKeysMax],
      [2, all - 2 * segmentKeysMax],
    ]);
    const index = opened(t, file);
    for (const batch of [1, 10, 11, 17, 25, 40]) {
      for (const turn of [0, 4_711, keysABatch - 1]) {
        const scope = `k${batch}.${turn}`;
        assert.deepEqual(index.find(scope), { scope, fingerprint: 'print', batch, turn, atMs: batch });
      }
    }
    assert.equal(index.find('k1.8000'), undefined);
    while (!again.audit.scrubKeys('keys', 50_000));

    // The oldest segment goes whole, the next in part.
    again.begin();
    again.expireKeys(18, all);
    again.commit();
    assert.deepEqual(segments(file), [
      [1, 2 * segmentKeysMax - 17 * keysABatch],
      [2, all - 2 * segmentKeysMax],
    ]);
    assert.equal(index.find('k17.1'), undefined);
    assert.equal(index.find('k18.1')?.batch, 18);
    assert.equal(index.find('k40.1')?.batch, 40);
    again.close();
  });

  it('has the newest of two with one scope first, whatever segments they lie in', (t) => {
    const file = join(dataDirectory(t), 'state.db');
    const writer = new StateWriter(file, 'journal');
    const again = { scope: 'k1.5', fingerprint: 'newer', outcome: { type: 'made' } } as const;
    bind(writer, 1, 20);
    writer.begin();
    writer.bindKey(21, 7, 21, again);
    writer.commit();
    assert.deepEqual(opened(t, file).find('k1.5'), {
      scope: 'k1.5',
      fingerprint: 'newer',
      batch: 21,
      turn: 7,
      atMs: 21,
    });
    writer.close();
  });

  it('finds keys beside one whose segment is damaged, and says so where that hides too much', (t) => {
    const file = join(dataDirectory(t), 'state.db');
    const writer = new StateWriter(file, 'journal');
    bind(writer, 1, 20);
    writer.close();
    const damage = openDatabase(file, { migrations: stateMigrations });
    t.after(() => damage.close());
    const index = opened(t, file);
    const [first, last] = ['(SELECT min(id) FROM keys)', '(SELECT max(id) FROM keys)'];
    for (const [row, segment] of [
      [first, 700],
      [last, -700],
    ] as const) {
      const before = damage.prepare(`SELECT segment FROM keys WHERE id = ${row}`).pluck().get();
      damage.prepare(`UPDATE keys SET segment = ? WHERE id = ${row}`).run(segment);
      for (const scope of ['k1.1', 'k10.1', 'k20.7998']) assert.equal(index.find(scope)?.scope, scope);
      damage.prepare(`UPDATE keys SET segment = ? WHERE id = ${row}`).run(before);
    }
    damage.prepare(`UPDATE keys SET segment = 1000000000000 WHERE id = ${last}`).run();
    assert.throws(() => index.find('k1.1'), /segments 0 to 1000000000000/);
  });

  it('keeps the keys of a file from before it had segments', (t) => {
    const file = join(dataDirectory(t), 'state.db');
    const before = openDatabase(file, { migrations: stateMigrations.slice(0, 3) });
    const insert = before.prepare(
      'INSERT INTO keys (id, scope_hash, at_ms, scope, fingerprint, checksum) VALUES (?, ?, ?, ?, ?, ?)',
    );
    let hash = 0n;
    for (let turn = 0; turn < 3; turn += 1) {
      const id = 5 * keyTurnsMax + turn;
      const ofScope = scopeHash(`old${turn}`);
      const checksum = keyChecksum(id, 9, ofScope, 'print');
      insert.run(id, ofScope, 9, `old${turn}`, 'print', checksum);
      hash ^= BigInt(checksum);
    }
    before.prepare("UPDATE totals SET rows = 3, hash = ? WHERE name = 'keys'").run(hash);
    before.close();

    const writer = new StateWriter(file, 'journal');
    bind(writer, 6, 6);
    const index = opened(t, file);
    assert.deepEqual(index.find('old2'), { scope: 'old2', fingerprint: 'print', batch: 5, turn: 2, atMs: 9 });
    assert.equal(index.find('k6.3')?.turn, 3);
    assert.equal(writer.audit.scrubKeys('keys', 100_000), true);
    writer.close();
  });
});
