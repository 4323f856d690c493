/** Positions that only a longer or another journal can have given, and a NATS that is not there. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { clientIsBack, distinct, FeedUnderTest, readStream } from './feed-under-test.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

const nobody = 'nats://127.0.0.1:1';
/** Less than the feed may take to end. */
const bounded = { timeout: 40_000 };
let nats: NatsUnderTest;
let nc: NatsConnection;
let jsm: JetStreamManager;

before(async () => {
  nats = await NatsUnderTest.start();
  nc = await nats.connect();
  jsm = await jetstreamManager(nc);
});
beforeEach(async () => {
  await jsm.streams.delete('ONSALE_EVENTS').catch(() => undefined);
});
after(async () => {
  await nc.close();
  await nats.close();
});

/** The journal of `from` as it was before its last batches: `to` gets a copy. */
function copyJournal(from: string, to: string): void {
  for (const suffix of ['', '-wal']) {
    const file = join(from, `journal.db${suffix}`);
    if (existsSync(file)) copyFileSync(file, join(to, `journal.db${suffix}`));
  }
}

async function caughtUp({ feed }: FeedUnderTest): Promise<void> {
  await until('the feed has caught up', () => feed.lag().batches === 0 && feed.problem() === null);
}

/** `older` holds the same journal, three batches shorter than what the stream and `newer` have seen. */
async function shorter(newer: FeedUnderTest, older: FeedUnderTest): Promise<void> {
  newer.charge('ann');
  newer.charge('bob');
  older.journal.close();
  copyJournal(newer.dataDir, older.dataDir);
  newer.chargeMany(3);
  await newer.start(nats.url);
  await caughtUp(newer);
  await newer.stop(1_000);
}

describe('a journal that has lost its last batches', () => {
  test('refuses to start behind the remembered position, and names it', async (context) => {
    const newer = new FeedUnderTest(context);
    const older = new FeedUnderTest(context);
    await shorter(newer, older);
    copyFileSync(join(newer.dataDir, 'feed.db'), join(older.dataDir, 'feed.db'));
    await assert.rejects(older.start(nats.url), (error: Error) => {
      assert.equal(error.name, 'StorageDamaged');
      assert.match(error.message, /feed\.db: the event feed stands at batch 5, but the journal ends at batch 2/);
      return true;
    });
  });

  test('stops when the stream is ahead of it, and names the event', async (context) => {
    const newer = new FeedUnderTest(context);
    const older = new FeedUnderTest(context);
    await shorter(newer, older);
    await older.start(nats.url);
    const error = await older.fatal.promise;
    assert.equal(error.name, 'StorageDamaged');
    assert.ok(error.message.includes(`${newer.ids.at(-1)}, but the journal ends at batch 2`), error.message);
  });

  test('refuses a position of another journal', async (context) => {
    const theirs = new FeedUnderTest(context);
    theirs.charge('ann');
    await theirs.start(nats.url);
    await caughtUp(theirs);
    await theirs.stop(1_000);
    const under = new FeedUnderTest(context);
    under.charge('bob');
    copyFileSync(join(theirs.dataDir, 'feed.db'), join(under.dataDir, 'feed.db'));
    await assert.rejects(under.start(nats.url), new RegExp(`it follows journal ${theirs.journal.id}`));
  });
});

describe('without NATS', () => {
  test(
    'the feed starts, says what it waits for and how far it is behind, and ends at once',
    bounded,
    async (context) => {
      const under = new FeedUnderTest(context);
      under.charge('ann');
      await under.start(nobody);
      under.charge('bob');
      await until('the lag has an age', () => under.feed.lag().seconds > 0);
      assert.equal(under.feed.lag().batches, 2);
      assert.equal(under.feed.published(), 0);
      await until('it says why', () => under.feed.problem() === 'NATS is away');
      await under.stop(60_000);
      await under.start(nats.url);
      await caughtUp(under);
      assert.deepEqual(distinct(await readStream(nc)), under.ids);
    },
  );

  test('killed and back, it goes on by itself where it was', async (context) => {
    const under = new FeedUnderTest(context);
    under.charge('ann');
    await under.start(nats.url);
    await caughtUp(under);
    await nats.kill();
    under.chargeMany(500);
    await until('it is behind', () => under.feed.lag().batches > 0);
    await nats.start();
    await clientIsBack(nc);
    await caughtUp(under);
    assert.deepEqual(
      (await readStream(nc)).map(({ id }) => id),
      under.ids,
    );
  });
});
