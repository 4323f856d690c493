import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { StampClock } from '../../engine/clock.ts';
import { DeadlineQueue } from '../../engine/deadline-queue.ts';
import { ManualWorld } from './manual-world.ts';
import { startMs, ToyEngine } from './toy-engine.ts';

function reminded(toy: ToyEngine, id: string): number {
  return toy.engine.view<'purse', 'reminders'>(`purse:${id}`, { type: 'reminders' });
}

describe('stamped time (invariant 2)', () => {
  it('starts at wall time, or at the last stamp of the journal if that is later', () => {
    const world = new ManualWorld(startMs);
    assert.equal(new StampClock(world, 0).nowMs(), startMs);
    assert.equal(new StampClock(world, startMs + 5_000).nowMs(), startMs + 5_000);
  });

  it('never goes back and runs at most a tenth too fast or too slow, however the wall clock jumps', () => {
    const passMs = fc.oneof(fc.nat(10_000), fc.double({ min: 0, max: 3, noNaN: true }));
    const steps = fc.array(fc.record({ passMs, jumpMs: fc.integer({ min: -1e9, max: 1e9 }) }));
    fc.assert(
      fc.property(steps, (all) => {
        let wallMs = startMs;
        let monotonicMs = 0;
        const clock = new StampClock({ wallMs: () => wallMs, monotonicMs: () => monotonicMs }, 0);
        let last = clock.nowMs();
        for (const { passMs, jumpMs } of all) {
          monotonicMs += passMs;
          wallMs += passMs + jumpMs;
          const now = clock.nowMs();
          assert.ok(now >= last + Math.floor(passMs * 0.9) - 1, 'too slow');
          assert.ok(now <= last + Math.ceil(passMs * 1.1) + 1, 'too fast');
          last = now;
        }
      }),
    );
  });

  it('is drawn towards wall time until they meet', async () => {
    const world = new ManualWorld(startMs);
    const clock = new StampClock(world, 0);
    world.setWall(startMs + 1_000);
    await world.pass(5_000);
    assert.equal(clock.nowMs(), startMs + 5_500);
    await world.pass(5_000);
    assert.equal(clock.aheadMs(), 0);
  });
});

describe('deadlines', () => {
  it('wake their actor when they have come, as a journaled command', async () => {
    const toy = new ToyEngine();
    await toy.told('a', { type: 'RemindAt', atMs: startMs + 500 });
    await toy.world.pass(499);
    assert.equal(reminded(toy, 'a'), 0);
    await toy.world.pass(1);
    assert.equal(reminded(toy, 'a'), 1);
    assert.equal(toy.disk.batches.at(-1)?.turns[0]?.command, 'ExpireDue');
  });

  it('wake in order, several of one actor too, and an earlier one set later first', async () => {
    const toy = new ToyEngine();
    for (const [id, delayMs] of [
      ['a', 900],
      ['b', 600],
      ['a', 300],
    ] as const) {
      await toy.told(id, { type: 'RemindAt', atMs: startMs + delayMs });
    }
    await toy.world.pass(1_000);
    const woken = toy.disk.batches.flatMap(({ turns }) => turns.filter(({ command }) => command === 'ExpireDue'));
    assert.deepEqual(
      woken.map((turn) => [turn.to, turn.atMs - startMs]),
      [
        ['purse:a', 300],
        ['purse:b', 600],
        ['purse:a', 900],
      ],
    );
  });

  it('survive a crash, of an actor in the tail and of one at rest', async () => {
    const toy = new ToyEngine();
    await toy.told('rest', { type: 'RemindAt', atMs: startMs + 500 });
    toy.disk.snapshotAll({ purse: (await import('./toy-actors.ts')).purse });
    await toy.told('tail', { type: 'RemindAt', atMs: startMs + 700 });
    const restarted = toy.crash();
    await restarted.world.pass(1_000);
    assert.deepEqual([reminded(restarted, 'rest'), reminded(restarted, 'tail')], [1, 1]);
  });

  it('that passed while the process was down are handled at once', async () => {
    const toy = new ToyEngine();
    await toy.told('a', { type: 'RemindAt', atMs: startMs + 500 });
    await toy.engine.drain();
    await toy.world.pass(60_000);
    const restarted = toy.crash();
    await restarted.world.pass(0);
    assert.equal(reminded(restarted, 'a'), 1);
  });

  it('are kept although stamped time runs faster than the timers', async () => {
    const toy = new ToyEngine();
    await toy.told('a', { type: 'RemindAt', atMs: startMs + 300_000 });
    toy.world.setWall(startMs + 3_600_000);
    let passedMs = 0;
    for (; reminded(toy, 'a') === 0 && passedMs < 300_000; passedMs += 100) await toy.world.pass(100);
    const dueMs = 300_000 / 1.1;
    assert.ok(passedMs > dueMs - 100 && passedMs < dueMs + 5_200, `woken after ${passedMs} ms`);
  });

  it('wake once each, however often an earlier one came up', async () => {
    const toy = new ToyEngine();
    for (const delayMs of [900, 800, 700, 600]) await toy.told('a', { type: 'RemindAt', atMs: startMs + delayMs });
    await toy.world.pass(2_000);
    const woken = toy.disk.batches.flatMap(({ turns }) => turns.filter(({ command }) => command === 'ExpireDue'));
    assert.deepEqual([woken.length, reminded(toy, 'a')], [4, 4]);
  });

  it('wake their actor at the later one, when the earlier one is no longer there', async () => {
    const toy = new ToyEngine();
    await toy.told('a', { type: 'RemindAt', atMs: startMs + 500 });
    await toy.told('a', { type: 'RemindAt', atMs: startMs + 900 });
    await toy.told('a', { type: 'Dismiss', atMs: startMs + 500 });
    await toy.world.pass(899);
    assert.equal(reminded(toy, 'a'), 1);
    await toy.world.pass(1);
    assert.equal(reminded(toy, 'a'), 2);
  });

  for (const [what, limits, most] of [
    ['turns', { batchTurnsMax: 2 }, 2],
    // An eighth of it is for them, which one of them fills.
    ['characters', { batchCharsMax: 800 }, 1],
  ] as const) {
    it(`wait for the next batch when the open one has enough ${what}`, async () => {
      const setting = new ToyEngine();
      const ids = ['a', 'b', 'c', 'd', 'e'];
      for (const id of ids) await setting.told(id, { type: 'RemindAt', atMs: startMs + 500 });
      const toy = setting.crash({ limits, commitsByItself: false });
      const before = toy.disk.batches.length;
      await toy.world.pass(600);
      while (toy.journal.waiting.length > 0) {
        await toy.journal.commit();
        await toy.world.pass(10);
      }
      const sizes = toy.disk.batches.slice(before).map(({ turns }) => turns.length);
      assert.deepEqual([Math.max(...sizes), sizes.reduce((sum, size) => sum + size, 0)], [most, 5]);
      assert.deepEqual(
        ids.map((id) => reminded(toy, id)),
        [1, 1, 1, 1, 1],
      );
    });
  }

  it('leave the queue in order of time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100)), (times) => {
        const queue = new DeadlineQueue();
        times.forEach((atMs, index) => queue.push(atMs, `x:${index}`));
        const popped: number[] = [];
        for (let due = queue.popDue(50); due !== undefined; due = queue.popDue(50)) {
          assert.equal(due.atMs, times[Number(due.actor.slice(2))]);
          popped.push(due.atMs);
        }
        assert.deepEqual(
          popped,
          times.filter((atMs) => atMs <= 50).sort((a, b) => a - b),
        );
        assert.equal(queue.size, times.length - popped.length);
      }),
    );
  });
});
