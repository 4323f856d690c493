import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openEngineLine } from '../../api/queue/engine-line.ts';
import { describeLine, type LineUnderTest } from './line-contract.ts';
import { QueueUnderTest } from './queue-under-test.ts';

async function open(queue: QueueUnderTest): Promise<LineUnderTest> {
  return {
    line: await queue.done(openEngineLine(queue.engine, 'hall', 'first')),
    done: (work) => queue.done(work),
    reopen: () => open(queue.crash()),
    close: () => queue.rooms.stop(),
  };
}

describeLine('the engine line', () => open(new QueueUnderTest()));

describe('a started line', () => {
  it('keeps its epoch when it is opened again', async () => {
    const queue = new QueueUnderTest();
    await queue.done(openEngineLine(queue.engine, 'hall', 'first'));
    assert.equal((await queue.done(openEngineLine(queue.engine, 'hall', 'second'))).epoch, 'first');
  });
});

describe('a full line', () => {
  it('refuses the next user and still finds those who stand in it', async () => {
    const queue = new QueueUnderTest({ engineLineMax: 2 });
    const line = await queue.done(openEngineLine(queue.engine, 'hall', 'first'));
    await queue.done(line.join('ann'));
    await queue.done(line.join('bob'));
    assert.deepEqual(await queue.done(line.join('cat')), { type: 'refused', code: 'overloaded' });
    assert.deepEqual(await queue.done(line.join('bob')), { type: 'joined', place: 2, existing: true });
    await queue.done(line.settle(1));
    assert.deepEqual(await queue.done(line.join('cat')), { type: 'joined', place: 3, existing: false });
  });
});

describe('an engine that is draining', () => {
  it('refuses to let anyone join', async () => {
    const queue = new QueueUnderTest();
    const line = await queue.done(openEngineLine(queue.engine, 'hall', 'first'));
    await queue.done(queue.engine.drain());
    assert.deepEqual(await queue.done(line.join('ann')), { type: 'refused', code: 'draining' });
  });
});
