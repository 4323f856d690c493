import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Address } from '../../engine/actor.ts';
import { KeyTable } from '../../engine/key-table.ts';
import type { KeyIndex, Turn } from '../../engine/ports.ts';
import { append, counted, dataDirectory, opened, turn } from './data-directory.ts';
import type { Opened } from './data-directory.ts';

const actor: Address = 'counter:a';

function bound(atMs: number, scope: string): Turn {
  return turn(atMs, actor, [counted(actor, 1)], {
    binding: { scope, fingerprint: `print of ${scope}`, outcome: { type: 'made' } },
  });
}

function pending(atMs: number, scope: string, question: string): Turn {
  return turn(atMs, actor, [counted(actor, 1)], { pending: { scope, fingerprint: `print of ${scope}`, question } });
}

/** Resolves when the key index has this batch. */
function indexed(storage: Opened, batch: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  storage.follower.subscribe(({ keysThrough }) => {
    if (keysThrough >= batch) resolve();
  });
  return promise;
}

describe('a bound key', () => {
  it('is found with its turn, also after a restart that lost the follower’s work', async (t) => {
    const dataDir = dataDirectory(t);
    const storage = await opened(t, dataDir);
    // The follower ends before anything comes, as if it had been far behind at a kill.
    await storage.follower.close(0);
    await append(storage, 1, [
      [bound(10, 'http|u1|counter:a|k1')],
      [bound(20, 'x'), bound(20, 'http|u2|counter:a|k%7C')],
    ]);
    await storage.close(0);

    const again = await opened(t, dataDir);
    await again.follower.ready;
    const found = again.keys.find('http|u2|counter:a|k%7C');
    assert.deepEqual(found, {
      scope: 'http|u2|counter:a|k%7C',
      fingerprint: 'print of http|u2|counter:a|k%7C',
      batch: 2,
      turn: 1,
      atMs: 20,
    });
    assert.equal(again.journal.readTurn(found.batch, found.turn).binding?.scope, found.scope);
    assert.equal(again.keys.find('http|u2|counter:a|k'), undefined);
  });

  it('bound again after its time has the newer turn', async (t) => {
    const storage = await opened(t, dataDirectory(t));
    const done = indexed(storage, 2);
    await append(storage, 1, [[bound(10, 'k')], [bound(90_000_000, 'k')]]);
    await done;
    assert.deepEqual(
      { ...storage.keys.find('k'), fingerprint: '' },
      { scope: 'k', fingerprint: '', batch: 2, turn: 0, atMs: 90_000_000 },
    );
  });

  it('older than the time to live is deleted behind the journal', async (t) => {
    const dataDir = dataDirectory(t);
    const storage = await opened(t, dataDir, { keyTtlMs: 1_000 });
    const done = indexed(storage, 1);
    await append(storage, 1, [[bound(10, 'old'), bound(1_500, 'younger')]]);
    await done;
    const later = indexed(storage, 2);
    await append(storage, 2, [[bound(2_000, 'new')]]);
    await later;
    assert.deepEqual(
      storage.keys.recent(0, 0, 10).map(({ scope }) => scope),
      ['younger', 'new'],
    );
  });
});

describe('recently bound keys', () => {
  it('come oldest first, in pages of whole batches', async (t) => {
    const storage = await opened(t, dataDirectory(t));
    const done = indexed(storage, 5);
    const batches = [3, 2, 5, 0, 1].map((count, batch) => [
      ...Array.from({ length: count }, (_, index) => bound((batch + 1) * 10, `${batch + 1}.${index}`)),
      turn((batch + 1) * 10, actor, [counted(actor, 1)]),
    ]);
    await append(storage, 1, batches);
    await done;
    const pages: string[][] = [];
    for (let after = 0; ;) {
      const page = storage.keys.recent(0, after, 4);
      if (page.length === 0) break;
      pages.push(page.map(({ scope }) => scope));
      after = page.at(-1)?.batch ?? 0;
    }
    assert.deepEqual(pages, [['1.0', '1.1', '1.2'], ['2.0', '2.1'], ['3.0', '3.1', '3.2', '3.3', '3.4'], ['5.0']]);
    assert.deepEqual(
      storage.keys.recent(30, 0, 100).map(({ scope }) => scope),
      ['3.0', '3.1', '3.2', '3.3', '3.4', '5.0'],
    );
  });
});

describe('the keys from before a start', () => {
  it('are all in memory once they are loaded, however the pages are cut', async (t) => {
    const storage = await opened(t, dataDirectory(t));
    const counts = [3, 2, 5, 0, 1, 4, 4];
    const done = indexed(storage, counts.length);
    const batches = counts.map((count, batch) => [
      ...Array.from({ length: count }, (_, index) => bound((batch + 1) * 10, `${batch + 1}.${index}`)),
      turn((batch + 1) * 10, actor, [counted(actor, 1)]),
    ]);
    await append(storage, 1, batches);
    await done;
    for (const pageMax of [1, 2, 4, 5, 8, 19, 100]) {
      let finds = 0;
      const index: KeyIndex = {
        find: () => void (finds += 1),
        recent: (sinceMs, after, limit) => storage.keys.recent(sinceMs, after, limit),
        pending: () => [],
      };
      const table = new KeyTable({
        index,
        bindingAt: (batch, turn) => storage.journal.readTurn(batch, turn).binding,
        hashSeed: 0,
        keysMax: 1_000,
        ttlMs: 1_000,
        startMs: 100,
        startBatch: counts.length,
        pageMax,
      });
      while (!table.loadPage()) continue;
      for (const [batch, count] of counts.entries()) {
        for (let n = 0; n < count; n += 1) {
          assert.equal(table.find(`${batch + 1}.${n}`, 100)?.batch, batch + 1, `pages of ${pageMax}`);
        }
      }
      assert.equal(table.find('none', 100), undefined);
      assert.equal(finds, 0, 'memory is complete');
    }
  });
});

describe('a pending key', () => {
  it('is there until its scope binds or is released, also after a restart', async (t) => {
    const dataDir = dataDirectory(t);
    const storage = await opened(t, dataDir);
    await append(storage, 1, [
      [pending(1, 'a', 'q1'), pending(1, 'b', 'q2')],
      [pending(2, 'c', 'q3')],
      [bound(3, 'a')],
    ]);
    await storage.close(10_000);
    const again = await opened(t, dataDir);
    await again.follower.ready;
    assert.deepEqual(again.keys.pending(), [
      { scope: 'b', fingerprint: 'print of b', question: 'q2', actor },
      { scope: 'c', fingerprint: 'print of c', question: 'q3', actor },
    ]);
    const done = indexed(again, 4);
    await append(again, 4, [[turn(4, actor, [counted(actor, 1)], { released: 'c' })]]);
    await done;
    assert.deepEqual(
      again.keys.pending().map(({ scope }) => scope),
      ['b'],
    );
  });
});
