import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RoomView } from '../../actors/admission/messages.ts';
import { etaOf, pollAfter, soonestOf } from '../../api/queue/queue-desk.ts';
import { nowOf } from '../engine/toy-engine.ts';
import { QueueUnderTest, startMs } from './queue-under-test.ts';

describe('joining', () => {
  it('lets in at once where there is room and nobody ahead', async () => {
    const queue = await new QueueUnderTest().start();
    const { token, place, existing } = await queue.join('ann');
    assert.equal(existing, false);
    assert.equal(place.room, 'main');
    assert.equal(place.userId, 'ann');
    assert.equal(place.place, 1);
    assert.deepEqual(queue.desk.status(place), {
      status: 'active',
      position: 0,
      etaSeconds: 0,
      expiresAt: startMs + 300_000,
      pollAfterSeconds: 1,
    });
    assert.deepEqual(queue.tokens.verify(token), place);
  });

  it('is told as inside only when the admission is on disk; as waiting at once', async () => {
    const queue = await new QueueUnderTest().start({ maxActive: 0 });
    const { place } = await queue.join('ann');
    assert.equal((await queue.desk.durableStatus(place)).status, 'waiting');
    queue.journal.commitsByItself = false;
    void queue.policy({ maxActive: 10 });
    await queue.world.settle();
    await queue.journal.commit();
    await queue.world.settle();
    assert.equal(queue.desk.status(place).status, 'active');
    const told = queue.desk.durableStatus(place);
    assert.equal(await nowOf(told), null);
    await queue.journal.commit();
    assert.equal((await told).status, 'active');
  });

  it('gives the same token again, waiting or active', async () => {
    const queue = await new QueueUnderTest().start({ maxActive: 1 });
    const ann = await queue.join('ann');
    const bob = await queue.join('bob');
    assert.deepEqual(await queue.join('ann'), { ...ann, existing: true });
    assert.deepEqual(await queue.join('bob'), { ...bob, existing: true });
    assert.deepEqual(queue.desk.status(bob.place), {
      status: 'waiting',
      position: 1,
      etaSeconds: 1,
      expiresAt: null,
      pollAfterSeconds: 1,
    });
  });

  it('a thousand times at once gives one token, new to one of them', async () => {
    const queue = await new QueueUnderTest().start();
    const joins = await queue.done(Promise.all(Array.from({ length: 1_000 }, () => queue.desk.join('main', 'ann'))));
    const tokens = joins.map((joined) => (joined.type === 'joined' ? joined.token : joined.code));
    assert.equal(new Set(tokens).size, 1);
    assert.equal(joins.filter((joined) => joined.type === 'joined' && !joined.existing).length, 1);
    assert.deepEqual(queue.admittedUsers(), ['ann']);
  });

  it('a room that there is not', async () => {
    const queue = await new QueueUnderTest().start();
    const refused = { type: 'rejected', code: 'room_not_found', details: {} };
    assert.deepEqual(await queue.done(queue.desk.join('nowhere', 'ann')), refused);
  });

  it('a full line', async () => {
    const queue = await new QueueUnderTest({ engineLineMax: 1 }).start({ admitPerSecond: 0 });
    await queue.join('ann');
    const refused = { type: 'rejected', code: 'overloaded', details: {} };
    assert.deepEqual(await queue.done(queue.desk.join('main', 'bob')), refused);
  });

  it('while draining', async () => {
    const queue = await new QueueUnderTest().start();
    const ann = await queue.join('ann');
    await queue.done(queue.engine.drain());
    const refused = { type: 'rejected', code: 'draining', details: {} };
    assert.deepEqual(await queue.done(queue.desk.join('main', 'bob')), refused);
    assert.deepEqual(await queue.done(queue.desk.leave(ann.place)), refused);
  });

  it('again after the session has ended draws a new place', async () => {
    const queue = await new QueueUnderTest().start({ sessionSeconds: 1 });
    const first = await queue.join('ann');
    await queue.world.pass(1_000);
    assert.equal(queue.status(first.place), 'expired');
    const second = await queue.join('ann');
    assert.equal(second.existing, false);
    assert.notEqual(second.token, first.token);
    assert.equal(queue.status(second.place), 'active');
    assert.equal(queue.status(first.place), 'expired');
  });

  it('is answered only when the session that it found is durable', async () => {
    const queue = await new QueueUnderTest().start();
    queue.journal.commitsByItself = false;
    const first = queue.desk.join('main', 'ann');
    await queue.world.settle();
    await queue.journal.commit();
    await queue.world.settle();
    const second = queue.desk.join('main', 'ann');
    await queue.world.settle();
    assert.equal(await nowOf(second), null, 'the admission is being written');
    await queue.journal.commit();
    queue.journal.commitsByItself = true;
    const joins = await queue.done(Promise.all([first, second]));
    assert.deepEqual(
      joins.map((joined) => joined.type === 'joined' && joined.existing),
      [false, true],
    );
  });

  it('finds the place after a crash, and the session too', async () => {
    const before = await new QueueUnderTest().start({ maxActive: 1 });
    const ann = await before.join('ann');
    const bob = await before.join('bob');
    const after = await before.crash().start();
    assert.deepEqual(await after.join('ann'), { ...ann, existing: true });
    assert.deepEqual(await after.join('bob'), { ...bob, existing: true });
    assert.equal(after.status(ann.place), 'active');
    assert.equal(after.status(bob.place), 'waiting');
  });
});

describe('a user let in while joining once more', () => {
  it('keeps the token of the session, and gives the place drawn beside it up', async () => {
    const queue = await new QueueUnderTest().start();
    const room = queue.rooms.find('main');
    assert.ok(room);
    // The second join draws its place after the first one was settled, and before it looks at the sessions again.
    const join = room.line.join.bind(room.line);
    let raced = false;
    room.line.join = async (userId) => {
      if (!raced) {
        raced = true;
        await queue.desk.join('main', userId);
      }
      return join(userId);
    };
    const second = await queue.join('ann');
    assert.equal(second.existing, true);
    assert.equal(second.place.place, 1);
    assert.equal(queue.status(second.place), 'active');
    assert.equal(queue.rooms.report('main')?.waiting, 0);
    // Whoever was told of it meanwhile waits for nothing.
    assert.equal(queue.status({ ...second.place, place: 2 }), 'expired');
  });
});

describe('a place found in line that is worth nothing any more', () => {
  it('makes way for a new one: it has left, but the line did not hear of it', async () => {
    const queue = await new QueueUnderTest().start({ admitPerSecond: 0 });
    const ann = await queue.join('ann');
    await queue.done(queue.engine.ask<'admission'>('admission:main', { type: 'Leave', session: ann.place }));
    const again = await queue.join('ann');
    assert.equal(again.existing, false);
    assert.equal(again.place.place, 2);
    assert.equal(queue.status(again.place), 'waiting');
  });

  it('is given up only so often', async () => {
    const queue = await new QueueUnderTest().start({ admitPerSecond: 0 });
    const room = queue.rooms.find('main');
    assert.ok(room);
    await queue.done(
      queue.engine.ask<'admission'>('admission:main', {
        type: 'AdmitPeople',
        epoch: room.line.epoch,
        people: [],
        through: 1_000,
      }),
    );
    assert.deepEqual(await queue.done(queue.desk.join('main', 'ann')), {
      type: 'rejected',
      code: 'queue_unavailable',
      details: {},
    });
  });
});

describe('leaving', () => {
  it('the line moves those behind up, and is done once', async () => {
    const queue = await new QueueUnderTest().start({ admitPerSecond: 0 });
    const ann = await queue.join('ann');
    const bob = await queue.join('bob');
    assert.equal(queue.desk.status(bob.place).position, 2);
    assert.deepEqual(await queue.done(queue.desk.leave(ann.place)), { type: 'left' });
    const batches = queue.disk.batches.length;
    assert.deepEqual(await queue.done(queue.desk.leave(ann.place)), { type: 'left' });
    assert.equal(queue.disk.batches.length, batches);
    assert.equal(queue.status(ann.place), 'expired');
    assert.equal(queue.desk.status(bob.place).position, 1);
    assert.equal(queue.rooms.report('main')?.waiting, 1);
  });

  it('with a token of a room or line that is not known changes nothing', async () => {
    const queue = await new QueueUnderTest().start();
    for (const place of [
      { room: 'nowhere', epoch: 'e', place: 1, userId: 'ann' },
      { room: 'main', epoch: 'unknown', place: 1, userId: 'ann' },
    ]) {
      assert.deepEqual(await queue.done(queue.desk.leave(place)), { type: 'left' });
      assert.deepEqual(queue.desk.status(place), {
        status: 'expired',
        position: null,
        etaSeconds: null,
        expiresAt: null,
        pollAfterSeconds: 1,
      });
    }
  });
});

describe('the wait that is told', () => {
  const room: RoomView = {
    policy: { admitPerSecond: 100, maxActive: 3_000, sessionSeconds: 300, maxSessionSeconds: 1_800 },
    active: 0,
    admitted: 0,
    expired: 0,
    lines: [],
    admittedLastMinute: 0,
    admittedOverMs: 0,
  };

  it('comes from the policy before anyone was let in, then from the last minute', () => {
    assert.equal(etaOf(1_000, room), 10);
    assert.equal(etaOf(1_000, { ...room, admittedLastMinute: 600, admittedOverMs: 60_000 }), 100);
    // Five seconds after the opening, five seconds are what the pace rests on.
    assert.equal(etaOf(1_000, { ...room, admittedLastMinute: 500, admittedOverMs: 5_000 }), 10);
  });

  it('is looked at again as soon as it could be over, where few came in because few came', () => {
    const early = { ...room, active: 1, admittedLastMinute: 1, admittedOverMs: 45_000 };
    assert.equal(etaOf(120, early), 5_400);
    assert.equal(soonestOf(120, early), 2);
    // In a full room it is the pace that counts: who leaves, and when, is not known.
    assert.equal(soonestOf(120, { ...early, active: 2_900 }), null);
    assert.equal(soonestOf(120, { ...early, policy: { ...room.policy, admitPerSecond: 0 } }), null);
  });

  it('is not known while the room is paused', () => {
    assert.equal(etaOf(1, { ...room, policy: { ...room.policy, admitPerSecond: 0 } }), null);
    assert.equal(etaOf(1, { ...room, policy: { ...room.policy, maxActive: 0 } }), null);
    const full = { ...room, active: room.policy.maxActive };
    assert.equal(etaOf(1, full), null, 'nobody was let in for a minute');
    assert.equal(etaOf(10, { ...full, admittedLastMinute: 2, admittedOverMs: 47_000 }), 235);
  });

  it('sets the time of the next poll between 1 and 20 s, growing with the distance', () => {
    const distance = fc.tuple(fc.integer({ min: 1, max: 2_000_000 }), fc.nat(1_000));
    fc.assert(
      fc.property(distance, fc.boolean(), ([position, more], paused) => {
        const near = pollAfter(position, paused ? null : etaOf(position, room));
        const far = pollAfter(position + more, paused ? null : etaOf(position + more, room));
        assert.ok(near >= 1 && far <= 20 && near <= far);
      }),
    );
    assert.equal(pollAfter(1, 1), 1);
    assert.equal(pollAfter(1_000_000, 10_000), 20);
  });
});
