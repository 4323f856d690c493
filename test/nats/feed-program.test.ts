/** The whole program: what HTTP answers is what the feed tells, also around a `kill -9`, and what an export prints. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Client } from '../system/client.ts';
import { Program, adminKey, temporaryDataDir } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { readStream, type Received } from './feed-under-test.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { rawPublish } from './raw-publish.ts';
import { until } from '../until.ts';

const dataDir = temporaryDataDir();
let nats: NatsUnderTest;
let nc: NatsConnection;
let program: Program;
let client: Client;

async function start(): Promise<void> {
  program = await Program.start(dataDir.path, { NATS_URL: nats.url });
  client = new Client(program.port);
}

before(async () => {
  nats = await NatsUnderTest.start();
  nc = await nats.connect();
  await start();
});
after(async () => {
  client.close();
  await program.kill();
  await nc.close();
  await nats.close();
  dataDir.remove();
});

/** All messages, once the last one is on this subject. */
async function streamEndingIn(subject: string): Promise<Received[]> {
  return await until(`the feed ends in ${subject}`, async () => {
    const received = await readStream(nc).catch(() => []);
    return received.at(-1)?.subject === `onsale.v1.events.${subject}` ? received : null;
  });
}

async function journalOnceTold(): Promise<{ readonly id: string }> {
  return await until('the overview says that the feed has no lag', async () => {
    const { body } = await client.send('GET', '/v1/admin/overview', { bearer: adminKey });
    // The shape is that of the API; a wrong one fails here.
    const overview = body as { journal: { id: string }; feed: { lag: number } };
    return overview.feed.lag === 0 ? overview.journal : null;
  });
}

test('a journey over HTTP is told on the feed with the bodies of its answers', async () => {
  await sale.putRoom(client, 'main', sale.openDoors);
  await sale.createConcert(client, 'c');
  await sale.createSchedule(client, 'c', 's', { rows: 1, seats: 4, price: 100 });
  const charged = await sale.charge(client, 'ann', 1_000, 'first-charge');
  const token = await sale.enter(client, 'ann');
  const held = await sale.hold(client, token, 's', ['A-1-1', 'A-1-2']);
  await program.kill();
  client.close();
  await start();
  const payment = await sale.pay(client, token, String(held.body['id']), 'pay-it');
  assert.equal(payment.status, 201);

  const received = await streamEndingIn('admission.main.session-ended');
  const told = new Map(received.map((message) => [message.subject.slice('onsale.v1.events.'.length), message]));
  assert.deepEqual(
    [...told.keys()],
    [
      'schedule.s.opened',
      'wallet.ann.charged',
      'admission.main.admitted',
      'schedule.s.seats-held',
      'wallet.ann.debited',
      'schedule.s.reservation-paid',
      'admission.main.session-ended',
    ],
  );
  assert.equal(received.length, told.size, 'nothing is told twice');
  const { chargedAt, ...charge } = charged.body;
  assert.ok(chargedAt);
  assert.deepEqual(told.get('wallet.ann.charged')?.body, charge);
  assert.equal(told.get('wallet.ann.charged')?.headers['ce-commandid'], 'first-charge');
  assert.deepEqual(told.get('schedule.s.seats-held')?.body, held.body);
  assert.deepEqual(told.get('schedule.s.reservation-paid')?.body, {
    reservation: { ...held.body, status: 'paid', paidAt: payment.body['paidAt'] },
    payment: payment.body,
  });
  assert.equal(told.get('schedule.s.reservation-paid')?.headers['ce-commandid'], 'pay-it');

  const journal = await journalOnceTold();
  assert.equal(told.get('schedule.s.opened')?.headers['ce-source'], `/onsale/journals/${journal.id}`);

  const exporting = [join(import.meta.dirname, '../../api/export.ts'), '--data', dataDir.path];
  const { stdout } = await promisify(execFile)(process.execPath, [...exporting, '--from', `${journal.id}-1-0`]);
  // Each line is one event as the export prints it.
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; data: unknown });
  assert.deepEqual(
    lines.map(({ id, data }) => ({ id, data })),
    received.map(({ id, body }) => ({ id, data: body })),
  );
});

test('a stranger’s message on the feed whose headers cannot be read does not stop it', async () => {
  await rawPublish(nats, 'onsale.v1.events.x.y.z', ['X Trace: 1'], '{}');
  await sale.charge(client, 'bea', 5);
  await journalOnceTold();
  const { state } = await (await jetstreamManager(nc)).streams.info('ONSALE_EVENTS', { subjects_filter: '>' });
  assert.deepEqual(
    [state.subjects?.['onsale.v1.events.x.y.z'], state.subjects?.['onsale.v1.events.wallet.bea.charged']],
    [1, 1],
  );
});
