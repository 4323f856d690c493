/** Keys of durable commands: kept until 24 h after their messages were acked, not after they were bound. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Address } from '../../engine/actor.ts';
import type { Turn } from '../../engine/ports.ts';
import { append, counted, dataDirectory, opened, turn } from './data-directory.ts';
import type { Opened } from './data-directory.ts';

const actor: Address = 'counter:a';
const ttlMs = 1_000;

function bound(atMs: number, scope: string): Turn {
  return turn(atMs, actor, [counted(actor, 1)], {
    binding: { scope, fingerprint: '', outcome: { type: 'made' } },
  });
}

/** Appends one batch and waits until the key index has it. */
async function indexing(storage: Opened, batch: number, turns: readonly Turn[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  storage.follower.subscribe(({ keysThrough }) => {
    if (keysThrough >= batch) resolve();
  });
  await append(storage, batch, [[...turns]]);
  await promise;
}

const isThere = (storage: Opened, scope: string): boolean => storage.keys.find(scope) !== undefined;

test('a durable key whose message was never acked stays, however old; others go with age', async (t) => {
  const storage = await opened(t, dataDirectory(t), { keyTtlMs: ttlMs });
  await indexing(storage, 1, [bound(10, 'do|u|counter:a|k'), bound(10, 'http|u|counter:a|k')]);
  await indexing(storage, 2, [bound(1_000_000, 'http|u|counter:a|later')]);
  assert.equal(isThere(storage, 'http|u|counter:a|k'), false);
  assert.equal(isThere(storage, 'do|u|counter:a|k'), true);
  assert.equal(isThere(storage, 'do|u|counter:a|other'), false);
});

test('a durable key goes when its time is over since the ack, and younger ones stay', async (t) => {
  const dataDir = dataDirectory(t);
  const storage = await opened(t, dataDir, { keyTtlMs: ttlMs });
  await indexing(storage, 1, [bound(10, 'do|u|counter:a|k1')]);
  await indexing(storage, 2, [bound(20, 'do|u|counter:a|k2')]);
  storage.follower.noteAcked(1, 100_000);
  await indexing(storage, 3, [bound(100_000 + ttlMs, 'http|u|counter:a|x')]);
  assert.equal(isThere(storage, 'do|u|counter:a|k1'), true, 'not before its time');
  // The note is kept with the index.
  await storage.close(10_000);
  const again = await opened(t, dataDir, { keyTtlMs: ttlMs });
  await again.follower.ready;
  await indexing(again, 4, [bound(100_001 + ttlMs, 'http|u|counter:a|y')]);
  assert.equal(isThere(again, 'do|u|counter:a|k1'), false);
  assert.equal(isThere(again, 'do|u|counter:a|k2'), true);
});
