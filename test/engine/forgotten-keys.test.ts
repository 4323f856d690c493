import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ForgottenKeys } from '../../engine/forgotten-keys.ts';
import { textHash } from '../../engine/text-hash.ts';

const ttlMs = 1_000;
const hashOf = (scope: string): number => textHash(scope, 7);
const hashes = (prefix: string, count: number): number[] =>
  Array.from({ length: count }, (_, index) => hashOf(`http|user-${index}|wallet:${prefix}|${prefix}-${index}`));

describe('forgotten keys', () => {
  it('are all remembered as perhaps bound, and of others hardly any', () => {
    const forgotten = new ForgottenKeys(1_000, ttlMs);
    const added = hashes('added', 20_000);
    for (const hash of added) forgotten.add(hash, 0);
    assert.ok(added.every((hash) => forgotten.mayHave(hash)));
    // 20,000 keys in 2^18 bits: (1 - e^(-4 · 20,000 / 2^18))^4 is 0.48 %.
    const wrong = hashes('other', 20_000).filter((hash) => forgotten.mayHave(hash)).length;
    assert.ok(wrong > 20 && wrong < 200, `${wrong} of 20000`);
  });

  it('are remembered for as long as they may be bound, and not for ever', () => {
    const forgotten = new ForgottenKeys(1_000, ttlMs);
    assert.equal(forgotten.mayHave(hashOf('a')), false);
    forgotten.add(hashOf('first'), 0);
    forgotten.add(hashOf('last of its generation'), 999);
    forgotten.add(hashOf('b'), 1_000);
    assert.ok(forgotten.mayHave(hashOf('first')));
    forgotten.add(hashOf('c'), 1_998);
    assert.ok(forgotten.mayHave(hashOf('last of its generation')));
    forgotten.add(hashOf('d'), 2_000);
    assert.deepEqual(
      ['first', 'last of its generation', 'b', 'c', 'd'].map((scope) => forgotten.mayHave(hashOf(scope))),
      [false, false, true, true, true],
    );
  });

  it('tell scopes apart that differ in order, in one unit or beyond Latin letters', () => {
    const forgotten = new ForgottenKeys(1_000, ttlMs);
    for (const scope of ['ab', 'k1', '좌석']) forgotten.add(hashOf(scope), 0);
    for (const scope of ['ba', 'k2', '좌섞', '']) assert.equal(forgotten.mayHave(hashOf(scope)), false, scope);
  });
});
