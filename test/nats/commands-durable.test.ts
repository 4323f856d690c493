/** Durable commands: once each, refusals remembered, poison reported, order kept, on a real server and program. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { headers as natsHeaders, type Msg } from '@nats-io/transport-node';
import { startStage } from '../http/stage.ts';
import { startCommandStage, type CommandStage, type ServiceClient } from './commands-stage.ts';
import { rawPublish } from './raw-publish.ts';
import { until } from '../until.ts';

let stage: CommandStage;
let client: ServiceClient;

before(async () => {
  stage = await startCommandStage();
  client = stage.client;
});
after(() => stage.close());

const key = (text: string) => ({ 'Idempotency-Key': text });
const balance = async (userId: string) => (await client.data(`query.balance.${userId}`))['balance'];
const reservation = (userId: string, reservationId: string) =>
  client.data('query.reservation.s', { userId, reservationId });

test('the queue is a work queue of four subjects that names its journal, read by one durable consumer', async () => {
  const jsm = await client.jsm();
  const { config } = await jsm.streams.info('ONSALE_COMMANDS');
  assert.equal(config.retention, 'workqueue');
  assert.deepEqual(
    config.subjects,
    ['hold', 'cancel', 'pay', 'charge'].map((verb) => `onsale.v1.do.${verb}.*`),
  );
  const { body } = await stage.stage.send('GET', '/v1/admin/overview', { bearer: 'admin-key-of-the-tests' });
  const { id } = body['journal'] as { id: string };
  assert.ok(config.description?.includes(id));
  const consumer = await jsm.consumers.info('ONSALE_COMMANDS', 'onsale-engine');
  assert.equal(consumer.config.ack_policy, 'explicit');
  assert.equal(consumer.config.max_ack_pending, 512);
});

test('charge, hold, pay and cancel are carried out with nobody waiting', async () => {
  await client.command('charge.ann', { amount: 10_000 }, key('c1'));
  await client.command('hold.s', { userId: 'ann', seatIds: ['A-1-1'] }, key('h1'));
  await client.untilCarriedOut();
  assert.equal(await balance('ann'), 10_000);
  assert.equal((await reservation('ann', 's.1'))['status'], 'held');
  await client.command('pay.s', { userId: 'ann', reservationId: 's.1' }, key('p1'));
  await client.command('hold.s', { userId: 'ann', seatIds: ['A-1-2'] }, key('h2'));
  await client.command('cancel.s', { userId: 'ann', reservationId: 's.2' }, key('x1'));
  await client.untilCarriedOut();
  assert.equal((await reservation('ann', 's.1'))['status'], 'paid');
  assert.equal((await reservation('ann', 's.2'))['status'], 'cancelled');
  assert.equal(await balance('ann'), 0);
});

test('published five times with one key, a command has one effect', async () => {
  await Promise.all(Array.from({ length: 5 }, () => client.command('charge.bob', { amount: 7 }, key('c'))));
  await client.untilCarriedOut();
  assert.equal(await balance('bob'), 7);
  const metrics = (await stage.stage.send('GET', '/metrics')).text;
  assert.match(metrics, /onsale_nats_duration_seconds_count\{name="do-charge",outcome="replayed"\} 4/);
});

test('a refusal is an outcome: the same key is not judged again, another is', async () => {
  await client.command('hold.s', { userId: 'carl', seatIds: ['A-1-4'] }, key('h'));
  await client.untilCarriedOut();
  const own = { userId: 'carl', reservationId: 's.3' };
  await client.command('pay.s', own, key('p'));
  await client.untilCarriedOut();
  await client.data('cmd.charge.carl', { amount: 10_000 });
  await client.command('pay.s', own, key('p'));
  await client.untilCarriedOut();
  assert.equal((await reservation('carl', 's.3'))['status'], 'held', 'the refusal for lack of money is remembered');
  await client.command('pay.s', own, key('p2'));
  await client.untilCarriedOut();
  assert.equal((await reservation('carl', 's.3'))['status'], 'paid');
});

test('commands of one subject are carried out in the order of the stream: the first to ask gets the seat', async () => {
  const seats = Array.from({ length: 10 }, (_, index) => `A-1-${index + 8}`);
  const published: Promise<unknown>[] = [];
  for (const [round, seatId] of seats.entries()) {
    for (let rival = 0; rival < 10; rival++) {
      const userId = `rival${round}-${rival}`;
      // Not awaited one by one: they are in the stream in this order, and under way together.
      published.push(client.command('hold.s', { userId, seatIds: [seatId] }, key('k')));
    }
  }
  await Promise.all(published);
  await client.untilCarriedOut();
  const before = 3;
  for (const [round] of seats.entries()) {
    assert.equal((await reservation(`rival${round}-0`, `s.${before + round + 1}`))['status'], 'held');
  }
});

async function reportOf(publish: () => Promise<unknown>): Promise<Msg> {
  const reports: Msg[] = [];
  const subscription = client.nc.subscribe('onsale.v1.advisory.rejected', {
    callback: (_error, message) => void reports.push(message),
  });
  await client.nc.flush();
  await publish();
  await client.untilCarriedOut();
  await until('it is reported', () => reports.length > 0);
  subscription.unsubscribe();
  assert.equal(reports.length, 1);
  return reports[0]!;
}

describe('what cannot be carried out', () => {
  const poison: readonly (readonly [what: string, subject: string, body: unknown, sent: Record<string, string>])[] = [
    ['no key', 'charge.p', { amount: 1 }, {}],
    ['a key that is none', 'charge.p', { amount: 1 }, key('two words')],
    ['no JSON', 'hold.s', '{', key('k')],
    ['an empty body', 'pay.s', '', key('k')],
    ['wrong types', 'cancel.s', { userId: 1, reservationId: 2 }, key('k')],
    ['an unknown field', 'charge.p', { amount: 1, more: 1 }, key('k')],
    ['an id that is none', 'charge.p:q', { amount: 1 }, key('k')],
    ['too large', 'hold.s', ' '.repeat(64 * 1024 + 1), key('k')],
  ];

  for (const [what, subject, body, sent] of poison) {
    test(`is terminated and reported with its headers: ${what}`, async () => {
      const report = await reportOf(() => client.command(subject, body, { ...sent, Trace: 'abc' }));
      const { reason, ...told } = report.json<{ reason: { code: string }; headers: unknown; subject: string }>();
      assert.equal(reason.code, what === 'too large' ? 'payload_too_large' : 'invalid_request');
      assert.equal(told.subject, `onsale.v1.do.${subject}`);
      const headers = Object.fromEntries(
        Object.entries({ ...sent, Trace: 'abc' }).map(([name, value]) => [name, [value]]),
      );
      assert.deepEqual(told.headers, headers);
      assert.equal(report.headers?.get('Trace'), 'abc');
      assert.equal(report.headers?.get('Idempotency-Key'), sent['Idempotency-Key'] ?? '');
    });
  }

  test('is reported when its key belongs to another command', async () => {
    await client.command('charge.reuse', { amount: 1 }, key('k'));
    const report = await reportOf(() => client.command('charge.reuse', { amount: 2 }, key('k')));
    assert.equal(report.json<{ reason: { code: string } }>().reason.code, 'idempotency_key_reused');
    assert.equal(await balance('reuse'), 1);
  });

  test('leaves the service as it was', async () => {
    assert.equal(await balance('p'), 0);
    await client.command('charge.p', { amount: 1 }, key('good'));
    await client.untilCarriedOut();
    assert.equal(await balance('p'), 1);
  });
});

test('one with headers that the client cannot read is reported, and the others go on', async () => {
  const reports = client.nc.subscribe('onsale.v1.advisory.rejected', { max: 1 });
  await client.nc.flush();
  await rawPublish(stage.nats, 'onsale.v1.do.charge.rita', ['X Trace: 1', 'Idempotency-Key: r1'], '{"amount":5}');
  await client.command('charge.rita', { amount: 6 }, key('r2'));
  for await (const message of reports) {
    const { reason, headersComplete } = message.json<{ reason: { code: string }; headersComplete: boolean }>();
    assert.deepEqual([reason.code, headersComplete], ['invalid_request', false]);
  }
  await client.untilCarriedOut();
  assert.equal(await balance('rita'), 6);
});

test('commands acked by JetStream survive a killed server, and come once', async () => {
  for (let index = 0; index < 200; index++) await client.command('charge.nk', { amount: 1 }, key(`a${index}`));
  await stage.nats.kill();
  await stage.nats.start();
  await until('the client is back', () => client.nc.rtt().catch(() => null));
  await client.untilServed();
  const headers = natsHeaders();
  headers.set('Idempotency-Key', 'a199');
  await client.js.publish('onsale.v1.do.charge.nk', JSON.stringify({ amount: 1 }), { headers });
  await client.untilCarriedOut();
  assert.equal(await balance('nk'), 200);
});

test('a consumer deleted by hand comes back', async () => {
  const jsm = await client.jsm();
  await jsm.consumers.delete('ONSALE_COMMANDS', 'onsale-engine');
  await client.command('charge.again', { amount: 3 }, key('k'));
  await client.untilCarriedOut();
  assert.equal(await balance('again'), 3);
});

test('an engine of another journal refuses the stream and serves nothing beside it', async () => {
  const other = await startStage({ NATS_URL: stage.nats.url });
  try {
    await until('it says so', () => other.logged.some((line) => line.includes('is not that of this data directory')));
    const ready = await other.send('GET', '/health/ready');
    assert.deepEqual((ready.body['degraded'] as string[]).includes('commands'), true);
    let answers = 0;
    for await (const _ of await client.nc.requestMany('$SRV.PING.onsale', '', { maxWait: 300 })) answers++;
    assert.equal(answers, 1, 'only the owner answers');
  } finally {
    await other.stop();
  }
});
