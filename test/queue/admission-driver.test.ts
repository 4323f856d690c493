import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { PlaceInLine } from '../../actors/admission/messages.ts';
import { createLog } from '../../api/log.ts';
import { lineOpener } from '../../api/nats/line-opener.ts';
import { systemTimers } from '../../api/timers.ts';
import { MemoryLine } from './memory-line.ts';
import { QueueUnderTest } from './queue-under-test.ts';

async function joinAll(queue: QueueUnderTest, users: readonly string[]): Promise<void> {
  await queue.done(Promise.all(users.map((user) => queue.desk.join('main', user))));
}

const users = (count: number): string[] => Array.from({ length: count }, (_, i) => `u${i + 1}`);

describe('a room with a rate', () => {
  it('lets people in, in order, as time allows, and never polls an empty line', async () => {
    const queue = await new QueueUnderTest().start({ admitPerSecond: 10 });
    await joinAll(queue, users(35));
    assert.deepEqual(queue.admittedUsers(), users(10));
    await queue.world.pass(1_000);
    assert.deepEqual(queue.admittedUsers(), users(20));
    await queue.world.pass(1_500);
    assert.deepEqual(queue.admittedUsers(), users(35));
    const batches = queue.disk.batches.length;
    await queue.world.pass(60_000);
    assert.equal(queue.disk.batches.length, batches);
    assert.equal(queue.rooms.report('main')?.waiting, 0);
  });

  it('lets nobody in while it is paused, and goes on when the policy is changed', async () => {
    const queue = await new QueueUnderTest().start({ admitPerSecond: 0 });
    await joinAll(queue, users(3));
    await queue.world.pass(100_000);
    assert.deepEqual(queue.admittedUsers(), []);
    await queue.policy({ admitPerSecond: 2 });
    await queue.world.pass(1_000);
    assert.deepEqual(queue.admittedUsers(), users(3));
  });
});

describe('a full room', () => {
  it('lets the next one in when a session ends: by leaving, by paying, by time', async () => {
    const queue = await new QueueUnderTest().start({ maxActive: 1, sessionSeconds: 60 });
    const ann = await queue.join('ann');
    const bob = await queue.join('bob');
    await joinAll(queue, ['cat', 'dan']);
    assert.deepEqual(queue.admittedUsers(), ['ann']);
    await queue.done(queue.desk.leave(ann.place));
    assert.deepEqual(queue.admittedUsers(), ['ann', 'bob']);
    const paid = { type: 'EndSession', session: bob.place, reason: 'paid' } as const;
    await queue.done(queue.engine.ask<'admission'>('admission:main', paid));
    assert.deepEqual(queue.admittedUsers(), ['ann', 'bob', 'cat']);
    await queue.world.pass(59_900);
    assert.deepEqual(queue.admittedUsers(), ['ann', 'bob', 'cat']);
    await queue.world.pass(200);
    assert.deepEqual(queue.admittedUsers(), ['ann', 'bob', 'cat', 'dan']);
  });

  it('lets the next one in as soon as the rate allows, when room comes while the rate has none', async () => {
    const queue = await new QueueUnderTest().start({ admitPerSecond: 1, maxActive: 2, sessionSeconds: 300 });
    const leave = async (place: Parameters<typeof queue.desk.leave>[0]) => {
      const session = { type: 'EndSession', session: place, reason: 'paid' } as const;
      await queue.done(queue.engine.ask<'admission'>('admission:main', session));
    };
    const ann = await queue.join('ann');
    await queue.world.pass(1_500);
    const bob = await queue.join('bob');
    await queue.world.pass(1_500);
    await joinAll(queue, ['cat', 'dan']);
    await leave(bob.place);
    assert.deepEqual(queue.admittedUsers(), ['ann', 'bob', 'cat']);
    await queue.world.pass(100);
    await leave(ann.place);
    await queue.world.pass(800);
    assert.deepEqual(queue.admittedUsers(), ['ann', 'bob', 'cat']);
    await queue.world.pass(200);
    assert.deepEqual(queue.admittedUsers(), ['ann', 'bob', 'cat', 'dan']);
  });

  it('passes people who left between being taken and being admitted', async () => {
    const queue = await new QueueUnderTest().start({ maxActive: 1 });
    const ann = await queue.join('ann');
    const bob = await queue.join('bob');
    await joinAll(queue, ['cat']);
    await queue.done(Promise.all([queue.desk.leave(ann.place), queue.desk.leave(bob.place)]));
    assert.deepEqual(queue.admittedUsers(), ['ann', 'cat']);
    assert.equal(queue.status(bob.place), 'expired');
  });
});

describe('a busy engine', () => {
  it('lets nobody in until it has less to do', async () => {
    const queue = await new QueueUnderTest({ waitingCommandsMax: 10 }).start({ admitPerSecond: 100 });
    queue.journal.commitsByItself = false;
    const charges = Array.from({ length: 6 }, (_, i) =>
      queue.engine.ask<'wallet'>(`wallet:${i}`, { type: 'ChargeWallet', amount: 1 }),
    );
    const joined = queue.desk.join('main', 'ann');
    await queue.world.settle();
    queue.rooms.poke('main');
    await queue.world.settle();
    assert.equal(queue.rooms.paused('main'), true);
    queue.journal.commitsByItself = true;
    await queue.journal.commit();
    await queue.done(Promise.all(charges));
    await queue.world.pass(200);
    await queue.done(joined);
    assert.equal(queue.rooms.paused('main'), false);
    assert.deepEqual(queue.admittedUsers(), ['ann']);
  });
});

describe('a line that cannot be reached', () => {
  it('is tried again by itself, and nobody is lost', async () => {
    const stream = new MemoryLine('stream');
    const queue = await new QueueUnderTest({ newerLines: [stream] }).start({ maxActive: 1 });
    const ann = await queue.join('ann');
    await queue.join('bob');
    stream.away = true;
    await queue.done(queue.desk.leave(ann.place));
    assert.deepEqual(queue.admittedUsers(), ['ann']);
    assert.ok(queue.errors.length > 0);
    assert.deepEqual(await queue.done(queue.desk.join('main', 'cat')), {
      type: 'rejected',
      code: 'queue_unavailable',
      details: {},
    });
    stream.away = false;
    await queue.world.pass(200);
    assert.deepEqual(queue.admittedUsers(), ['ann', 'bob']);
  });
});

describe('an older line that still has people', () => {
  it('is drained before the current one', async () => {
    const before = await new QueueUnderTest().start({ admitPerSecond: 0 });
    const old = await before.join('ann');
    await before.join('bob');
    const after = new QueueUnderTest({
      disk: before.disk,
      world: before.world,
      newerLines: [new MemoryLine('stream')],
    });
    await after.start();
    const cat = await after.join('cat');
    assert.equal(cat.place.epoch, 'stream');
    assert.equal(after.status(old.place), 'waiting');
    assert.equal(after.desk.status(cat.place).position, 3, 'behind the two of the older line');
    await after.policy({ admitPerSecond: 1 });
    assert.equal(after.desk.status(cat.place).etaSeconds, 2, 'one has come in at once');
    await after.world.pass(1_500);
    assert.deepEqual(after.admittedUsers(), ['ann', 'bob']);
    assert.equal(after.desk.status(cat.place).position, 1);
    await after.world.pass(1_000);
    assert.deepEqual(after.admittedUsers(), ['ann', 'bob', 'cat']);
  });
});

async function withoutNats(): Promise<{ readonly after: QueueUnderTest; readonly waiting: PlaceInLine }> {
  const before = await new QueueUnderTest({ newerLines: [new MemoryLine('stream')] }).start({ admitPerSecond: 0 });
  const ann = await before.join('ann');
  const after = await new QueueUnderTest({ disk: before.disk, world: before.world }).start({ admitPerSecond: 1 });
  return { after, waiting: ann.place };
}

function opener(queue: QueueUnderTest, chosen: boolean) {
  const log = createLog('silent');
  return lineOpener({ engine: queue.engine, link: null, chosen, journalId: 'j', timers: systemTimers, log });
}

describe('a line in NATS when there is no NATS any more', () => {
  it('keeps the program from starting, unless the operator wants it so', async () => {
    const { after } = await withoutNats();
    await assert.rejects(
      after.done(opener(after, false)('main', () => undefined)),
      /waiting line of room main is in NATS.*NATS_URL=off/,
    );
    const lines = await after.done(opener(after, true)('main', () => undefined));
    assert.equal(lines.current().kind, 'engine');
  });

  it('has people who wait, and of whom nobody can say for how long', async () => {
    const { after, waiting } = await withoutNats();
    await after.world.pass(5_000);
    const { status, position, etaSeconds } = after.desk.status(waiting);
    assert.deepEqual({ status, position, etaSeconds }, { status: 'waiting', position: 1, etaSeconds: null });
  });
});

describe('a driver that is stopped', () => {
  it('finishes its pass and lets nobody in afterwards', async () => {
    const queue = await new QueueUnderTest().start({ maxActive: 1 });
    const ann = await queue.join('ann');
    await queue.join('bob');
    await queue.done(queue.rooms.stop());
    await queue.done(queue.desk.leave(ann.place));
    await queue.world.pass(60_000);
    assert.deepEqual(queue.admittedUsers(), ['ann']);
  });
});

describe('a process that dies at any instant', () => {
  const course = fc.record({
    joins: fc.integer({ min: 1, max: 40 }),
    /** After how many commits it dies; then again, and again. */
    crashes: fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }),
    policy: fc.record({ admitPerSecond: fc.integer({ min: 1, max: 30 }), maxActive: fc.integer({ min: 1, max: 60 }) }),
  });

  it('leaves those in line whose admission was not yet on disk', async () => {
    const line = new MemoryLine('beside-the-engine');
    const queue = await new QueueUnderTest({ newerLines: [line] }).start({ admitPerSecond: 0 });
    await joinAll(queue, users(3));
    queue.journal.commitsByItself = false;
    void queue.rooms.put('main', { admitPerSecond: 5, maxActive: 5, sessionSeconds: 60, maxSessionSeconds: 60 }, null);
    await queue.world.settle();
    assert.equal(queue.rooms.report('main')?.active, 3);
    const restarted = queue.crash({ commitsByItself: true });
    await restarted.start({ admitPerSecond: 5 });
    assert.deepEqual(restarted.admittedUsers(), users(3));
  });

  it('has skipped nobody and let nobody in twice, once it runs again', async () => {
    await fc.assert(
      fc.asyncProperty(course, async ({ joins, crashes, policy }) => {
        let queue = await new QueueUnderTest().start({ ...policy, sessionSeconds: 1, maxSessionSeconds: 1 });
        const everyone = users(joins);
        for (const commits of crashes) {
          queue.journal.commitsByItself = false;
          for (const user of everyone) void queue.desk.join('main', user);
          for (let i = 0; i < commits; i += 1) {
            await queue.world.pass(50);
            if (queue.journal.waiting.length > 0) await queue.journal.commit();
          }
          queue = queue.crash({ commitsByItself: true });
          await queue.start();
        }
        // People whose join was lost, or whose session is over by now, join again: each ends up inside at least once.
        await joinAll(queue, everyone);
        await queue.world.pass(120_000);
        const admitted = queue.admittedUsers();
        assert.deepEqual(new Set(admitted), new Set(everyone));
        const places = admittedPlaces(queue);
        assert.deepEqual(
          places,
          [...new Set(places)].sort((a, b) => a - b),
          'each place once, in order',
        );
        assert.deepEqual(await queue.done(queue.rooms.find('main')?.line.counts() ?? Promise.reject(new Error())), {
          waiting: 0,
          lastPlace: places.at(-1),
        });
        assert.deepEqual(queue.errors, []);
      }),
      { numRuns: 60 },
    );
  });
});

function admittedPlaces(queue: QueueUnderTest): number[] {
  const events = queue.disk.batches.flatMap((batch) => batch.turns.flatMap((turn) => turn.events));
  return events.flatMap(({ event }) =>
    event.type === 'UserAdmitted' && 'place' in event ? [Number(event.place)] : [],
  );
}
