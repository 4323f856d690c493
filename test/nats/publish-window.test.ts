import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EventPosition } from '../../api/nats/feed/event-id.ts';
import { PublishWindow } from '../../api/nats/feed/publish-window.ts';

function windowUnderTest(): { readonly window: PublishWindow; readonly reached: EventPosition[] } {
  const reached: EventPosition[] = [];
  const window = new PublishWindow({ messagesMax: 10, bytesMax: 1_000 }, (position) => reached.push(position));
  return { window, reached };
}

async function settled(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
}

describe('events on their way to the stream', () => {
  it('are reached from the front only: not the end of a batch, nor a later event, before the first is confirmed', async () => {
    const { window, reached } = windowUnderTest();
    const first = Promise.withResolvers<void>();
    window.add(first.promise, 1, { batch: 7, index: 1 });
    window.add(Promise.resolve(), 1, { batch: 7, index: 2 });
    window.mark({ batch: 8, index: 0 });
    await settled();
    assert.deepEqual(reached, []);
    first.resolve();
    await settled();
    assert.deepEqual(reached.at(-1), { batch: 8, index: 0 });
  });

  it('are not reached after one of them failed', async () => {
    const { window, reached } = windowUnderTest();
    window.add(Promise.reject(new Error('no ack')), 1, { batch: 7, index: 1 });
    window.add(Promise.resolve(), 1, { batch: 7, index: 2 });
    window.mark({ batch: 8, index: 0 });
    await settled();
    assert.deepEqual(reached, []);
    assert.equal(window.failure?.message, 'no ack');
  });
});
