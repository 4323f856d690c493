import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settled } from './manual-world.ts';
import { nowOf, ToyEngine } from './toy-engine.ts';

const put5 = { type: 'Put', coins: 5 } as const;
const put6 = { type: 'Put', coins: 6 } as const;
const take5 = { type: 'Take', coins: 5 } as const;
const replayOf5 = { type: 'accepted', reply: { total: 5 }, replayed: true };
const reused = { type: 'rejected', code: 'idempotency_key_reused', details: {} };

describe('a key in flight (invariant 6)', () => {
  it('makes the same command wait, then replays', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    const first = toy.ask('a', put5, 'k');
    const second = toy.ask('a', put5, 'k');
    await toy.world.settle();
    assert.equal(await nowOf(second), null);
    await toy.journal.commit();
    assert.deepEqual(await first, { ...replayOf5, replayed: false });
    assert.deepEqual(await second, replayOf5);
    assert.equal(toy.total('a'), 5);
    assert.equal(toy.engine.waiting, 0);
  });

  it('makes another body wait, then refuses it', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    void toy.ask('a', put5, 'k');
    const second = toy.ask('a', put6, 'k');
    await toy.world.settle();
    assert.equal(await nowOf(second), null);
    await toy.journal.commit();
    assert.deepEqual(await second, reused);
  });

  it('shares a refusal with the same body, and judges another afresh', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    void toy.ask('a', { type: 'Put', coins: 1 });
    const first = toy.ask('a', take5, 'k');
    const same = toy.ask('a', take5, 'k');
    const other = toy.ask('a', put6, 'k');
    const otherAgain = toy.ask('a', put6, 'k');
    await toy.world.settle();
    await toy.journal.commit();
    const refusal = { type: 'rejected', code: 'too_few', details: { total: 1 } };
    assert.deepEqual(await first, refusal);
    assert.deepEqual(await same, refusal);
    await toy.world.settle();
    await toy.journal.commit();
    assert.deepEqual(await other, { type: 'accepted', reply: { total: 7 }, replayed: false });
    assert.deepEqual(await otherAgain, { type: 'accepted', reply: { total: 7 }, replayed: true });
    assert.equal(toy.total('a'), 7);
  });

  it('is in flight before the gate: a second command is not judged by a gate that closes meanwhile', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    await startWith(toy, 'gate', 1);
    const gated = () =>
      toy.engine.ask('purse:a', put5, {
        key: { door: 'http', user: 'u', key: 'k', fingerprint: 'put5' },
        gate: { to: 'purse:gate', command: { type: 'Take', coins: 1 } },
      });
    const first = gated();
    const second = gated();
    await toy.world.settle();
    await toy.journal.commit();
    assert.equal((await first).type, 'accepted');
    assert.deepEqual(await second, replayOf5);
    assert.equal(toy.total('gate'), 0);
  });
});

describe('a gate', () => {
  it('refuses the command before its rules, and what it did when it passed stays', async () => {
    const toy = new ToyEngine();
    await toy.told('gate', { type: 'Put', coins: 1 });
    const gate = { to: 'purse:gate', command: { type: 'Take', coins: 1 } } as const;
    const passed = toy.engine.ask('purse:a', { type: 'Take', coins: 1 }, { gate });
    await toy.world.settle();
    assert.deepEqual(await passed, { type: 'rejected', code: 'too_few', details: { total: 0 } });
    assert.equal(toy.total('gate'), 0);
    const refused = toy.engine.ask('purse:a', put5, { gate });
    await toy.world.settle();
    assert.equal((await refused).type, 'rejected');
    assert.equal(toy.total('a'), 0);
    assert.equal(toy.crash().total('gate'), 0);
  });
});

async function startWith(toy: ToyEngine, id: string, coins: number): Promise<void> {
  const put = toy.ask(id, { type: 'Put', coins });
  await toy.world.settle();
  await toy.journal.commit();
  await put;
  await settled();
}
