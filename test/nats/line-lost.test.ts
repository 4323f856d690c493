/** What becomes of a line whose stream is deleted, has lost its tail, or belongs to another journal. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { StreamConfig } from '@nats-io/jetstream';
import { Client } from '../system/client.ts';
import { Program, temporaryDataDir } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { epochOf, join, joinWhenPossible, lineInfo, shut, tokenOf, withManager } from './line-people.ts';
import { ProgramStage } from './program-stage.ts';
import { rawPublish } from './raw-publish.ts';
import { until } from '../until.ts';

let stage: ProgramStage;

before(async () => {
  stage = await ProgramStage.start({ MAX_SEATS_PER_USER: '100000' });
});
after(() => stage.close());

describe('the stream of a line', () => {
  it('deleted by hand: its tokens are expired, and joining works again', async () => {
    await sale.putRoom(stage.client, 'lost', shut);
    const ann = await sale.expecting(201, join(stage.client, 'ann', 'lost'));
    const before = await epochOf(stage.nats, 'lost');
    const deletedAt = Date.now();
    await withManager(stage.nats, (jsm) => jsm.streams.delete('ONSALE_LINE_lost'));
    await until(
      'the token is expired',
      async () => (await tokenOf(stage.client, ann.body['token']))['status'] === 'expired',
    );
    const again = await joinWhenPossible(stage.client, 'ann', 'lost');
    assert.equal(again.status, 201);
    assert.equal(again.body['place'], 1);
    assert.notEqual(again.body['token'], ann.body['token']);
    assert.equal((await tokenOf(stage.client, again.body['token']))['status'], 'waiting');
    assert.notEqual(await epochOf(stage.nats, 'lost'), before);
    const { created } = await lineInfo(stage.nats, 'lost');
    assert.ok(Date.parse(created) >= deletedAt + 1_000, 'made when the server has surely removed the old one’s files');
    await sale.putRoom(stage.client, 'lost', sale.openDoors);
    await until('Ann is let in', async () => (await tokenOf(stage.client, again.body['token']))['status'] === 'active');
    assert.equal((await tokenOf(stage.client, ann.body['token']))['status'], 'expired');
  });

  it('without its tail: it ends below the place dealt with, so it is a new line', async () => {
    await sale.putRoom(stage.client, 'tail', sale.openDoors);
    const ann = await sale.expecting(201, join(stage.client, 'ann', 'tail'));
    await sale.putRoom(stage.client, 'tail', shut);
    const bob = await sale.expecting(201, join(stage.client, 'bob', 'tail'));
    assert.equal((await tokenOf(stage.client, bob.body['token']))['status'], 'waiting');
    const before = await epochOf(stage.nats, 'tail');
    const { config } = await lineInfo(stage.nats, 'tail');
    await stage.killProgram();
    // What a server that lost its newest messages has: the same stream, ending earlier.
    await withManager(stage.nats, async (jsm) => {
      await jsm.streams.delete(config.name);
      await jsm.streams.add(made(config));
    });
    await stage.startProgram();
    assert.equal((await tokenOf(stage.client, bob.body['token']))['status'], 'expired');
    assert.equal((await tokenOf(stage.client, ann.body['token']))['status'], 'active', 'whoever is inside stays');
    const again = await joinWhenPossible(stage.client, 'bob', 'tail');
    assert.equal((await tokenOf(stage.client, again.body['token']))['status'], 'waiting');
    assert.notEqual(await epochOf(stage.nats, 'tail'), before);
  });

  it('of another journal is left alone: nobody can join, and its own engine goes on', async () => {
    await sale.putRoom(stage.client, 'ours', shut);
    const ann = await sale.expecting(201, join(stage.client, 'ann', 'ours'));
    const other = temporaryDataDir();
    const stranger = await Program.start(other.path, { NATS_URL: stage.nats.url });
    const theirs = new Client(stranger.port);
    try {
      await sale.putRoom(theirs, 'ours', sale.openDoors);
      const refused = await join(theirs, 'eve', 'ours');
      assert.equal(refused.body['code'], 'queue_unavailable');
      assert.match(stranger.output, /nobody can join: .* is not of this journal/);
      const ready = await sale.expecting(200, theirs.send('GET', '/health/ready'));
      assert.ok((ready.body['degraded'] as string[]).includes('queue'), 'readiness says that people cannot join');
      const { state } = await lineInfo(stage.nats, 'ours');
      assert.equal(state.messages, 1);
      assert.equal((await tokenOf(stage.client, ann.body['token']))['status'], 'waiting');
      assert.equal((await sale.expecting(201, join(stage.client, 'bob', 'ours'))).body['place'], 2);
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
    await withManager(stage.nats, (jsm) => jsm.streams.add({ name, subjects: ['onsale.v1.line.foreign.*'] }));
    await sale.putRoom(stage.client, 'foreign', sale.openDoors);
    assert.equal((await join(stage.client, 'ann', 'foreign')).body['code'], 'queue_unavailable');
    await withManager(stage.nats, (jsm) => jsm.streams.delete(name));
    assert.equal((await joinWhenPossible(stage.client, 'ann', 'foreign')).status, 201);
  });
});

describe('a message in line whose headers cannot be read', () => {
  it('is a join like another, and disturbs nobody', async () => {
    await sale.putRoom(stage.client, 'crowd', shut);
    await rawPublish(stage.nats, 'onsale.v1.line.crowd.eve', ['Bad Name: x'], '');
    assert.equal((await sale.expecting(201, join(stage.client, 'ann', 'crowd'))).body['place'], 2);
    for (let again = 0; again < 3; again++) {
      const eve = await join(stage.client, 'eve', 'crowd');
      assert.deepEqual([eve.status, eve.body['place']], [200, 1], JSON.stringify(eve.body));
    }
    assert.equal((await sale.expecting(201, join(stage.client, 'bob', 'crowd'))).body['place'], 3);
    assert.doesNotMatch(stage.program.output, /NATS is away/);
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
