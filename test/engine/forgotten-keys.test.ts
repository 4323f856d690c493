import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ForgottenKeys } from '../../engine/forgotten-keys.ts';

const ttlMs = 1_000;
const scopes = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `http|user-${index}|wallet:${prefix}|${prefix}-${index}`);

describe('forgotten keys', () => {
  it('are all remembered as perhaps bound, and of others hardly any', () => {
    const forgotten = new ForgottenKeys(1_000, ttlMs);
    const added = scopes('added', 20_000);
    for (const scope of added) forgotten.add(scope, 0);
    assert.ok(added.every((scope) => forgotten.mayHave(scope)));
    // 20,000 keys in 2^18 bits: (1 - e^(-4 · 20,000 / 2^18))^4 is 0.48 %.
    const wrong = scopes('other', 20_000).filter((scope) => forgotten.mayHave(scope)).length;
    assert.ok(wrong > 20 && wrong < 200, `${wrong} of 20000`);
  });

  it('are remembered for as long as they may be bound, and not for ever', () => {
    const forgotten = new ForgottenKeys(1_000, ttlMs);
    assert.equal(forgotten.mayHave('a'), false);
    forgotten.add('first', 0);
    forgotten.add('last of its generation', 999);
    forgotten.add('b', 1_000);
    assert.ok(forgotten.mayHave('first'));
    forgotten.add('c', 1_998);
    assert.ok(forgotten.mayHave('last of its generation'));
    forgotten.add('d', 2_000);
    assert.deepEqual(
      ['first', 'last of its generation', 'b', 'c', 'd'].map((scope) => forgotten.mayHave(scope)),
      [false, false, true, true, true],
    );
  });

  it('tell scopes apart that differ in order, in one unit or beyond Latin letters', () => {
    const forgotten = new ForgottenKeys(1_000, ttlMs);
    for (const scope of ['ab', 'k1', '좌석']) forgotten.add(scope, 0);
    for (const scope of ['ba', 'k2', '좌섞', '']) assert.equal(forgotten.mayHave(scope), false, scope);
  });
});
