import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { limits } from '../../api/limits.ts';
import { QueueUnderTest } from './queue-under-test.ts';

const policy = { admitPerSecond: 5, maxActive: 7, sessionSeconds: 60, maxSessionSeconds: 600 };

describe('the rooms of a new engine', () => {
  it('are main with its policy', async () => {
    const queue = await new QueueUnderTest().start();
    assert.deepEqual(queue.rooms.names(), ['main']);
    const standard = { admitPerSecond: 100, maxActive: 3_000, sessionSeconds: 300, maxSessionSeconds: 1_800 };
    assert.deepEqual(queue.rooms.report('main'), {
      room: 'main',
      policy: standard,
      concertIds: [],
      waiting: 0,
      active: 0,
      admitted: 0,
      expired: 0,
    });
    assert.equal(queue.rooms.report('nowhere'), null);
    assert.equal(queue.rooms.find('nowhere'), undefined);
  });
});

describe('rooms that are open and not started', () => {
  it('let nobody in, until they are', async () => {
    const before = await new QueueUnderTest().start({ admitPerSecond: 0 });
    const ann = await before.join('ann');
    const after = before.crash();
    await after.done(after.rooms.open());
    await after.policy({ admitPerSecond: 100 });
    await after.world.pass(5_000);
    assert.equal(after.status(ann.place), 'waiting');
    await after.done(after.rooms.start());
    assert.equal(after.status(ann.place), 'active');
  });
});

describe('a room that is put', () => {
  it('lets people in at once, beside main, and is there after a crash with its policy', async () => {
    const before = await new QueueUnderTest().start();
    assert.deepEqual(await before.done(before.rooms.put('hall', policy, [])), { type: 'put' });
    const ann = await before.join('ann', 'hall');
    assert.equal(before.status(ann.place), 'active');
    const after = await before.crash().start();
    assert.deepEqual(after.rooms.names(), ['main', 'hall']);
    assert.equal(after.status(ann.place), 'active');
    assert.deepEqual(after.rooms.report('hall')?.policy, policy);
    await after.world.pass(60_000);
    const report = after.rooms.report('hall');
    assert.deepEqual([report?.active, report?.admitted, report?.expired], [0, 1, 1]);
  });

  it('at the same time by many is opened once', async () => {
    const queue = await new QueueUnderTest().start();
    await queue.done(Promise.all(Array.from({ length: 20 }, () => queue.rooms.put('hall', policy, null))));
    const driver = queue.rooms.find('hall')?.driver;
    await queue.done(queue.rooms.put('hall', { ...policy, maxActive: 1 }, null));
    assert.equal(queue.rooms.find('hall')?.driver, driver);
    assert.equal(queue.rooms.report('hall')?.policy.maxActive, 1);
  });

  it('may name only concerts that there are and that no other room names', async () => {
    const queue = await new QueueUnderTest().start();
    const concert = { id: 'c1', name: 'One', description: '' };
    await queue.done(queue.engine.ask<'catalog'>('catalog:main', { type: 'CreateConcert', concert, digest: 'd' }));
    assert.deepEqual(await queue.done(queue.rooms.put('hall', policy, ['c1', 'c2'])), {
      type: 'rejected',
      code: 'concert_not_found',
      details: { concertIds: ['c2'] },
    });
    assert.equal(queue.rooms.find('hall'), undefined);
    assert.deepEqual(await queue.done(queue.rooms.put('hall', policy, ['c1'])), { type: 'put' });
    assert.deepEqual(queue.rooms.report('hall')?.concertIds, ['c1']);
    assert.deepEqual(await queue.done(queue.rooms.put('other', policy, ['c1'])), {
      type: 'rejected',
      code: 'already_exists',
      details: { ids: ['c1'], equal: false },
    });
  });

  it('beyond the bound of rooms is refused, while those there are can be changed', async () => {
    const queue = await new QueueUnderTest().start();
    for (let i = 1; i < limits.roomsMax; i += 1) {
      const command = { type: 'PutRoom', room: `r${i}`, policy, concertIds: null } as const;
      void queue.engine.ask<'catalog'>('catalog:main', command);
    }
    await queue.world.settle();
    assert.deepEqual(await queue.done(queue.rooms.put('one-more', policy, null)), {
      type: 'rejected',
      code: 'overloaded',
      details: { limit: limits.roomsMax },
    });
    assert.deepEqual(await queue.done(queue.rooms.put('main', policy, null)), { type: 'put' });
  });
});

describe('lowering the bound of a room', () => {
  it('ends no session', async () => {
    const queue = await new QueueUnderTest().start();
    const ann = await queue.join('ann');
    const bob = await queue.join('bob');
    await queue.policy({ maxActive: 1 });
    assert.deepEqual([queue.status(ann.place), queue.status(bob.place)], ['active', 'active']);
    const cat = await queue.join('cat');
    await queue.done(queue.desk.leave(ann.place));
    assert.equal(queue.status(cat.place), 'waiting');
    await queue.done(queue.desk.leave(bob.place));
    assert.equal(queue.status(cat.place), 'active');
  });
});
