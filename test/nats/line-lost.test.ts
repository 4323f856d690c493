/** What becomes of a line whose stream is deleted, has lost its tail, or belongs to another journal. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { StreamConfig } from '@nats-io/jetstream';
import { Client } from '../system/client.ts';
import { Program, temporaryDataDir } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { epochOf, join, joinWhenPossible, lineInfo, shut, tokenOf, withManager } from './line-people.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { rawPublish } from './raw-publish.ts';
import { until } from '../until.ts';

const dataDir = temporaryDataDir();
let nats: NatsUnderTest;
let program: Program;
let client: Client;

before(async () => {
  nats = await NatsUnderTest.start();
  await startProgram();
});
after(async () => {
  client.close();
  await program.kill();
  await nats.close();
  dataDir.remove();
});

async function startProgram(): Promise<void> {
  program = await Program.start(dataDir.path, { NATS_URL: nats.url, MAX_SEATS_PER_USER: '100000' });
  client = new Client(program.port);
}

describe('the stream of a line', () => {
  it('deleted by hand: its tokens are expired, and joining works again', async () => {
    await sale.putRoom(client, 'lost', shut);
    const ann = await sale.expecting(201, join(client, 'ann', 'lost'));
    const before = await epochOf(nats, 'lost');
    const deletedAt = Date.now();
    await withManager(nats, (jsm) => jsm.streams.delete('ONSALE_LINE_lost'));
    await until('the token is expired', async () => (await tokenOf(client, ann.body['token']))['status'] === 'expired');
    const again = await joinWhenPossible(client, 'ann', 'lost');
    assert.equal(again.status, 201);
    assert.equal(again.body['place'], 1);
    assert.notEqual(again.body['token'], ann.body['token']);
    assert.equal((await tokenOf(client, again.body['token']))['status'], 'waiting');
    assert.notEqual(await epochOf(nats, 'lost'), before);
    const { created } = await lineInfo(nats, 'lost');
    assert.ok(Date.parse(created) >= deletedAt + 1_000, 'made when the server has surely removed the old one’s files');
    await sale.putRoom(client, 'lost', sale.openDoors);
    await until('Ann is let in', async () => (await tokenOf(client, again.body['token']))['status'] === 'active');
    assert.equal((await tokenOf(client, ann.body['token']))['status'], 'expired');
  });

  it('without its tail: it ends below the place dealt with, so it is a new line', async () => {
    await sale.putRoom(client, 'tail', sale.openDoors);
    const ann = await sale.expecting(201, join(client, 'ann', 'tail'));
    await sale.putRoom(client, 'tail', shut);
    const bob = await sale.expecting(201, join(client, 'bob', 'tail'));
    assert.equal((await tokenOf(client, bob.body['token']))['status'], 'waiting');
    const before = await epochOf(nats, 'tail');
    const { config } = await lineInfo(nats, 'tail');
    client.close();
    await program.kill();
    // What a server that lost its newest messages has: the same stream, ending earlier.
    await withManager(nats, async (jsm) => {
      await jsm.streams.delete(config.name);
      await jsm.streams.add(made(config));
    });
    await startProgram();
    assert.equal((await tokenOf(client, bob.body['token']))['status'], 'expired');
    assert.equal((await tokenOf(client, ann.body['token']))['status'], 'active', 'whoever is inside stays');
    const again = await joinWhenPossible(client, 'bob', 'tail');
    assert.equal((await tokenOf(client, again.body['token']))['status'], 'waiting');
    assert.notEqual(await epochOf(nats, 'tail'), before);
  });

  it('of another journal is left alone: nobody can join, and its own engine goes on', async () => {
    await sale.putRoom(client, 'ours', shut);
    const ann = await sale.expecting(201, join(client, 'ann', 'ours'));
    const other = temporaryDataDir();
    const stranger = await Program.start(other.path, { NATS_URL: nats.url });
    const theirs = new Client(stranger.port);
    try {
      await sale.putRoom(theirs, 'ours', sale.openDoors);
      const refused = await join(theirs, 'eve', 'ours');
      assert.equal(refused.body['code'], 'queue_unavailable');
      assert.match(stranger.output, /nobody can join: .* is not of this journal/);
      const ready = await sale.expecting(200, theirs.send('GET', '/health/ready'));
      assert.ok((ready.body['degraded'] as string[]).includes('queue'), 'readiness says that people cannot join');
      const { state } = await lineInfo(nats, 'ours');
      assert.equal(state.messages, 1);
      assert.equal((await tokenOf(client, ann.body['token']))['status'], 'waiting');
      assert.equal((await sale.expecting(201, join(client, 'bob', 'ours'))).body['place'], 2);
    } finally {
      theirs.close();
      await stranger.kill();
      other.remove();
    }
  });
});

describe('a stream of nobody’s', () => {
  it('keeps people out until it is deleted, and no longer', async () => {
    const name = 'ONSALE_LINE_foreign';
    await withManager(nats, (jsm) => jsm.streams.add({ name, subjects: ['onsale.v1.line.foreign.*'] }));
    await sale.putRoom(client, 'foreign', sale.openDoors);
    assert.equal((await join(client, 'ann', 'foreign')).body['code'], 'queue_unavailable');
    await withManager(nats, (jsm) => jsm.streams.delete(name));
    assert.equal((await joinWhenPossible(client, 'ann', 'foreign')).status, 201);
  });
});

describe('a message in line whose headers cannot be read', () => {
  it('is a join like another, and disturbs nobody', async () => {
    await sale.putRoom(client, 'crowd', shut);
    await rawPublish(nats, 'onsale.v1.line.crowd.eve', ['Bad Name: x'], '');
    assert.equal((await sale.expecting(201, join(client, 'ann', 'crowd'))).body['place'], 2);
    for (let again = 0; again < 3; again++) {
      const eve = await join(client, 'eve', 'crowd');
      assert.deepEqual([eve.status, eve.body['place']], [200, 1], JSON.stringify(eve.body));
    }
    assert.equal((await sale.expecting(201, join(client, 'bob', 'crowd'))).body['place'], 3);
    assert.doesNotMatch(program.output, /NATS is away/);
  });
});

/** What may be given when a stream is made. */
function made(config: StreamConfig): Partial<StreamConfig> & { readonly name: string } {
  const { name, description = '', subjects, retention, storage, discard, discard_new_per_subject } = config;
  const { max_msgs_per_subject, duplicate_window, max_msg_size, allow_direct } = config;
  return {
    name,
    description,
    subjects,
    retention,
    storage,
    discard,
    discard_new_per_subject,
    max_msgs_per_subject,
    duplicate_window,
    max_msg_size,
    allow_direct,
  };
}
