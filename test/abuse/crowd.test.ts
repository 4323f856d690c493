/** A million names: what counts requests stays as small as its bound. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { countedAddress } from '../../api/http/client-address.ts';
import { RateLimit } from '../../api/http/rate-limit.ts';
import { limits } from '../../api/limits.ts';
import { createQueueTokens } from '../../api/queue/queue-token.ts';

const million = 1_000_000;

// With a sweep that begins at the front each time, this takes minutes.
describe('a million', { timeout: 20_000 }, () => {
  test('users in one second are remembered up to the bound, and the one who shouts is still refused', () => {
    const limit = new RateLimit({ perSecond: 5, nowMs: () => 1_000 });
    let shouted = 0;
    for (let index = 0; index < million; index++) {
      assert.ok(limit.passes(`user-${index}`));
      if (index % 1_000 === 0 && limit.passes('shouting')) shouted++;
    }
    assert.equal(limit.size, limits.rateEntriesMax);
    // Forgotten only when the crowd has filled the table once since it last passed: a few seconds' worth in all.
    assert.ok(shouted <= 5 * Math.ceil(million / limits.rateEntriesMax), String(shouted));
  });

  test('addresses of one network are one caller', () => {
    const limit = new RateLimit({ perSecond: 5, nowMs: () => 1_000 });
    let passed = 0;
    for (let index = 0; index < million; index += 10) {
      if (
        limit.passes(
          countedAddress(`2001:db8:0:7:${index.toString(16).slice(-4)}::${(index >> 4).toString(16).slice(-4)}`),
        )
      )
        passed++;
    }
    assert.deepEqual([passed, limit.size], [5, 1]);
  });

  test('forged tokens are remembered by nobody', () => {
    const tokens = createQueueTokens('a-secret-of-the-tests', 1_000);
    const genuine = tokens.sign({ room: 'main', epoch: 'e', place: 1, userId: 'ann' });
    const forged = genuine.slice(0, -22);
    for (let index = 0; index < 20_000; index++) {
      assert.equal(tokens.verify(`${forged}${String(index).padStart(22, 'A')}`), null);
    }
    assert.equal(tokens.verify(genuine)?.userId, 'ann');
  });
});
