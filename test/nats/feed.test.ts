/** The relay between a journal and a real nats-server: what a consumer finds in the stream, whatever happens. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { clientIsBack, FeedUnderTest, distinct, readStream } from './feed-under-test.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

const name = 'ONSALE_EVENTS';
let nats: NatsUnderTest;
let nc: NatsConnection;
let jsm: JetStreamManager;

before(async () => {
  nats = await NatsUnderTest.start();
  nc = await nats.connect();
  jsm = await jetstreamManager(nc);
});
beforeEach(async () => {
  await jsm.streams.delete(name).catch(() => undefined);
});
after(async () => {
  await nc.close();
  await nats.close();
});

/** A feed that has published so many batches of three charges. */
async function following(context: TestContext, batches: number): Promise<FeedUnderTest> {
  const under = new FeedUnderTest(context);
  under.chargeMany(batches);
  await under.start(nats.url);
  await caughtUp(under);
  return under;
}

async function caughtUp({ feed }: FeedUnderTest): Promise<void> {
  await until('the feed has caught up', () => feed.lag().batches === 0 && feed.problem() === null);
}

describe('a journal with events', () => {
  test('is in the stream, each event with its id, its headers and its body', async (context) => {
    const under = new FeedUnderTest(context);
    under.charge('ann', 'bob');
    await under.start(nats.url);
    under.charge('ann');
    await caughtUp(under);

    const received = await readStream(nc);
    assert.deepEqual(
      received.map(({ id }) => id),
      under.ids,
    );
    const [first] = received;
    assert.equal(first?.subject, 'onsale.v1.events.wallet.ann.charged');
    assert.equal(first.headers['Nats-Msg-Id'], first.id);
    assert.equal(first.headers['ce-specversion'], '1.0');
    assert.equal(first.headers['ce-commandid'], '1-1');
    assert.deepEqual(first.body, { id: '1.0', userId: 'ann', amount: 1, balance: 1 });
    assert.equal(under.feed.published(), 3);
    assert.equal(under.feed.lag().seconds, 0);

    const { config } = await jsm.streams.info(name);
    assert.equal(config.description, `Onsale event feed of journal ${under.journal.id}`);
    assert.deepEqual(
      [config.retention, config.discard, config.max_age, config.max_bytes, config.subjects],
      ['limits', 'old', 7 * 24 * 3600 * 1e9, 10 * 1024 ** 3, ['onsale.v1.events.>']],
    );
  });

  test('is not read beyond what was told to be durable', async (context) => {
    const under = new FeedUnderTest(context);
    under.charge('ann');
    await under.start(nats.url);
    await caughtUp(under);
    under.write('bob');
    under.write('cy');
    under.feed.advance(2);
    await until('batch 2 is published', () => under.feed.lag().batches === 0);
    assert.deepEqual(distinct(await readStream(nc)), under.ids.slice(0, 2));
    under.feed.advance(3);
    await caughtUp(under);
    assert.deepEqual(distinct(await readStream(nc)), under.ids);
  });
});

describe('a feed that starts again', () => {
  test('goes on after the last event of the stream, without a repetition', async (context) => {
    const under = new FeedUnderTest(context);
    for (let round = 0; round < 4; round++) {
      under.chargeMany(200);
      await under.start(nats.url);
      under.chargeMany(200);
      await until('some of it is published', () => under.feed.published() > 0);
      await under.stop();
    }
    await under.start(nats.url);
    await caughtUp(under);
    assert.deepEqual(
      (await readStream(nc)).map(({ id }) => id),
      under.ids,
    );
  });

  test('needs no position of its own where the stream tells', async (context) => {
    const under = await following(context, 100);
    await under.stop();
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(under.dataDir, `feed.db${suffix}`), { force: true });
    under.chargeMany(10);
    await under.start(nats.url);
    await caughtUp(under);
    assert.deepEqual(
      (await readStream(nc)).map(({ id }) => id),
      under.ids,
    );
  });

  test('publishes again what the stream has lost of its end', async (context) => {
    const under = await following(context, 50);
    await under.stop(1_000);
    for (let sequence = 141; sequence <= 150; sequence++) await jsm.streams.deleteMessage(name, sequence);
    // The ids of what was deleted stay known to the server for the duplicate window; a new process does not know them.
    await nats.kill();
    await nats.start();
    await clientIsBack(nc);
    await under.start(nats.url);
    await until('the stream is whole', async () => distinct(await readStream(nc)).length === under.ids.length);
    assert.deepEqual(
      (await readStream(nc)).map(({ id }) => id),
      under.ids,
    );
  });
});

describe('a stream that was deleted by hand', () => {
  test('is made again and goes on from the position', async (context) => {
    const under = await following(context, 20);
    await jsm.streams.delete(name);
    under.charge('ann');
    under.charge('bob');
    await caughtUp(under);
    assert.deepEqual(
      (await readStream(nc)).map(({ id }) => id),
      under.ids.slice(-2),
    );
  });

  test('or purged, goes on after a start as well', async (context) => {
    const under = await following(context, 20);
    await under.stop(1_000);
    await jsm.streams.purge(name);
    under.charge('ann');
    await under.start(nats.url);
    await caughtUp(under);
    assert.deepEqual(
      (await readStream(nc)).map(({ id }) => id),
      under.ids.slice(-1),
    );
  });
});

describe('a stream that others write to', () => {
  test('still gets every event, in order', async (context) => {
    const under = new FeedUnderTest(context);
    under.charge('ann');
    await under.start(nats.url);
    await caughtUp(under);
    for (let round = 0; round < 5; round++) {
      nc.publish('onsale.v1.events.wallet.mallory.charged', '{}');
      under.chargeMany(20);
    }
    await caughtUp(under);
    const received = (await readStream(nc)).filter(({ id }) => id !== '');
    assert.deepEqual(distinct(received), under.ids);
  });
});

describe('an event that somebody else publishes', () => {
  test('again, does not make the feed begin anew', async (context) => {
    const under = await following(context, 100);
    // The server knows ids for two minutes; started again, only those that the stream has.
    const id = under.ids[0] ?? '';
    await jsm.streams.deleteMessage(name, 1);
    await nats.kill();
    await nats.start();
    await clientIsBack(nc);
    const before = (await readStream(nc)).length;
    await publishAgain(2, { 'ce-id': id, 'Nats-Msg-Id': id });
    under.chargeMany(1);
    await caughtUp(under);
    assert.equal((await readStream(nc)).length, before + 1 + 3);
  });

  test('with an id that only we could have made is not taken for ours', async (context) => {
    const under = await following(context, 1);
    await publishAgain(1, { 'ce-id': `${under.journal.id}-99999999-0` });
    under.chargeMany(2);
    await caughtUp(under);
    const received = await readStream(nc);
    assert.equal(received.length, 3 + 1 + 6);
    await under.stop(1_000);
    await under.start(nats.url);
    await caughtUp(under);
  });
});

describe('a stream of another journal', () => {
  test('gets nothing, and the reason is told', async (context) => {
    const theirs = new FeedUnderTest(context);
    theirs.charge('ann');
    await theirs.start(nats.url);
    await caughtUp(theirs);

    const under = new FeedUnderTest(context);
    under.charge('bob');
    await under.start(nats.url);
    await until('it refuses', () => under.feed.problem()?.includes("is not this engine's") === true);
    assert.ok(under.feed.problem()?.includes(theirs.journal.id), under.feed.problem() ?? '');
    assert.deepEqual(distinct(await readStream(nc)), theirs.ids);
    assert.equal(under.feed.lag().batches, 1);
  });
});

/** As the engine sends it, but for what makes JetStream drop a repetition. */
async function publishAgain(sequence: number, changed: Readonly<Record<string, string>>): Promise<void> {
  const message = await jsm.streams.getMessage(name, { seq: sequence });
  assert.ok(message !== null);
  const carried = headers();
  for (const [header, [value = '']] of message.header) if (header.startsWith('ce-')) carried.set(header, value);
  for (const [header, value] of Object.entries(changed)) carried.set(header, value);
  nc.publish(message.subject, message.data, { headers: carried });
  await nc.flush();
}
