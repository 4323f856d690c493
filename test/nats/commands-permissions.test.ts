/** Who may command is the NATS server's affair: without the permission a message reaches nobody, and the service goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, headers as natsHeaders } from '@nats-io/transport-node';
import { jetStreamTimeoutMs } from '../../api/nats/connection.ts';
import { adminKey, expecting, startStage } from '../http/stage.ts';
import { replyOf } from './commands-stage.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

const users = `
authorization {
  users: [
    { user: engine, password: of-the-engine }
    { user: viewer, password: of-the-viewer
      permissions: { publish: ["onsale.v1.query.>"], subscribe: ["_INBOX.>"] } }
  ]
}`;

test('a client that may only ask cannot command on any subject, nor act as the service', async (t) => {
  const nats = await NatsUnderTest.start(users);
  t.after(() => nats.close());
  const stage = await startStage({ NATS_URL: nats.url.replace('//', '//engine:of-the-engine@') });
  t.after(() => stage.stop());
  const viewer = await connect({ servers: nats.url, user: 'viewer', pass: 'of-the-viewer' });
  t.after(() => viewer.close());
  const ask = (subject: string, body: object) => {
    const headers = natsHeaders();
    headers.set('Idempotency-Key', 'k');
    return viewer.request(`onsale.v1.${subject}`, JSON.stringify(body), { timeout: 5_000, headers });
  };
  const balance = async (): Promise<unknown> => replyOf(await ask('query.balance.ann', {})).data['balance'];

  await until('the service answers', () =>
    balance().then(
      (found) => found === 0,
      () => false,
    ),
  );
  for (const subject of [
    'cmd.hold.s',
    'cmd.cancel.s',
    'cmd.pay.s',
    'cmd.charge.ann',
    'cmd.join.main',
    'do.hold.s',
    'do.cancel.s',
    'do.pay.s',
    'do.charge.ann',
    'line.main.ann',
    'advisory.rejected',
  ]) {
    await assert.rejects(ask(subject, { amount: 1 }), /permissions violation/i, subject);
  }
  const refused = Promise.withResolvers<string>();
  viewer.subscribe('onsale.v1.cmd.charge.*', {
    queue: 'q',
    callback: (error) => refused.resolve(String(error?.message)),
  });
  assert.match(await refused.promise, /permissions violation/i);
  assert.equal(await balance(), 0);
});

const engineThatHears = (subjects: string): string => `
authorization {
  users: [
    { user: engine, password: of-the-engine, permissions: { publish: [">"], subscribe: [${subjects}] } }
    { user: viewer, password: of-the-viewer }
  ]
}`;

test('an engine that may not listen says so, and serves as soon as it may', async (t) => {
  const nats = await NatsUnderTest.start(engineThatHears('"onsale.v1.query.>", "_INBOX.>"'));
  t.after(() => nats.close());
  const stage = await startStage({ NATS_URL: nats.url.replace('//', '//engine:of-the-engine@') });
  t.after(() => stage.stop());
  const viewer = await connect({ servers: nats.url, user: 'viewer', pass: 'of-the-viewer' });
  t.after(() => viewer.close());
  const degraded = async () => (await stage.send('GET', '/health/ready')).body['degraded'] ?? [];
  const charge = () => viewer.request('onsale.v1.cmd.charge.ann', '{"amount":1}', { timeout: 5_000 });

  await until('readiness names the commands', async () => JSON.stringify(await degraded()) === '["commands"]');
  await assert.rejects(charge(), /no responders/i);
  nats.reload(engineThatHears('">"'));
  await until('readiness names nothing', async () => JSON.stringify(await degraded()) === '[]');
  assert.equal(replyOf(await charge()).ok, true);
  assert.equal(JSON.parse((await viewer.request('$SRV.PING.onsale', '')).string())['name'], 'onsale');
});

test('an engine whose permissions are taken away and given back serves again, and its feed goes on', async (t) => {
  const everything = engineThatHears('">"');
  const nats = await NatsUnderTest.start(everything);
  t.after(() => nats.close());
  const stage = await startStage({ NATS_URL: nats.url.replace('//', '//engine:of-the-engine@') });
  t.after(() => stage.stop());
  const viewer = await connect({ servers: nats.url, user: 'viewer', pass: 'of-the-viewer' });
  t.after(() => viewer.close());
  const degraded = async () => JSON.stringify((await stage.send('GET', '/health/ready')).body['degraded'] ?? []);
  const overview = async () => (await stage.send('GET', '/v1/admin/overview', { bearer: adminKey })).body;
  const feedIsThere = async () => JSON.stringify((await overview())['feed']) === '{"lag":0}';
  const charge = () => viewer.request('onsale.v1.cmd.charge.ann', '{"amount":1}', { timeout: 5_000 });

  await until('readiness names nothing', async () => (await degraded()) === '[]');
  assert.equal(replyOf(await charge()).ok, true);
  await until('the feed follows', feedIsThere);
  nats.reload(engineThatHears('"onsale.v1.query.>"'));
  await until('readiness names the commands', async () => (await degraded()).includes('commands'));
  await assert.rejects(charge(), /no responders/i);
  await expecting(201, stage.send('POST', '/v1/users/ann/charges', { body: { amount: 1 } }));
  nats.reload(everything);
  await until('readiness names nothing again', async () => (await degraded()) === '[]');
  await until('the feed follows again', feedIsThere);
  const askedAtMs = performance.now();
  assert.equal(replyOf(await charge()).ok, true);
  await until('the feed has it', feedIsThere);
  assert.ok(
    performance.now() - askedAtMs < jetStreamTimeoutMs,
    'by its acknowledgement, not by a look after a timeout',
  );
});
