/** The door of services: whoever may publish is trusted with every user, but with no more than a user may do. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { charge, createConcert, expecting, hold, join, refused } from '../http/stage.ts';
import { startCommandStage, type CommandStage } from '../nats/commands-stage.ts';
import { NatsUnderTest } from '../nats/nats-under-test.ts';

/** By subject: bodies that must be refused with a code, whoever sends them. `of-ann` is her reservation. */
const rows: Readonly<Record<string, readonly (readonly [id: string, body: string, code: string])[]>> = {
  'onsale.v1.cmd.hold.*': [
    ['s', '{"userId":"bob","seatIds":["A-1-1"]}', 'seat_unavailable'],
    ['s', '{"userId":"bob","seatIds":["A-1-2"],"price":1}', 'invalid_request'],
    ['s', '{"userId":"bob","userId":"ann","seatIds":["A-1-2"]}', 'invalid_request'],
    ['__proto__', '{"userId":"bob","seatIds":["A-1-2"]}', 'schedule_not_found'],
  ],
  'onsale.v1.cmd.cancel.*': [['s', '{"userId":"bob","reservationId":"of-ann"}', 'reservation_not_found']],
  'onsale.v1.cmd.pay.*': [['s', '{"userId":"bob","reservationId":"of-ann"}', 'reservation_not_found']],
  'onsale.v1.cmd.charge.*': [
    ['bob', '{"amount":-1}', 'invalid_request'],
    ['bob', '{"amount":1e999}', 'invalid_request'],
    ['bob', '{"amount":1,"userId":"ann"}', 'invalid_request'],
    ['bob', `{"amount":${'['.repeat(20_000)}`, 'invalid_request'],
  ],
  'onsale.v1.cmd.join.*': [
    ['nowhere', '{"userId":"bob"}', 'room_not_found'],
    ['main', '{"userId":"bob.>"}', 'invalid_request'],
    ['main', '{"userId":"*"}', 'invalid_request'],
  ],
  'onsale.v1.query.seats.*': [['nowhere', '', 'schedule_not_found']],
  'onsale.v1.query.reservation.*': [['s', '{"userId":"bob","reservationId":"of-ann"}', 'reservation_not_found']],
  'onsale.v1.query.balance.*': [['bob', '{"userId":"ann"}', 'invalid_request']],
};

let at: CommandStage;
let reservation: string;

before(async () => {
  at = await startCommandStage();
  const token = await join(at.stage, 'ann');
  reservation = String((await expecting(201, hold(at.stage, token, 's', ['A-1-1']))).body['id']);
});
after(async () => await at.close());

test('every subject that is served has its row', async () => {
  const info = await at.client.nc.request('$SRV.INFO.onsale');
  const { endpoints } = info.json<{ endpoints: { subject: string }[] }>();
  assert.deepEqual(endpoints.map(({ subject }) => subject).sort(), Object.keys(rows).sort());
});

test('what belongs to ann is nothing to bob, and nothing unsound is carried out', async () => {
  for (const [pattern, tries] of Object.entries(rows)) {
    for (const [id, body, code] of tries) {
      const subject = pattern.replace('onsale.v1.', '').replace('*', id);
      const { ok, problem } = await at.client.ask(subject, body.replace('of-ann', reservation));
      assert.deepEqual([ok, problem['code']], [false, code], `${subject} ${body.slice(0, 80)}`);
    }
  }
  assert.equal(
    (await at.client.data('query.reservation.s', { userId: 'ann', reservationId: reservation }))['status'],
    'held',
  );
  assert.equal((await at.client.data('query.balance.bob'))['balance'], 0);
});

test('subjects of other depths or with other words reach nobody', async () => {
  for (const subject of [
    'cmd.charge',
    'cmd.charge.a.b',
    'cmd.admin.x',
    'cmd.CHARGE.ann',
    'query.overview.x',
    'cmd.createConcert.c',
  ]) {
    await assert.rejects(at.client.ask(subject, { amount: 1 }), /no responders/i, subject);
  }
});

test('an idempotency key of one user or door is nothing to another', async () => {
  const key = { 'Idempotency-Key': 'shared' };
  await at.client.data('cmd.charge.ann', { amount: 5 }, key);
  const bobs = await at.client.data('cmd.charge.bob', { amount: 5 }, key);
  assert.deepEqual([bobs['userId'], bobs['balance']], ['bob', 5]);
  const overHttp = await expecting(201, charge(at.stage, 'ann', 5, 'shared'));
  assert.deepEqual([overHttp.headers.get('idempotency-replayed'), overHttp.body['balance']], [null, 10]);
});

test('a token made for a service is as good as any over HTTP, and an admin call is none of its', async () => {
  const token = String((await at.client.data('cmd.join.main', { userId: 'cat' }))['token']);
  const current = await expecting(200, at.stage.send('GET', '/v1/queue/tokens/current', { token }));
  assert.equal(current.body['status'], 'active');
  const held = await expecting(201, hold(at.stage, token, 's', ['A-1-3']));
  const owned = await at.client.data('query.reservation.s', { userId: 'cat', reservationId: held.body['id'] });
  assert.equal(owned['status'], 'held');
  await refused('unauthenticated', at.stage.send('GET', '/v1/admin/overview', { token, bearer: token }));
  await createConcert(at.stage, 'only-by-admin');
});

test('a server that knows its users lets in nobody else', async (t) => {
  const nats = await NatsUnderTest.start('authorization { users: [ { user: engine, password: of-the-engine } ] }');
  t.after(() => nats.close());
  for (const given of [{}, { user: 'engine' }, { user: 'engine', pass: 'of-the-engin' }, { token: 'of-the-engine' }]) {
    await assert.rejects(connect({ servers: nats.url, reconnect: false, ...given }), /authorization/i);
  }
});
