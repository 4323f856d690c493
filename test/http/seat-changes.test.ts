/** Live seats without sockets: what is on disk, how often, how much is kept, and who is cut off. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ScheduleChanges } from '../../api/seats/schedule-changes.ts';
import { frame, hall, reading, soon } from './seat-hall.ts';

describe('a change', () => {
  test('is not told before its batch is on disk', async (t) => {
    const world = hall(t);
    const reader = reading(world.open(0));
    world.happens('SeatsHeld', ['A-1-1']);
    world.passes(2_000);
    assert.deepEqual(await reader.events(), []);
    // The next one waits for a batch of its own.
    world.commits();
    world.happens('SeatsHeld', ['A-1-2']);
    world.passes(2_000);
    assert.deepEqual(await reader.events(), [frame(1, ['A-1-1', 'held'])]);
    world.commits();
    world.passes(50);
    assert.deepEqual((await reader.events()).slice(1), [frame(2, ['A-1-2', 'held'])]);
  });

  test('that a list had before it was on disk is not told again', async (t) => {
    const world = hall(t);
    world.happens('SeatsHeld', ['A-1-1', 'A-1-2']);
    const [behind, ahead] = [reading(world.open(0)), reading(world.open(2))];
    world.commits();
    world.happens('SeatsHeld', ['A-1-3']);
    world.passes(300);
    assert.deepEqual(await behind.events(), [frame(2, ['A-1-1', 'held'], ['A-1-2', 'held'])]);
    assert.deepEqual(await ahead.events(), []);
    world.commits();
    world.passes(300);
    assert.deepEqual(await ahead.events(), [frame(3, ['A-1-3', 'held'])]);
    assert.deepEqual((await behind.events()).slice(1), [frame(3, ['A-1-3', 'held'])]);
  });

  test('is in what a later stream gets from the same version, beside all that came after', async (t) => {
    const world = hall(t);
    const early = reading(world.open(0, 's', 1));
    world.happens('SeatsHeld', ['A-1-1']);
    world.commits();
    world.passes(50);
    world.happens('SeatsHeld', ['A-1-2']);
    world.commits();
    const late = reading(world.open(0, 's', 2));
    world.passes(300);
    assert.deepEqual(await early.events(), [frame(1, ['A-1-1', 'held']), frame(2, ['A-1-2', 'held'])]);
    assert.deepEqual(await late.events(), [frame(2, ['A-1-1', 'held'], ['A-1-2', 'held'])]);
  });

  test('comes after a reset, from that moment on', async (t) => {
    const world = hall(t);
    world.happens('SeatsHeld', ['A-1-1']);
    world.commits();
    const readers = [99, null].map((from, session) => reading(world.open(from, 's', session)));
    world.happens('SeatsHeld', ['A-1-2']);
    world.commits();
    world.passes(300);
    for (const reader of readers) {
      assert.deepEqual(await reader.events(), [{ type: 'reset' }, frame(2, ['A-1-2', 'held'])]);
    }
  });

  test('of one seat after another goes out as what it has become, at most every 250 ms', async (t) => {
    const world = hall(t);
    const reader = reading(world.open(0));
    const kinds = ['SeatsHeld', 'HoldExpired', 'SeatsHeld', 'ReservationPaid'] as const;
    for (const kind of kinds) world.happens(kind, ['A-1-1']);
    world.commits();
    world.passes(50);
    assert.deepEqual(await reader.events(), [frame(4, ['A-1-1', 'sold'])]);
    for (let i = 0; i < 40; i++) {
      world.happens(i % 2 === 0 ? 'SeatsHeld' : 'HoldExpired', ['A-1-2']);
      world.commits();
      world.passes(50);
    }
    const events = await reader.events();
    // 2,000 ms after the first one: eight more.
    assert.equal(events.length, 9);
    assert.ok(events.every((one) => one.type === 'seats' && one.changes.length === 1));
  });
});

describe('what is kept', () => {
  test('is bounded for a date: who is behind it reads the list again, who is not goes on', async (t) => {
    const world = hall(t, { seatChangesPerScheduleMax: 10 });
    for (let i = 0; i < 25; i++) world.happens('SeatsHeld', [`A-1-${i}`]);
    world.commits();
    assert.equal(world.changes.kept, 10);
    const [late, fit] = [reading(world.open(14)), reading(world.open(15))];
    world.passes(50);
    assert.deepEqual((await late.events())[0], { type: 'reset' });
    assert.equal((await fit.events())[0]?.type, 'seats');
    // One that falls behind while it is open ends; it will come again with its last version, and be told.
    for (let i = 0; i < 11; i++) world.happens('HoldExpired', [`A-1-${i}`]);
    world.commits();
    world.passes(300);
    assert.ok(await fit.over());
    assert.deepEqual(await reading(world.open(25)).events(), [{ type: 'reset' }]);
  });

  test('is bounded in all: dates that nobody watches go first', (t) => {
    const world = hall(t, { seatChangesMax: 100, seatChangesPerScheduleMax: 60 });
    world.open(0);
    for (const id of ['s', 'idle', 'other']) {
      world.changes.follow(id, 0);
      for (let i = 0; i < 50; i++) world.happens('SeatsHeld', [`A-1-${i}`], id);
      assert.ok(world.changes.kept <= 100);
    }
    assert.equal(world.open(0).status, 200);
    assert.equal(world.changes.size, 2);
    world.open(50, 'other', 2);
    for (let i = 0; i < 1_000; i++) world.happens('HoldExpired', [`A-1-${i}`], i % 2 === 0 ? 's' : 'other');
    assert.ok(world.changes.kept <= 100);
  });

  test('is forgotten a part at a time, and what is left is still right', async (t) => {
    const world = hall(t, { seatChangesPerScheduleMax: 100 });
    for (let i = 0; i < 10_000; i++) {
      world.happens(i % 2 === 0 ? 'SeatsHeld' : 'HoldExpired', [`A-1-${i % 7}`]);
      if (i % 3 === 0) world.commits();
    }
    world.commits();
    const reader = reading(world.open(9_998));
    world.passes(50);
    assert.deepEqual(await reader.events(), [frame(10_000, ['A-1-2', 'held'], ['A-1-3', 'available'])]);
  });

  test('has a bounded number of dates; one more is refused while all are watched', (t) => {
    const world = hall(t, { seatSchedulesMax: 2 });
    assert.equal(world.open(0, 's', 1).status, 200);
    assert.equal(world.open(0, 'a', 2).status, 200);
    assert.equal(world.open(0, 's', 1).status, 200);
    assert.equal(world.open(0, 'b', 3).status, 503);
    assert.equal(world.changes.size, 2);
    // Once nobody watches one of them, there is room.
    world.streams.close();
    assert.equal(world.open(0, 'b', 3).status, 200);
  });

  test('of a date that turns out to have missed something is not trusted: its streams end', async (t) => {
    const world = hall(t);
    const reader = reading(world.open(0));
    world.changes.follow('s', 7);
    world.passes(50);
    assert.ok(await reader.over());
  });
});

describe('streams', () => {
  test('are bounded: one more is overloaded', (t) => {
    const world = hall(t, { seatStreamsMax: 3 });
    for (const session of [1, 2, 3]) assert.equal(world.open(0, 's', session).status, 200);
    assert.equal(world.open(0, 's', 4).status, 503);
    assert.equal(world.streams.size, 3);
  });

  test('cut off a reader who does not read, and go on for the others', async (t) => {
    const world = hall(t, { seatUnreadBytesMax: 1_000 });
    const slow = world.open(0, 's', 1);
    const reader = reading(world.open(0, 's', 2));
    let frames = 0;
    for (; world.streams.size === 2 && frames < 100; frames++) {
      world.happens(frames % 2 === 0 ? 'SeatsHeld' : 'HoldExpired', ['A-1-1', 'A-1-2']);
      world.commits();
      world.passes(250);
      await soon();
    }
    assert.ok(frames > 5 && frames < 20, `${frames} frames`);
    assert.equal((await reader.events()).length, frames);
    const refused = reading(slow);
    assert.ok(await refused.over());
    assert.match(refused.seen.error, /does not keep up/);
  });

  test('send a comment every 15 s, and end with the session', async (t) => {
    const world = hall(t);
    const reader = reading(world.open(0));
    world.passes(31_000);
    await soon();
    assert.equal(reader.seen.text.match(/^: still here$/gm)?.length, 2);
    world.leave();
    world.passes(1_000);
    assert.ok(await reader.over());
    assert.equal(world.streams.size, 0);
  });

  test('share a bounded number of frames a second, in turn', async (t) => {
    const world = hall(t, { seatFramesPerSecondMax: 100 });
    const readers = Array.from({ length: 50 }, (_, index) => reading(world.open(0, 's', index)));
    for (let i = 0; i < 40; i++) {
      world.happens(i % 2 === 0 ? 'SeatsHeld' : 'HoldExpired', ['A-1-1']);
      world.commits();
      world.passes(50);
    }
    const counts = await Promise.all(readers.map(async (one) => (await one.events()).length));
    assert.deepEqual(new Set(counts), new Set([4])); // 100 a second for 2 s, among 50.
    world.passes(1_000);
    for (const one of readers) assert.equal((await one.events()).at(-1)?.type, 'seats');
    const last = await Promise.all(readers.map(async (one) => (await one.events()).at(-1)));
    for (const event of last) assert.deepEqual(event, frame(40, ['A-1-1', 'available']));
  });
});

function seatsOf(count: number) {
  return Array.from({ length: count }, (_, i) => {
    return { id: `A-1-${i + 1}`, section: 'A', row: '1', number: i + 1, price: 1 };
  });
}

describe('an encoded frame', () => {
  test('is kept for others who stand there, until nobody watches', () => {
    const changes = new ScheduleChanges(0, 'boot');
    changes.watch();
    changes.add(seatsOf(2), 'held', 1);
    changes.durableThrough(1);
    const first = changes.frame(0);
    assert.equal(changes.frame(0), first);
    changes.unwatch();
    assert.notEqual(changes.frame(0), first);
  });

  test('is not kept where all together would be too large', () => {
    const changes = new ScheduleChanges(0, 'boot');
    changes.watch();
    for (let batch = 1; batch <= 4; batch += 1) changes.add(seatsOf(10_000), 'held', batch);
    changes.durableThrough(4);
    const frames = [0, 10_000, 20_000, 30_000].map((position) => changes.frame(position));
    const kept = frames.filter((each, i) => changes.frame(i * 10_000) === each);
    assert.ok(kept.length > 0);
    assert.ok(kept.length < frames.length);
  });
});
