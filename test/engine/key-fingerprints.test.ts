/** Keys that a journal of an earlier version has bound, when it digested shorter texts than this one. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { it } from 'node:test';
import type { ClientKey } from '../../engine/asker.ts';
import { ToyEngine } from './toy-engine.ts';

const put5 = { type: 'Put', coins: 5 } as const;
const text = `Put ${'5'.repeat(60)}`;

function keyOf(fingerprint: string): ClientKey {
  return { door: 'http', user: 'u', key: 'k', fingerprint };
}

it('a key bound to the digest of a text is bound to that text, also after a crash', async () => {
  const first = new ToyEngine();
  await first.told('a', put5, keyOf(hash('sha256', text, 'base64url')));
  for (const toy of [first, first.crash()]) {
    const replay = { type: 'accepted', reply: { total: 5 }, replayed: true };
    assert.deepEqual(await toy.told('a', put5, keyOf(text)), replay);
    const reused = { type: 'rejected', code: 'idempotency_key_reused', details: {} };
    assert.deepEqual(await toy.told('a', put5, keyOf(`${text}6`)), reused);
    assert.equal(toy.total('a'), 5);
  }
});
