import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Address } from '../../engine/actor.ts';
import type { RemoteMessage } from '../../engine/options.ts';
import { ManualWorld } from './manual-world.ts';
import { nowOf, startMs, ToyEngine } from './toy-engine.ts';

describe('talking to another actor of the same engine (invariant 10)', () => {
  it('takes one turn and one commit, in the order of the conversation', async () => {
    const toy = new ToyEngine();
    await toy.told('a', { type: 'Put', coins: 9 });
    await toy.told('a', { type: 'Send', coins: 4, to: 'b' });
    const turns = toy.disk.batches.at(-1)?.turns;
    assert.equal(turns?.length, 1);
    assert.deepEqual(
      turns[0]?.events.map(({ actor, event }) => `${actor} ${event.type}`),
      ['purse:a SendStarted', 'purse:b CoinsPut', 'purse:a SendDone'],
    );
    assert.deepEqual([toy.total('a'), toy.total('b')], [5, 4]);
  });

  it('brings a refusal back to the one who asked', async () => {
    const toy = new ToyEngine();
    await toy.told('b', { type: 'Put', coins: 1_000 });
    await toy.told('a', { type: 'Put', coins: 9 });
    const outcome = await toy.told('a', { type: 'Send', coins: 4, to: 'b' });
    assert.deepEqual(outcome, { type: 'rejected', code: 'too_many', details: { total: 1_000 } });
    assert.deepEqual([toy.total('a'), toy.total('b')], [9, 1_000]);
  });

  it('delivers a tell in the same turn', async () => {
    const toy = new ToyEngine();
    const outcome = await toy.told('a', { type: 'Notify', purse: 'b' });
    assert.equal(outcome.type, 'accepted');
    assert.equal(toy.fatal, null);
  });
});

/** Two engines, and messages between them that the test delivers, loses or repeats. */
class TwoEngines {
  readonly world = new ManualWorld(startMs);
  readonly messages: RemoteMessage[] = [];
  readonly #remote = (own: string) => ({
    owns: (actor: Address) => actor.startsWith(`purse:${own}`),
    send: (message: RemoteMessage) => void this.messages.push(message),
  });
  a = new ToyEngine({ world: this.world, remote: this.#remote('a') });
  b = new ToyEngine({ world: this.world, remote: this.#remote('b') });

  async deliver(message: RemoteMessage): Promise<void> {
    const engine = message.to.startsWith('purse:a') ? this.a : this.b;
    engine.engine.deliver(message);
    await this.world.settle();
  }

  async deliverAll(): Promise<void> {
    for (let message = this.messages.shift(); message !== undefined; message = this.messages.shift()) {
      await this.deliver(message);
    }
  }
}

describe('talking to an actor of another engine (invariant 10)', () => {
  it('leaves after the commit, and the answer closes the question in a turn of its own', async () => {
    const both = new TwoEngines();
    await both.a.told('a', { type: 'Put', coins: 9 });
    const sent = both.a.ask('a', { type: 'Send', coins: 4, to: 'b' }, 'k');
    assert.equal(both.messages.length, 0);
    await both.world.settle();
    assert.equal(both.messages.length, 1);
    assert.equal(await nowOf(sent), null);
    await both.deliverAll();
    assert.deepEqual(await sent, { type: 'accepted', reply: { total: 5 }, replayed: false });
    assert.equal(both.b.total('b'), 4);
  });

  it('the same question gets the same answer, once, also after the receiver crashed', async () => {
    const both = new TwoEngines();
    await both.a.told('a', { type: 'Put', coins: 9 });
    void both.a.told('a', { type: 'Send', coins: 4, to: 'b' });
    await both.world.settle();
    const [question] = both.messages.splice(0);
    assert.ok(question);
    await both.deliver(question);
    both.b = both.b.crash();
    await both.deliver(question);
    assert.equal(both.b.total('b'), 4);
    assert.deepEqual(both.messages[0], both.messages[1]);
    await both.deliverAll();
    assert.equal(both.a.total('a'), 5);
  });

  it('a refusal, too, is remembered', async () => {
    const both = new TwoEngines();
    await both.b.told('b', { type: 'Put', coins: 1_000 });
    await both.a.told('a', { type: 'Put', coins: 9 });
    const sent = both.a.ask('a', { type: 'Send', coins: 4, to: 'b' }, 'k');
    await both.world.settle();
    const [question] = both.messages.splice(0);
    assert.ok(question);
    await both.deliver(question);
    await both.b.told('b', { type: 'Take', coins: 900 });
    await both.deliver(question);
    assert.equal(both.b.total('b'), 100);
    await both.deliverAll();
    assert.equal((await sent).type, 'rejected');
    assert.equal(both.a.total('a'), 9);
  });

  it('recovery asks again, and the key binds when the question is closed', async () => {
    const both = new TwoEngines();
    await both.a.told('a', { type: 'Put', coins: 9 });
    void both.a.ask('a', { type: 'Send', coins: 4, to: 'b' }, 'k');
    await both.world.settle();
    both.messages.length = 0;
    both.a = both.a.crash();
    await both.world.settle();
    assert.equal(both.messages.length, 1);
    const retried = both.a.ask('a', { type: 'Send', coins: 4, to: 'b' }, 'k');
    await both.world.settle();
    assert.equal(await nowOf(retried), null);
    await both.deliverAll();
    assert.deepEqual(await retried, { type: 'accepted', reply: { total: 5 }, replayed: true });
    both.a = both.a.crash();
    const replayed = await both.a.told('a', { type: 'Send', coins: 4, to: 'b' }, 'k');
    assert.deepEqual(replayed, { type: 'accepted', reply: { total: 5 }, replayed: true });
    assert.equal(both.b.total('b'), 4);
  });

  it('recovery finds the open question of an actor at rest', async () => {
    const both = new TwoEngines();
    await both.a.told('a', { type: 'Put', coins: 9 });
    void both.a.ask('a', { type: 'Send', coins: 4, to: 'b' });
    await both.world.settle();
    both.messages.length = 0;
    both.a.disk.snapshotAll({ purse: (await import('./toy-actors.ts')).purse });
    both.a = both.a.crash();
    await both.deliverAll();
    assert.equal(both.b.total('b'), 4);
  });

  it('a key whose conversation was refused after a restart is free', async () => {
    const both = new TwoEngines();
    await both.b.told('b', { type: 'Put', coins: 1_000 });
    await both.a.told('a', { type: 'Put', coins: 9 });
    void both.a.ask('a', { type: 'Send', coins: 4, to: 'b' }, 'k');
    await both.world.settle();
    both.a = both.a.crash();
    await both.deliverAll();
    both.a = both.a.crash();
    assert.equal(both.a.disk.pending.size, 0);
    const afresh = both.a.ask('a', { type: 'Send', coins: 2, to: 'b' }, 'k');
    await both.world.settle();
    assert.equal(both.messages.length, 1);
    await both.b.told('b', { type: 'Take', coins: 900 });
    await both.deliverAll();
    assert.deepEqual(await afresh, { type: 'accepted', reply: { total: 7 }, replayed: false });
  });
});
