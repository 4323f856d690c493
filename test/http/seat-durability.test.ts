/** A push rests on the disk (invariant 3): the real engine over a disk that holds its batches back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKinds } from '../../actors/kinds.ts';
import { SeatChanges } from '../../api/seats/seat-changes.ts';
import { limits } from '../../api/limits.ts';
import type { Protocols } from '../../api/protocols.ts';
import { Engine } from '../../engine/engine.ts';
import { rulesUnderTest } from '../actors/rules-under-test.ts';
import { ManualWorld } from '../engine/manual-world.ts';
import { MemoryDisk, MemoryFollower, MemoryJournal, MemoryKeys, MemorySnapshots } from '../engine/memory-ports.ts';

const startMs = Date.UTC(2026, 0, 1);
const hourMs = 60 * 60 * 1000;

test('changes wait for the batch that holds their events, each for its own', async () => {
  const world = new ManualWorld(startMs);
  const disk = new MemoryDisk();
  const journal = new MemoryJournal(disk, true);
  const changes = new SeatChanges({ bootId: 'boot', durableBatch: () => engine.durableBatch });
  const engine = new Engine<Protocols>({
    kinds: createKinds(rulesUnderTest),
    journal,
    snapshots: new MemorySnapshots(disk),
    keys: new MemoryKeys(disk),
    follower: new MemoryFollower(),
    clock: world,
    scheduler: world,
    limits,
    hooks: { onEvents: (events, batch) => changes.onEvents(events, batch) },
    onFatal: (error) => {
      throw error;
    },
  });
  engine.start();
  const sections = [{ name: 'A', price: 1, rows: [{ name: '1', seats: 99 }] }];
  const dates = { startsAt: startMs + 3 * hourMs, salesOpenAt: startMs, salesCloseAt: startMs + 2 * hourMs };
  const open = { type: 'OpenSchedule', concertId: 'c', venue: 'v', ...dates, sections } as const;
  void engine.ask('schedule:s', open);
  await world.settle();
  const followed = changes.follow('s', stands());
  assert.ok(followed);

  function stands(): number {
    return engine.view<'schedule', 'seats'>('schedule:s', { type: 'seats' })?.changes ?? -1;
  }
  const answered: number[] = [];
  async function holds(number: number): Promise<void> {
    const command = { type: 'HoldSeats', userId: `u${number}`, seatIds: [`A-1-${number}`] } as const;
    void engine.ask('schedule:s', command).then(() => answered.push(number));
    await world.settle();
  }

  journal.commitsByItself = false;
  await holds(1);
  // The first is being written; these two are in the batch after it.
  await holds(2);
  await holds(3);
  const told = (): number => followed.durableThrough(changes.durableBatch());
  assert.deepEqual([stands(), followed.through, told(), answered.length], [3, 3, 0, 0]);
  for (const [through, count] of [
    [1, 1],
    [3, 3],
  ] as const) {
    await journal.commit();
    await world.settle();
    assert.deepEqual([told(), answered.length], [through, count]);
  }
  assert.deepEqual(changes.follow('s', stands()), followed);

  // So many in one round that their batch leaves with the last of them: they are all told with it.
  const inOneRound = 32;
  for (let number = 4; number < 4 + inOneRound; number++) {
    const command = { type: 'HoldSeats', userId: `u${number}`, seatIds: [`A-1-${number}`] } as const;
    void engine.ask('schedule:s', command).then(() => answered.push(number));
  }
  assert.deepEqual([journal.waiting.length, told()], [1, 3]);
  await journal.commit();
  await world.settle();
  assert.deepEqual([told(), answered.length], [3 + inOneRound, 3 + inOneRound]);
});
