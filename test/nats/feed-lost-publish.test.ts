/** Single messages lost in the middle of a pipeline: what was sent after them must not stand in the stream before them. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { createLog } from '../../api/log.ts';
import { NatsLink } from '../../api/nats/connection.ts';
import { createEventStream, type EventStream } from '../../api/nats/feed/event-stream.ts';
import { Relay } from '../../api/nats/feed/relay.ts';
import { systemTimers } from '../../api/timers.ts';
import { openFeedJournal } from '../../storage/feed-journal.ts';
import { FeedUnderTest, readStream } from './feed-under-test.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

const loseEvery = 97;
const sentAfter = 50;
const timeoutMs = 1_000;

/** The real stream, but some publishes never reach the server; their sender learns of it when many more were sent. */
function losing(real: EventStream): EventStream & { lost: number } {
  let count = 0;
  let settled = 0;
  const waiting: { readonly atSettled: number; readonly reject: (error: Error) => void }[] = [];
  const settle = (): void => {
    settled += 1;
    while (waiting[0] !== undefined && waiting[0].atSettled <= settled) waiting.shift()?.reject(new Error('timeout'));
  };
  const stream = {
    lost: 0,
    open: () => real.open(),
    async publish(...args: Parameters<EventStream['publish']>): Promise<void> {
      count += 1;
      if (count % loseEvery === 0) {
        stream.lost += 1;
        const { promise, reject } = Promise.withResolvers<void>();
        waiting.push({ atSettled: settled + sentAfter, reject });
        // Where nothing more is sent, it times out as any publish does.
        const timer = setTimeout(() => reject(new Error('timeout')), timeoutMs);
        return await promise.finally(() => clearTimeout(timer));
      }
      try {
        await real.publish(...args);
      } finally {
        settle();
      }
    },
  };
  return stream;
}

async function relayOver(context: TestContext, nats: NatsUnderTest, under: FeedUnderTest) {
  const journal = openFeedJournal(under.dataDir);
  const link = new NatsLink({ url: nats.url, token: null, log: createLog('silent') });
  const stream = losing(createEventStream(link, journal.id));
  const bounds = { messagesMax: 1_024, bytesMax: 1_000_000 };
  const relay = new Relay({ journal, stream, bounds, timers: systemTimers, onTrouble: () => undefined });
  const running = relay.run();
  context.after(async () => {
    relay.stop();
    await link.close();
    await running;
    journal.close();
  });
  return { relay, stream };
}

test('a pipeline that loses messages leaves every event in the stream once, in the order of the journal', async (context) => {
  const nats = await NatsUnderTest.start();
  context.after(() => nats.close());
  const nc = await nats.connect();
  context.after(() => nc.close());
  const under = new FeedUnderTest(context);
  under.chargeMany(300);
  const { relay, stream } = await relayOver(context, nats, under);
  await until('everything is published', () => relay.through === under.durable);
  assert.ok(stream.lost >= 5, `${stream.lost} lost`);
  assert.deepEqual(
    (await readStream(nc)).map(({ id }) => id),
    under.ids,
  );
  const { state } = await (await jetstreamManager(nc)).streams.info('ONSALE_EVENTS');
  assert.equal(state.messages, under.ids.length);
});
