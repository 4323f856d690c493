/** The micro service as `nats micro ls`, `info` and `stats` see it (ADR-32), and its bounds. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { json, type Answer } from '../../api/answers/answer.ts';
import { limits } from '../../api/limits.ts';
import { createLog } from '../../api/log.ts';
import { RequestDoor } from '../../api/nats/commands/request-door.ts';
import { replyOf, startCommandStage, type CommandStage } from './commands-stage.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

type Answered = Readonly<Record<string, unknown>>;

async function asked(nc: NatsConnection, subject: string): Promise<Answered> {
  return (await nc.request(subject, '', { timeout: 5_000 })).json<Answered>();
}

describe('the service', () => {
  let stage: CommandStage;
  before(async () => (stage = await startCommandStage()));
  after(() => stage.close());

  const subjects = {
    'cmd-hold': 'onsale.v1.cmd.hold.*',
    'cmd-cancel': 'onsale.v1.cmd.cancel.*',
    'cmd-pay': 'onsale.v1.cmd.pay.*',
    'cmd-charge': 'onsale.v1.cmd.charge.*',
    'cmd-join': 'onsale.v1.cmd.join.*',
    'query-seats': 'onsale.v1.query.seats.*',
    'query-reservation': 'onsale.v1.query.reservation.*',
    'query-balance': 'onsale.v1.query.balance.*',
  };

  test('says that it is there, to everyone, by name and by id', async () => {
    const { nc } = stage.client;
    const found = await asked(nc, '$SRV.PING');
    assert.match(String(found['version']), /^\d+\.\d+\.\d+$/);
    const id = String(found['id']);
    const ping = {
      type: 'io.nats.micro.v1.ping_response',
      name: 'onsale',
      id,
      version: found['version'],
      metadata: {},
    };
    assert.deepEqual(found, ping);
    assert.deepEqual(await asked(nc, '$SRV.PING.onsale'), ping);
    assert.deepEqual(await asked(nc, `$SRV.PING.onsale.${id}`), ping);
    await assert.rejects(asked(nc, '$SRV.PING.other'), /no responders/i);
  });

  test('lists its endpoints with subjects and queue group', async () => {
    const { nc } = stage.client;
    const info = await asked(nc, '$SRV.INFO.onsale');
    assert.equal(info['type'], 'io.nats.micro.v1.info_response');
    assert.equal(info['name'], 'onsale');
    assert.ok(String(info['description']).length > 0);
    const expected = Object.entries(subjects).map(([name, subject]) => ({
      name,
      subject,
      queue_group: 'q',
      metadata: {},
    }));
    assert.deepEqual(info['endpoints'], expected);
    assert.deepEqual(await asked(nc, '$SRV.INFO'), info);
    assert.deepEqual(await asked(nc, `$SRV.INFO.onsale.${String(info['id'])}`), info);
  });

  test('counts requests, errors and time by endpoint', async () => {
    const { client } = stage;
    await client.data('cmd.charge.a', { amount: 1 });
    await client.data('cmd.charge.a', { amount: 1 });
    await client.ask('cmd.charge.a', { amount: 0 });
    await client.ask('cmd.hold.none', { userId: 'a', seatIds: ['A-1-1'] });
    const stats = await asked(client.nc, '$SRV.STATS.onsale');
    assert.equal(stats['type'], 'io.nats.micro.v1.stats_response');
    assert.ok(Date.parse(String(stats['started'])) <= Date.now());
    // The shape is that of the protocol.
    const endpoints = new Map((stats['endpoints'] as Answered[]).map((endpoint) => [endpoint['name'], endpoint]));
    assert.deepEqual([...endpoints.keys()], Object.keys(subjects));
    const charge = endpoints.get('cmd-charge') ?? {};
    const { processing_time: total, average_processing_time: average, ...counts } = charge;
    assert.deepEqual(counts, {
      name: 'cmd-charge',
      subject: 'onsale.v1.cmd.charge.*',
      queue_group: 'q',
      num_requests: 3,
      num_errors: 1,
      last_error: '400:invalid_request',
    });
    // Nanoseconds: two of the three waited for the disk.
    assert.ok(Number(total) > 50_000 && Number(total) < 5e9, String(total));
    assert.equal(average, Math.round(Number(total) / 3));
    assert.equal(endpoints.get('cmd-hold')?.['last_error'], '404:schedule_not_found');
    assert.equal(endpoints.get('cmd-pay')?.['num_requests'], 0);
    const metrics = (await stage.stage.send('GET', '/metrics')).text;
    assert.match(metrics, /onsale_nats_duration_seconds_count\{name="cmd-charge",outcome="accepted"\} 2/);
    assert.match(metrics, /onsale_nats_duration_seconds_count\{name="cmd-charge",outcome="invalid_request"\} 1/);
    assert.match(metrics, /onsale_durable_commands_in_flight 0/);
  });

  test('readiness names nothing while it serves', async () => {
    assert.deepEqual((await stage.stage.send('GET', '/health/ready')).body['degraded'] ?? [], []);
  });
});

describe('the door for requests', () => {
  const engine = { waiting: 0, waitingMax: 10 };
  const waiting: ((answer: Answer) => void)[] = [];
  let nats: NatsUnderTest;
  let client: NatsConnection;
  let served: NatsConnection;
  let door: RequestDoor;

  before(async () => {
    nats = await NatsUnderTest.start();
    client = await nats.connect();
    served = await nats.connect();
    const endpoint = { name: 'slow', subject: 'slow.*', isCommand: true };
    const endpoints = [
      { ...endpoint, answer: () => new Promise<Answer>((resolve) => void waiting.push(resolve)) },
      { ...endpoint, name: 'quick', subject: 'quick.*', isCommand: false, answer: () => json(200, {}) },
      {
        ...endpoint,
        name: 'broken',
        subject: 'broken.*',
        answer() {
          throw new Error('a secret of the inside');
        },
      },
    ];
    door = new RequestDoor({ engine, endpoints, log: createLog('silent'), observe: () => undefined });
    door.listen(served);
    await served.flush();
  });
  after(async () => {
    await client.close();
    await served.close();
    await nats.close();
  });

  const request = (subject: string): Promise<Msg> => client.request(subject, '', { timeout: 10_000 });

  test('answers overloaded at once past its bound, and serves again when there is room', async () => {
    const answers = Array.from({ length: limits.natsRequestsInFlightMax }, () => request('slow.a'));
    await until('all are in flight', () => waiting.length === limits.natsRequestsInFlightMax);
    const refusals = await Promise.all(Array.from({ length: 100 }, () => request('slow.a')));
    for (const refusal of refusals) assert.equal(replyOf(refusal).problem['code'], 'overloaded');
    assert.equal(replyOf(refusals[0]!).headers['Nats-Service-Error-Code'], '503');
    assert.equal(waiting.length, limits.natsRequestsInFlightMax, 'what is refused is not looked at');
    for (const resolve of waiting.splice(0)) resolve(json(200, { done: true }));
    for (const answer of await Promise.all(answers)) assert.deepEqual(replyOf(answer).data, { done: true });
    assert.equal(door.inFlight, 0);
    assert.deepEqual(replyOf(await request('quick.a')).data, {});
  });

  test('answers overloaded while the engine is full: commands, not questions', async () => {
    engine.waiting = engine.waitingMax;
    assert.equal(replyOf(await request('slow.a')).problem['code'], 'overloaded');
    assert.equal(replyOf(await request('quick.a')).ok, true);
    engine.waiting = 0;
  });

  test('says nothing of the inside when it fails', async () => {
    const { problem } = replyOf(await request('broken.a'));
    assert.equal(problem['code'], 'internal');
    assert.doesNotMatch(JSON.stringify(problem), /secret/);
    assert.match(String(problem['requestId']), /^nats-/);
  });

  test('answers on no subject of the server’s or of ours: it may publish there, whoever asks may not', async () => {
    const heard: string[] = [];
    const listening = client.subscribe('>', { callback: (_, message) => void heard.push(message.subject) });
    for (const reply of ['onsale.v1.events.wallet.ann.charged', '$JS.API.STREAM.PURGE.ONSALE_EVENTS', '$SRV.PING']) {
      client.publish('quick.a', '', { reply });
    }
    assert.deepEqual(replyOf(await request('quick.a')).data, {});
    listening.unsubscribe();
    assert.equal(heard.filter((subject) => subject === 'quick.a').length, 4);
    assert.deepEqual(
      heard.filter((subject) => /^(?:onsale|\$)/.test(subject)),
      [],
    );
  });

  test('answers what is under way when it closes, and takes nothing new', async () => {
    const underWay = request('slow.a');
    await until('it is in flight', () => door.inFlight === 1);
    let closed = false;
    const closing = door.close().then(() => (closed = true));
    await served.flush();
    await assert.rejects(request('quick.a'), /no responders/i);
    assert.equal(closed, false);
    for (const resolve of waiting.splice(0)) resolve(json(200, { last: true }));
    assert.deepEqual(replyOf(await underWay).data, { last: true });
    await closing;
  });
});
