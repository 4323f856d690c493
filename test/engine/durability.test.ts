import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nowOf, ToyEngine } from './toy-engine.ts';

describe('what leaves the engine (invariants 3, 4, 5)', () => {
  it('an answer waits until its batch is durable', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    const answer = toy.ask('a', { type: 'Put', coins: 5 });
    await toy.world.settle();
    assert.equal(await nowOf(answer), null);
    await toy.journal.commit();
    assert.deepEqual(await answer, { type: 'accepted', reply: { total: 5 }, replayed: false });
  });

  it('a refusal that rests on a not yet durable event waits for it too', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    void toy.ask('a', { type: 'Put', coins: 5 });
    const refusal = toy.ask('a', { type: 'Take', coins: 6 });
    const elsewhere = toy.ask('b', { type: 'Take', coins: 6 });
    await toy.world.settle();
    assert.equal(await nowOf(refusal), null);
    assert.deepEqual(await nowOf(elsewhere), { type: 'rejected', code: 'too_few', details: { total: 0 } });
    await toy.journal.commit();
    assert.deepEqual(await refusal, { type: 'rejected', code: 'too_few', details: { total: 5 } });
  });

  it('a durable read waits for the events it rests on, advice does not', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    void toy.ask('a', { type: 'Put', coins: 5 });
    const durable = toy.engine.viewDurable<'purse', 'total'>('purse:a', { type: 'total' });
    await toy.world.settle();
    assert.equal(toy.total('a'), 5);
    assert.equal(await nowOf(durable), null);
    await toy.journal.commit();
    assert.equal(await durable, 5);
  });

  it('what rests on the batch that is being written goes with it, though nothing follows', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    void toy.ask('a', { type: 'Put', coins: 5 });
    await toy.world.settle();
    const read = toy.engine.viewDurable<'purse', 'total'>('purse:a', { type: 'total' });
    const refused = toy.ask('a', { type: 'Take', coins: 6 });
    assert.deepEqual([await nowOf(read), await nowOf(refused)], [null, null]);
    await toy.journal.commit();
    assert.deepEqual([await nowOf(read), (await nowOf(refused))?.type], [5, 'rejected']);
  });

  it('while one batch is written the next one fills, and leaves when the writer is free', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    const first = toy.ask('a', { type: 'Put', coins: 1 });
    await toy.world.settle();
    const second = toy.ask('a', { type: 'Put', coins: 2 });
    const third = toy.ask('b', { type: 'Put', coins: 3 });
    await toy.world.settle();
    assert.equal(toy.journal.waiting.length, 1);
    await toy.journal.commit();
    assert.notEqual(await nowOf(first), null);
    assert.equal(await nowOf(second), null);
    await toy.world.settle();
    assert.equal(toy.journal.waiting.length, 1);
    await toy.journal.commit();
    await Promise.all([second, third]);
    assert.deepEqual(
      toy.disk.batches.map((batch) => batch.turns.length),
      [1, 2],
    );
  });

  it('a batch that grows with every round of the event loop leaves after a few of them', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    let asked = 0;
    const askAgain = (): void => {
      asked += 1;
      void toy.ask('a', { type: 'Put', coins: 1 });
      if (asked < 20) toy.world.soon(askAgain);
    };
    askAgain();
    await toy.world.settle();
    assert.equal(asked, 20);
    await toy.journal.commit();
    const [batch] = toy.disk.batches;
    assert.ok(batch !== undefined && batch.turns.length > 1 && batch.turns.length < 20);
  });

  it('a large batch leaves while the commands after it are still judged, if it has grown for as long as a commit takes', async () => {
    const toy = new ToyEngine({ commitsByItself: false, limits: { waitingCommandsMax: 900 } });
    const put = () => toy.ask('a', { type: 'Put', coins: 1 });
    const turns = () => toy.disk.batches.map((batch) => batch.turns.length);
    const first = Array.from({ length: 64 }, put);
    // Nothing is known of the disk yet.
    assert.equal(toy.journal.waiting.length, 1);
    await toy.world.settle();
    await toy.world.pass(5);
    await toy.journal.commit();
    // What had gathered meanwhile is worth a commit: it goes before the answers.
    await toy.journal.commit();
    await Promise.all(first);
    assert.deepEqual(turns(), [32, 32]);

    await toy.world.pass(5);
    const slow = put();
    await toy.world.settle();
    await toy.world.pass(5);
    await toy.journal.commit();
    await slow;
    // The disk takes 5 ms, and these no time at all: they share one commit.
    const together = Array.from({ length: 64 }, put);
    await toy.world.settle();
    await toy.journal.commit();
    await Promise.all(together);
    assert.deepEqual(turns(), [32, 32, 1, 64]);
    assert.deepEqual(await together.at(-1), { type: 'accepted', reply: { total: 129 }, replayed: false });
  });

  it('a failed commit stops the engine and confirms nothing more', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    const unconfirmed = toy.ask('a', { type: 'Put', coins: 5 });
    await toy.world.settle();
    const behind = toy.ask('a', { type: 'Put', coins: 5 });
    await toy.journal.fail(new Error('database or disk is full'));
    assert.match(String(toy.fatal), /disk is full/);
    const after = toy.ask('b', { type: 'Take', coins: 1 });
    await toy.world.settle();
    assert.deepEqual([await nowOf(unconfirmed), await nowOf(behind), await nowOf(after)], [null, null, null]);
    assert.equal(toy.journal.waiting.length, 0);
  });

  it('an exception in a rule is a bug: the engine stops', async () => {
    const toy = new ToyEngine();
    const answer = toy.ask('a', { type: 'Break' });
    await toy.world.settle();
    assert.match(String(toy.fatal), /a bug in a rule/);
    assert.equal(await nowOf(answer), null);
  });

  it('nothing confirmed is missing after a crash, nothing unconfirmed is half there', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    const confirmed = toy.ask('a', { type: 'Put', coins: 5 });
    await toy.world.settle();
    await toy.journal.commit();
    await confirmed;
    void toy.ask('a', { type: 'Put', coins: 7 });
    await toy.world.settle();
    const restarted = toy.crash();
    assert.equal(restarted.total('a'), 5);
  });
});

describe('bounds (invariant 8)', () => {
  it('a full engine answers overloaded at once, and takes more when it has answered', async () => {
    const toy = new ToyEngine({ commitsByItself: false, limits: { waitingCommandsMax: 2 } });
    const first = toy.ask('a', { type: 'Put', coins: 1 });
    const second = toy.ask('b', { type: 'Put', coins: 1 });
    assert.deepEqual(await nowOf(toy.ask('c', { type: 'Put', coins: 1 })), {
      type: 'rejected',
      code: 'overloaded',
      details: {},
    });
    await toy.world.settle();
    await toy.journal.commit();
    await Promise.all([first, second]);
    assert.equal(toy.engine.waiting, 0);
    const again = toy.ask('c', { type: 'Put', coins: 1 });
    await toy.world.settle();
    await toy.journal.commit();
    assert.equal((await again).type, 'accepted');
  });

  it('commands that wait behind a key count as waiting', async () => {
    const toy = new ToyEngine({ commitsByItself: false, limits: { waitingCommandsMax: 2 } });
    void toy.ask('a', { type: 'Put', coins: 1 }, 'k');
    void toy.ask('a', { type: 'Put', coins: 1 }, 'k');
    assert.equal(toy.engine.waiting, 2);
    const third = await nowOf(toy.ask('a', { type: 'Put', coins: 1 }, 'k'));
    assert.ok(third !== null && third.type === 'rejected');
    assert.equal(third.code, 'overloaded');
  });

  for (const limits of [{ batchTurnsMax: 2 }, { batchCharsMax: 200 }]) {
    it(`a batch that is full refuses what does not fit: ${JSON.stringify(limits)}`, async () => {
      const toy = new ToyEngine({ commitsByItself: false, limits });
      const before = toy.ask('a', { type: 'Put', coins: 1 });
      void toy.ask('a', { type: 'Put', coins: 1 });
      assert.equal(await nowOf(before), null, 'what fits is taken');
      const third = await nowOf(toy.ask('a', { type: 'Put', coins: 1 }));
      assert.ok(third !== null && third.type === 'rejected');
      assert.equal(third.code, 'overloaded');
    });
  }

  it('a draining engine takes no new command and finishes those in flight', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    const inFlight = toy.ask('a', { type: 'Put', coins: 1 });
    const drained = toy.engine.drain();
    const late = await nowOf(toy.ask('a', { type: 'Put', coins: 1 }));
    assert.ok(late !== null && late.type === 'rejected');
    assert.equal(late.code, 'draining');
    await toy.world.settle();
    assert.equal(await nowOf(drained.then(() => true)), null);
    await toy.journal.commit();
    await drained;
    assert.equal((await inFlight).type, 'accepted');
  });

  it('a draining engine waits for the batch that is being written', async () => {
    const toy = new ToyEngine({ commitsByItself: false });
    const inFlight = toy.ask('a', { type: 'Put', coins: 1 });
    await toy.world.settle();
    const drained = toy.engine.drain();
    assert.equal(await nowOf(drained.then(() => true)), null);
    await toy.journal.commit();
    await drained;
    assert.equal((await inFlight).type, 'accepted');
  });
});
