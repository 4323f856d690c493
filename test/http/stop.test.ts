/** Stopping the door. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { expecting, startStage } from './stage.ts';

describe('a door that stops', () => {
  test('waits for no connection on which nothing is asked', async () => {
    const stage = await startStage();
    const fresh = connect(stage.onsale.port, '127.0.0.1');
    await once(fresh, 'connect');
    await expecting(200, stage.send('GET', '/health/live'));
    const closed = once(fresh, 'close');
    const startedMs = performance.now();
    await stage.stop();
    await closed;
    assert.ok(performance.now() - startedMs < 4_000, 'it was cut off only at the end of the grace period');
  });

  test('finishes the answer that is under way', async () => {
    const stage = await startStage();
    const charges = Array.from({ length: 50 }, () =>
      stage.send('POST', '/v1/users/ann/charges', { body: { amount: 1 } }).catch(() => null),
    );
    const first = await Promise.race(charges);
    await stage.stop();
    const answers = await Promise.all(charges);
    assert.equal(first?.status, 201);
    // Whatever was taken is answered whole: done, or asked to come again, and on no connection that is kept.
    for (const answer of answers) {
      if (answer === null) continue;
      assert.ok([201, 503].includes(answer.status), answer.text);
      if (answer.status === 503) assert.equal(answer.headers.get('connection'), 'close');
    }
  });
});
