import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import Database from 'better-sqlite3';
import type { Address } from '../../engine/actor.ts';
import type { KeyBinding } from '../../engine/ports.ts';
import { StorageDamaged } from '../../storage/damage.ts';
import { openDatabase } from '../../storage/database.ts';
import { markedSnapshot } from '../../storage/set-aside.ts';
import { scopeHash, stateMigrations } from '../../storage/state-schema.ts';
import { append, counted, dataDirectory, opened, turn } from './data-directory.ts';
import type { Opened } from './data-directory.ts';
import { createKinds } from './toy-kinds.ts';

const actor: Address = 'counter:user-007';
const key = 'http|u|counter:a|pay-key-107';

function user(index: number): Address {
  return `counter:user-${String(index).padStart(3, '0')}`;
}

function bound(scope: string): KeyBinding {
  return { scope, fingerprint: 'print', outcome: { type: 'made' } };
}

/** Forty counters at 100, a bound key, a durable key and an open key with each; all followed and closed. */
async function filled(t: TestContext): Promise<string> {
  const dataDir = dataDirectory(t);
  const storage = await opened(t, dataDir);
  await append(
    storage,
    1,
    Array.from({ length: 40 }, (_, index) => [
      turn(index * 1000, user(index), [counted(user(index), 100)], {
        binding: bound(`http|u|counter:a|pay-key-${100 + index}`),
      }),
      turn(index * 1000, user(index), [], { binding: bound(`do|u|counter:a|work-key-${100 + index}`) }),
      turn(index * 1000, 'counter:a', [], {
        pending: { scope: `http|u|counter:a|open-key-${100 + index}`, fingerprint: 'print', question: `q-${index}` },
      }),
    ]),
  );
  await storage.close(10_000);
  return dataDir;
}

function countOf(storage: Opened, address: Address): number | 'absent' {
  const snapshot = storage.snapshots.load(address);
  if (snapshot === undefined) return 'absent';
  return createKinds().counter.decode(address.slice('counter:'.length), snapshot.state).count;
}

/** Offsets of the end of every copy of `wanted` in the file. */
function copiesOf(dataDir: string, wanted: string | Buffer): number[] {
  const bytes = readFileSync(join(dataDir, 'state.db'));
  const ends: number[] = [];
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) ends.push(at + wanted.length - 1);
  return ends;
}

function flip(dataDir: string, offset: number): void {
  const file = join(dataDir, 'state.db');
  const bytes = readFileSync(file);
  bytes[offset] = (bytes[offset] ?? 0) ^ 8;
  writeFileSync(file, bytes);
}

function change(dataDir: string, sql: string): void {
  const raw = new Database(join(dataDir, 'state.db'));
  assert.ok(raw.prepare(sql).run().changes > 0);
  raw.close();
}

function aboutState(error: unknown): boolean {
  return error instanceof StorageDamaged && error.where.includes('state.db') && error.hint.includes('next start');
}

/** The next start makes `state.db` again, and everything is there. */
async function madeAgain(t: TestContext, dataDir: string): Promise<void> {
  const storage = await opened(t, dataDir);
  await storage.follower.ready;
  assert.ok(existsSync(join(dataDir, 'damaged-state.db')));
  await storage.close(10_000);
  const next = await opened(t, dataDir);
  await next.follower.ready;
  for (let index = 0; index < 40; index += 1) assert.equal(countOf(next, user(index)), 100);
  assert.equal(next.keys.find(key)?.batch, 8);
  assert.equal(next.keys.find('do|u|counter:a|work-key-107')?.batch, 8);
  assert.equal(next.keys.pending().length, 40);
  await next.close(10_000);
}

describe('a flipped byte of an actor’s name in state.db', () => {
  it('is found before ready or by the scrub, whichever copy it hits, and the actor is never taken for a new one', async (t) => {
    const offsets = copiesOf(await filled(t), actor);
    assert.ok(offsets.length >= 2, 'the name stands in the table and in its index');
    let beforeReady = 0;
    for (let copy = 0; copy < offsets.length; copy += 1) {
      const dataDir = await filled(t);
      flip(dataDir, copiesOf(dataDir, actor)[copy] ?? 0);
      const storage = await opened(t, dataDir);
      const isReady = await storage.follower.ready.then(
        () => true,
        () => false,
      );
      if (isReady) assert.equal(countOf(storage, actor), 100);
      else beforeReady += 1;
      assert.ok(aboutState(await storage.fatal));
      await storage.close(0);
      await madeAgain(t, dataDir);
    }
    assert.ok(beforeReady >= 1, 'the copy in the index hides the actor');
  });

  it('in the table does not spread to the index when another snapshot is made again', async (t) => {
    const copies = copiesOf(await filled(t), actor).length;
    let refused = 0;
    for (let copy = 0; copy < copies; copy += 1) {
      const again = await filled(t);
      change(again, `UPDATE snapshots SET damaged = 1 WHERE actor = 'counter:user-030'`);
      flip(again, copiesOf(again, actor)[copy] ?? 0);
      try {
        const storage = await opened(t, again);
        await storage.follower.ready;
        assert.deepEqual(storage.rebuilt, ['counter:user-030']);
        assert.equal(countOf(storage, actor), 100);
        await storage.close(0);
      } catch (error) {
        assert.ok(aboutState(error));
        refused += 1;
        await madeAgain(t, again);
      }
    }
    assert.ok(refused >= 1, 'the copy in the table is not trusted');
  });
});

describe('a snapshot', () => {
  it('whose row is gone: not ready, and the next start makes state.db again', async (t) => {
    const dataDir = await filled(t);
    change(dataDir, `DELETE FROM snapshots WHERE actor = '${actor}'`);
    const storage = await opened(t, dataDir);
    await assert.rejects(storage.follower.ready, /there are 39 names in the index .*, but 40 were written/);
    await storage.close(0);
    await madeAgain(t, dataDir);
  });

  it('that is to be marked under a name that no row has: the whole is marked', async (t) => {
    const dataDir = await filled(t);
    const connection = openDatabase(join(dataDir, 'state.db'), { migrations: stateMigrations });
    assert.ok(aboutState(markedSnapshot(connection, 'counter:user-00?', 'its summary does not match its checksum')));
    connection.close();
    await madeAgain(t, dataDir);
  });
});

describe('a bound key', () => {
  for (const scope of [key, 'do|u|counter:a|work-key-107']) {
    it(`whose scope has a flipped byte (${scope.slice(0, 4)}): is damage, not a key that was never bound`, async (t) => {
      const dataDir = await filled(t);
      flip(dataDir, copiesOf(dataDir, scope)[0] ?? 0);
      const storage = await opened(t, dataDir);
      await storage.follower.ready;
      assert.throws(() => storage.keys.find(scope), aboutState);
      await storage.close(0);
      await madeAgain(t, dataDir);
    });
  }

  it('with another fingerprint, time or place: is damage', async (t) => {
    for (const set of [`fingerprint = 'other'`, 'at_ms = at_ms + 1', 'id = id + 1']) {
      const dataDir = await filled(t);
      change(dataDir, `UPDATE keys SET ${set} WHERE scope = '${key}'`);
      const storage = await opened(t, dataDir);
      await storage.follower.ready;
      assert.throws(() => storage.keys.find(key), aboutState);
      assert.throws(() => storage.keys.recent(0, 0, 100), aboutState);
      await storage.close(0);
    }
  });

  it('that its index no longer leads to: is found by the scrub, in either copy of the hash', async (t) => {
    const hash = Buffer.alloc(8);
    hash.writeBigInt64BE(BigInt(scopeHash(key)));
    const copies = copiesOf(await filled(t), hash).length;
    assert.equal(copies, 2, 'the hash stands in the table and in its index');
    for (let copy = 0; copy < copies; copy += 1) {
      const dataDir = await filled(t);
      flip(dataDir, copiesOf(dataDir, hash)[copy] ?? 0);
      const storage = await opened(t, dataDir);
      assert.ok(aboutState(await storage.fatal));
      await storage.close(0);
      await madeAgain(t, dataDir);
    }
  });

  for (const table of ['keys', 'durable_keys']) {
    it(`whose row is gone from ${table}: is found by the scrub`, async (t) => {
      const dataDir = await filled(t);
      change(dataDir, `DELETE FROM ${table} WHERE scope LIKE '%107'`);
      const storage = await opened(t, dataDir);
      assert.match((await storage.fatal).message, /there are 39 rows in the table .*, but 40 were written/);
      await storage.close(0);
      await madeAgain(t, dataDir);
    });
  }
});

describe('an open key', () => {
  it('whose scope has a flipped byte, or whose row is gone: refuses to start', async (t) => {
    for (const sql of [
      `UPDATE pending SET scope = scope || '?' WHERE scope LIKE '%107'`,
      `UPDATE pending SET question = 'q-8' WHERE scope LIKE '%107'`,
      `DELETE FROM pending WHERE scope LIKE '%107'`,
    ]) {
      const dataDir = await filled(t);
      change(dataDir, sql);
      await assert.rejects(opened(t, dataDir), aboutState);
      await madeAgain(t, dataDir);
    }
  });
});

describe('a key that is bound in a row that is there already', () => {
  it('is reported as damage or a bug, not as a disk to check, and state.db is made again', async (t) => {
    const dataDir = await filled(t);
    // Its name flipped: the index of keys is made from batch 1 again, over rows that are there.
    change(dataDir, `DELETE FROM positions WHERE name = 'keys_through'`);
    const storage = await opened(t, dataDir);
    await assert.rejects(storage.follower.ready, (error) => {
      assert.ok(aboutState(error));
      assert.match(String(error), /rows contradict the journal .*damage, or a bug/);
      return true;
    });
    await storage.close(0);
    await madeAgain(t, dataDir);
  });
});
