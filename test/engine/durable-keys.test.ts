/** Keys of durable commands: their messages may come again at any time until acked, which only the index knows. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientKey } from '../../engine/asker.ts';
import { ToyEngine } from './toy-engine.ts';

const put5 = { type: 'Put', coins: 5 } as const;
const take9 = { type: 'Take', coins: 9 } as const;
const dayMs = 24 * 60 * 60 * 1000;

function durable(key: string, fingerprint: string): ClientKey {
  return { door: 'do', user: 'u', key, fingerprint };
}

const ways: readonly (readonly [name: string, later: (toy: ToyEngine) => ToyEngine])[] = [
  ['in memory', (toy) => toy],
  ['after a crash', (toy) => toy.crash()],
  ['after a crash, from the index alone', (toy) => toy.crash({ limits: { keysInMemoryMax: 0 } })],
];

describe('the key of a durable command', () => {
  for (const [name, later] of ways) {
    it(`stays bound beyond 24 h, refusals too: ${name}`, async () => {
      const toy = new ToyEngine();
      await toy.told('a', put5, durable('put', 'put'));
      assert.equal((await toy.told('a', take9, durable('take', 'take'))).type, 'rejected');
      await toy.world.pass(3 * dayMs);
      const then = later(toy);
      await then.told('a', { type: 'Put', coins: 10 }, 'a younger key makes the table look at its oldest');
      assert.deepEqual(await then.told('a', put5, durable('put', 'put')), {
        type: 'accepted',
        reply: { total: 5 },
        replayed: true,
      });
      assert.equal((await then.told('a', take9, durable('take', 'take'))).type, 'rejected');
      assert.equal(then.total('a'), 15);
    });
  }

  it('leaves memory only after the index has it, however old it is', async () => {
    const toy = new ToyEngine();
    await toy.told('a', put5, durable('put', 'put'));
    await toy.world.pass(2 * dayMs);
    await toy.told('a', put5, 'other');
    assert.equal((await toy.told('a', put5, durable('put', 'put'))).type, 'accepted');
    assert.equal(toy.total('a'), 10);
  });

  it('is free once the index has let it go', async () => {
    const toy = new ToyEngine();
    await toy.told('a', put5, durable('put', 'put'));
    toy.disk.index();
    toy.disk.bound.clear();
    const restarted = toy.crash();
    await restarted.told('a', put5, durable('put', 'put'));
    assert.equal(restarted.total('a'), 10);
  });
});
