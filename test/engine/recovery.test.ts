import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createKinds } from '../../actors/kinds.ts';
import type { ErasedKind } from '../../engine/actor.ts';
import { Cells } from '../../engine/cells.ts';
import type { StoredNow } from '../../engine/ports.ts';
import { rulesUnderTest } from '../actors/rules-under-test.ts';
import { MemoryDisk, MemorySnapshots } from './memory-ports.ts';
import { purse } from './toy-actors.ts';
import { kinds, startMs, ToyEngine } from './toy-engine.ts';

describe('recovery (invariant 9)', () => {
  it('from a snapshot and the tail equals recovery from the whole journal', async () => {
    const toy = new ToyEngine();
    await toy.told('a', { type: 'Put', coins: 9 });
    await toy.told('a', { type: 'Send', coins: 4, to: 'b' });
    const whole = toy.crash();
    toy.disk.snapshotAll(kinds);
    await whole.told('a', { type: 'Put', coins: 1 });
    const fromSnapshot = whole.crash();
    assert.deepEqual([fromSnapshot.total('a'), fromSnapshot.total('b')], [6, 4]);
  });

  it('does not apply again what a snapshot ahead of the others already includes', async () => {
    const toy = new ToyEngine();
    await toy.told('a', { type: 'Put', coins: 9 });
    await toy.told('a', { type: 'RemindAt', atMs: startMs + 1 });
    toy.disk.snapshotAll(kinds);
    toy.disk.completeThrough = 0;
    const restarted = toy.crash();
    await restarted.world.pass(5);
    assert.equal(restarted.engine.view<'purse', 'reminders'>('purse:a', { type: 'reminders' }), 1);
  });

  it('takes no command before the start, and starts once', async () => {
    const toy = new ToyEngine({ starts: false });
    await assert.rejects(async () => await toy.engine.ask('purse:a', { type: 'Put', coins: 1 }), /has not started/);
    toy.engine.start();
    assert.throws(() => toy.engine.start(), /has started already/);
    await toy.told('a', { type: 'Put', coins: 1 });
    assert.equal(toy.total('a'), 1);
  });

  it('lifts old versions of events', () => {
    const disk = new MemoryDisk();
    const event = { type: 'CoinsPut', v: 1, amount: 7 };
    const turn = { atMs: startMs, to: 'purse:a', command: 'Put', events: [{ actor: 'purse:a', event }] };
    disk.write({ number: 1, atMs: startMs, turns: [JSON.stringify(turn)] });
    assert.equal(new ToyEngine({ disk }).total('a'), 7);
  });

  it('touches only the actors of the tail, and knows the others by their summaries', async () => {
    const toy = new ToyEngine();
    await toy.told('rest', { type: 'Put', coins: 1 });
    toy.disk.snapshotAll(kinds);
    await toy.told('tail', { type: 'Put', coins: 1 });
    const restarted = toy.crash();
    assert.deepEqual(restarted.engine.actorsInMemory, { purse: 1 });
    assert.deepEqual([restarted.summaries, restarted.changed], [['purse:rest'], ['purse:tail']]);
  });

  it('never gives a stamp before the last one of the journal', async () => {
    const toy = new ToyEngine();
    await toy.told('a', { type: 'Put', coins: 1 });
    toy.world.setWall(startMs - 3_600_000);
    const restarted = toy.crash();
    await restarted.told('a', { type: 'Put', coins: 1 });
    assert.deepEqual(
      toy.disk.batches.map((batch) => batch.atMs),
      [startMs, startMs],
    );
  });
});

describe('actors in memory (invariant 11)', () => {
  it('leave it once a snapshot includes their last event, down to the bound, and come back as they were', async () => {
    const toy = new ToyEngine({ limits: { idleActorsMax: 10 } });
    for (let n = 0; n < 50; n++) await toy.told(`p${n}`, { type: 'Put', coins: n + 1 });
    assert.deepEqual(toy.engine.actorsInMemory, { purse: 50 });
    await reportSnapshots(toy);
    assert.deepEqual(toy.engine.actorsInMemory, { purse: 10 });
    for (let n = 0; n < 50; n++) assert.equal(toy.total(`p${n}`), n + 1);
    assert.ok((toy.engine.actorsInMemory.purse ?? 0) <= 50);
  });

  it('leave it down to a bound of bytes, too, also those that were loaded to be read', async () => {
    const { byteLength } = purse.encode(purse.initial('p'));
    const toy = new ToyEngine({ limits: { idleBytesMax: 20 * byteLength } });
    for (let n = 0; n < 50; n++) await toy.told(`p${n}`, { type: 'Put', coins: n + 1 });
    await reportSnapshots(toy);
    const inMemory = (): number => toy.engine.actorsInMemory.purse ?? 0;
    assert.ok(inMemory() > 0 && inMemory() <= 20, `${inMemory()} are left`);
    for (let n = 0; n < 50; n++) assert.equal(toy.total(`p${n}`), n + 1);
    for (let n = 0; n < 50; n++) assert.equal(toy.total('p1'), 2);
    assert.ok(inMemory() <= 20, `${inMemory()} are left after reading`);
  });

  it('stay for the bound of bytes where they are too small to matter to it', async () => {
    const { byteLength } = purse.encode(purse.initial('p'));
    const toy = new ToyEngine({ limits: { idleBytesMax: 40_000 * byteLength } });
    for (let n = 0; n < 50; n++) await toy.told(`p${n}`, { type: 'Put', coins: 1 });
    toy.disk.snapshotAll(kinds);
    const huge = storedIn(toy).map((stored, n) => (n === 0 ? { ...stored, bytes: 41_000 * byteLength } : stored));
    for (const stored of [huge, huge, huge]) {
      toy.follower.report({ completeThrough: 0, keysThrough: 0, readModelThrough: 0, stored });
    }
    await toy.world.settle();
    assert.deepEqual(toy.engine.actorsInMemory, { purse: 49 }, 'the huge one has gone');
  });

  it('never leave it where their kind stays', () => {
    assert.deepEqual([left(purse), left({ ...purse, staysInMemory: true })], [0, 1]);
    assert.equal(createKinds(rulesUnderTest).catalog.staysInMemory, true, 'as the catalog does');
  });

  it('leave it all the same when the last snapshots are told of at once, and nothing happens afterwards', async () => {
    const toy = new ToyEngine({ limits: { idleActorsMax: 10 } });
    for (let n = 0; n < 50; n++) await toy.told(`p${n}`, { type: 'Put', coins: 1 });
    toy.disk.snapshotAll(kinds);
    const stored = storedIn(toy);
    toy.follower.report({ completeThrough: 0, keysThrough: 0, readModelThrough: 0, stored });
    await toy.world.settle();
    assert.deepEqual(toy.engine.actorsInMemory, { purse: 10 });
  });

  it('stay with an open deadline, and with an event that no snapshot includes', async () => {
    const toy = new ToyEngine({ limits: { idleActorsMax: 0 } });
    await toy.told('deadline', { type: 'RemindAt', atMs: startMs + 100 });
    await toy.told('idle', { type: 'Put', coins: 1 });
    await toy.told('late', { type: 'Put', coins: 1 });
    toy.disk.snapshotAll(kinds);
    await toy.told('late', { type: 'Put', coins: 1 });
    const stored = storedIn(toy);
    for (let round = 0; round < 3; round++) {
      toy.follower.report({ completeThrough: 0, keysThrough: 0, readModelThrough: 0, stored });
    }
    assert.deepEqual(toy.engine.actorsInMemory, { purse: 2 });
    await toy.world.pass(100);
    await reportSnapshots(toy);
    assert.deepEqual(toy.engine.actorsInMemory, { purse: 0 });
    assert.equal(toy.total('late'), 2);
  });

  it('encode to the same bytes, with and without a detour through a snapshot', async () => {
    const toy = new ToyEngine();
    await toy.told('a', { type: 'Put', coins: 9 });
    await toy.told('a', { type: 'Send', coins: 4, to: 'b' });
    toy.disk.snapshotAll(kinds);
    const first = toy.disk.snapshots.get('purse:a');
    assert.ok(first);
    assert.deepEqual(purse.encode(purse.decode('a', first.state)), first.state);
  });
});

function storedIn(toy: ToyEngine): StoredNow[] {
  return [...toy.disk.snapshots].map(([actor, { position, state }]) => ({ actor, position, bytes: state.byteLength }));
}

/** How many actors of this kind are left where none may be kept without need. */
function left(kind: ErasedKind): number {
  const bounds = { idleActorsMax: 0, idleBytesMax: 0 };
  const cells = new Cells(new Map([['purse', kind]]), new MemorySnapshots(new MemoryDisk()), bounds);
  cells.get('purse:a');
  cells.sweep(10);
  return cells.size;
}

async function reportSnapshots(toy: ToyEngine): Promise<void> {
  toy.disk.snapshotAll(kinds);
  const stored = storedIn(toy);
  // The first look of the sweep only notes that nobody used an actor since.
  for (const round of [stored, stored]) {
    toy.follower.report({ completeThrough: 0, keysThrough: 0, readModelThrough: 0, stored: [...round] });
  }
  await toy.world.settle();
}
