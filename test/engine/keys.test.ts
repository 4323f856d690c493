import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientKey } from '../../engine/asker.ts';
import { ToyEngine } from './toy-engine.ts';

const put5 = { type: 'Put', coins: 5 } as const;
const put6 = { type: 'Put', coins: 6 } as const;
const take5 = { type: 'Take', coins: 5 } as const;
const replayOf5 = { type: 'accepted', reply: { total: 5 }, replayed: true };
const reused = { type: 'rejected', code: 'idempotency_key_reused', details: {} };
const dayMs = 24 * 60 * 60 * 1000;

function durable(key: string, fingerprint: string): ClientKey {
  return { door: 'do', user: 'u', key, fingerprint };
}

function keyOf(fingerprint: string): ClientKey {
  return { door: 'http', user: 'u', key: 'k', fingerprint };
}

/** Runs the same expectations on the engine as it is, and on the one that comes back after a crash. */
function beforeAndAfterRestart(
  name: string,
  given: (toy: ToyEngine) => Promise<void>,
  then: (toy: ToyEngine) => Promise<void>,
) {
  it(name, async () => {
    const toy = new ToyEngine();
    await given(toy);
    await then(toy);
  });
  it(`${name}, also after a crash`, async () => {
    const toy = new ToyEngine();
    await given(toy);
    await then(toy.crash());
  });
  it(`${name}, also after a crash, from the index alone`, async () => {
    const toy = new ToyEngine();
    await given(toy);
    await then(toy.crash({ limits: { keysInMemoryMax: 0 } }));
  });
}

describe('a bound key (invariant 6)', () => {
  beforeAndAfterRestart(
    'gives the first answer again, and has no second effect',
    async (toy) => void (await toy.told('a', put5, 'k')),
    async (toy) => {
      await toy.told('a', { type: 'Take', coins: 1 });
      assert.deepEqual(await toy.told('a', put5, 'k'), replayOf5);
      assert.equal(toy.total('a'), 4);
    },
  );

  beforeAndAfterRestart(
    'refuses another body',
    async (toy) => void (await toy.told('a', put5, 'k')),
    async (toy) => {
      assert.deepEqual(await toy.told('a', put6, 'k'), reused);
      assert.equal(toy.total('a'), 5);
    },
  );

  beforeAndAfterRestart(
    'replays a reply that came without events',
    async (toy) => {
      await toy.told('a', put5);
      await toy.told('a', { type: 'Look' }, 'k');
      await toy.told('a', put5);
    },
    async (toy) => assert.deepEqual(await toy.told('a', { type: 'Look' }, 'k'), replayOf5),
  );

  beforeAndAfterRestart(
    'is free for another actor, another user and another door',
    async (toy) => void (await toy.told('a', put5, 'k')),
    async (toy) => {
      const outcomes = [
        await toy.told('b', put5, 'k'),
        await toy.told('a', put5, { door: 'http', user: 'v', key: 'k', fingerprint: JSON.stringify(put5) }),
        await toy.told('a', put5, { door: 'cmd', user: 'u', key: 'k', fingerprint: JSON.stringify(put5) }),
      ];
      assert.deepEqual(
        outcomes.map((outcome) => outcome.type === 'accepted' && outcome.replayed),
        [false, false, false],
      );
      assert.equal(toy.total('a'), 15);
    },
  );

  beforeAndAfterRestart(
    'is not bound by a refusal: the next try is judged afresh',
    async (toy) => {
      assert.equal((await toy.told('a', take5, 'k')).type, 'rejected');
      await toy.told('a', { type: 'Put', coins: 9 });
    },
    async (toy) => {
      assert.deepEqual(await toy.told('a', take5, 'k'), { type: 'accepted', reply: { total: 4 }, replayed: false });
    },
  );

  beforeAndAfterRestart(
    'of a durable command is bound by a refusal too',
    async (toy) => {
      assert.equal((await toy.told('a', take5, durable('k', 'take'))).type, 'rejected');
      await toy.told('a', { type: 'Put', coins: 9 });
    },
    async (toy) => {
      const again = await toy.told('a', take5, durable('k', 'take'));
      assert.deepEqual(again, { type: 'rejected', code: 'too_few', details: { total: 0 } });
      assert.deepEqual(await toy.told('a', take5, durable('k', 'other')), reused);
      assert.equal(toy.total('a'), 9);
    },
  );

  beforeAndAfterRestart(
    'of a conversation gives the reply of the turn that closed it',
    async (toy) => {
      await toy.told('a', { type: 'Put', coins: 9 });
      await toy.told('a', { type: 'Send', coins: 4, to: 'b' }, 'k');
    },
    async (toy) => {
      assert.deepEqual(await toy.told('a', { type: 'Send', coins: 4, to: 'b' }, 'k'), replayOf5);
      assert.equal(toy.total('b'), 4);
    },
  );

  beforeAndAfterRestart(
    'of a conversation that was refused is free',
    async (toy) => {
      await toy.told('b', { type: 'Put', coins: 1_000 });
      await toy.told('a', { type: 'Put', coins: 9 });
      const refused = await toy.told('a', { type: 'Send', coins: 4, to: 'b' }, 'k');
      assert.deepEqual(refused, { type: 'rejected', code: 'too_many', details: { total: 1_000 } });
      assert.equal(toy.total('a'), 9);
      await toy.told('b', { type: 'Take', coins: 500 });
    },
    async (toy) => {
      const sent = await toy.told('a', { type: 'Send', coins: 4, to: 'b' }, 'k');
      assert.deepEqual(sent, { type: 'accepted', reply: { total: 5 }, replayed: false });
    },
  );

  it('gives the first answer again after a restart that comes hours later', async () => {
    const toy = new ToyEngine();
    await toy.told('a', put5, 'k');
    await toy.world.pass(dayMs / 2);
    assert.deepEqual(await toy.crash().told('a', put5, 'k'), replayOf5);
  });

  beforeAndAfterRestart(
    'refuses a body that differs at its end only, however long it is',
    async (toy) => void (await toy.told('a', put5, keyOf(`Put ${'x'.repeat(500)} 5`))),
    async (toy) => {
      assert.deepEqual(await toy.told('a', put5, keyOf(`Put ${'x'.repeat(500)} 6`)), reused);
      assert.deepEqual(await toy.told('a', put5, keyOf(`Put ${'x'.repeat(500)} 5`)), replayOf5);
    },
  );

  beforeAndAfterRestart(
    'is free again after 24 h, and not before',
    async (toy) => void (await toy.told('a', put5, 'k')),
    async (toy) => {
      await toy.world.pass(dayMs - 1);
      assert.deepEqual(await toy.told('a', put5, 'k'), replayOf5);
      await toy.world.pass(1);
      assert.deepEqual(await toy.told('a', put5, 'k'), { type: 'accepted', reply: { total: 10 }, replayed: false });
    },
  );
});

describe('what memory knows of keys', () => {
  it('costs no read for a new key while it holds the last 24 h', async () => {
    const toy = new ToyEngine();
    await toy.told('a', put5, 'k1');
    const restarted = toy.crash();
    await restarted.world.settle();
    await restarted.told('a', put5, 'k2');
    assert.equal(restarted.keys.finds, 0);
    assert.deepEqual(await restarted.told('a', put5, 'k1'), replayOf5);
    assert.equal(restarted.keys.finds, 0);
  });

  it('holds the keys of all pages after a restart, however the pages are cut', async () => {
    for (const keysPageMax of [1, 2, 3, 4, 7, 100]) {
      const toy = new ToyEngine();
      const keys = Array.from({ length: 9 }, (_, index) => `k${index}`);
      // Batches of one, two and three keys.
      for (const from of [0, 1, 3, 6]) {
        const asked = keys.slice(from, from === 6 ? 9 : 2 * from + 1).map((key) => toy.ask('a', put5, key));
        await toy.world.settle();
        await Promise.all(asked);
      }
      const restarted = toy.crash({ limits: { keysPageMax } });
      await restarted.world.settle();
      for (const key of keys) {
        const again = await restarted.told('a', put5, key);
        assert.ok(again.type === 'accepted' && again.replayed, `${key}, pages of ${keysPageMax}`);
      }
      assert.equal(restarted.total('a'), 45);
      await restarted.told('a', put5, 'new');
      assert.equal(restarted.keys.finds, 0, 'memory is complete');
    }
  });

  it('costs one read for a new key until the keys from before the start are loaded', async () => {
    const toy = new ToyEngine();
    for (const key of ['k1', 'k2']) await toy.told('a', put5, key);
    const restarted = toy.crash({ limits: { keysPageMax: 1 } });
    await restarted.told('a', put5, 'k3');
    assert.equal(restarted.keys.finds, 1);
    await restarted.world.settle();
    await restarted.told('a', put5, 'k4');
    assert.equal(restarted.keys.finds, 1);
  });

  it('costs a read for keys that it had to forget, and none for new ones', async () => {
    const toy = new ToyEngine({ limits: { keysInMemoryMax: 2 } });
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    for (const key of keys) {
      await toy.told('a', put5, key);
      toy.disk.index();
      toy.follower.report({ completeThrough: 0, keysThrough: toy.disk.keysThrough, readModelThrough: 0, stored: [] });
    }
    assert.equal(toy.keys.finds, 0);
    for (const key of keys.slice(0, 10)) {
      const again = await toy.told('a', put5, key);
      assert.ok(again.type === 'accepted' && again.replayed, key);
    }
    assert.equal(toy.keys.finds, 10);
    assert.equal(toy.total('a'), 100);
  });

  it('knows after a restart of more keys than it may hold, and still reads for none that is new', async () => {
    const toy = new ToyEngine();
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    for (const key of keys) await toy.told('a', put5, key);
    const restarted = toy.crash({ limits: { keysInMemoryMax: 3, keysPageMax: 4 } });
    await restarted.world.settle();
    await restarted.told('a', put5, 'new');
    assert.equal(restarted.keys.finds, 0);
    for (const key of keys) {
      const again = await restarted.told('a', put5, key);
      assert.ok(again.type === 'accepted' && again.replayed, key);
    }
    assert.equal(restarted.total('a'), 105);
  });

  it('forgets a key only after the index has it', async () => {
    const toy = new ToyEngine({ limits: { keysInMemoryMax: 2 } });
    for (const key of ['k1', 'k2', 'k3', 'k4']) await toy.told('a', put5, key);
    assert.deepEqual(await toy.told('a', put5, 'k1'), replayOf5);
    assert.equal(toy.keys.finds, 0);
    toy.disk.index();
    toy.follower.report({ completeThrough: 0, keysThrough: toy.disk.keysThrough, readModelThrough: 0, stored: [] });
    await toy.told('a', put5, 'k5');
    assert.deepEqual(await toy.told('a', put5, 'k1'), replayOf5);
    assert.ok(toy.keys.finds >= 1);
    assert.equal(toy.total('a'), 25);
  });

  it('does not take itself for complete when a key had to leave while others were loaded', async () => {
    const toy = new ToyEngine();
    for (const key of ['k1', 'k2', 'k3']) await toy.told('a', put5, key);
    const restarted = toy.crash({ limits: { keysInMemoryMax: 3 } });
    restarted.follower.report({ completeThrough: 0, keysThrough: 3, readModelThrough: 0, stored: [] });
    await restarted.told('a', put5, 'k4');
    await restarted.told('a', put5, 'k5');
    assert.deepEqual(await restarted.told('a', put5, 'k1'), replayOf5);
    assert.equal(restarted.total('a'), 25);
  });
});
