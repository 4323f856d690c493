/** Every refusal that a service can meet, and what is no request at all: a problem, and the service goes on. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createSchedule, inHours } from '../http/stage.ts';
import { replyOf, startCommandStage, type CommandStage, type ServiceClient } from './commands-stage.ts';
import { rawPublish } from './raw-publish.ts';
import { until } from '../until.ts';

let stage: CommandStage;
let client: ServiceClient;

before(async () => {
  stage = await startCommandStage({ HOLD_TTL_SECONDS: '1', MAX_SEATS_PER_USER: '3', MAX_SEATS_PER_RESERVATION: '2' });
  client = stage.client;
  await createSchedule(stage.stage, 'c', 'closed', { salesOpenAt: inHours(-2), salesCloseAt: inHours(-1) });
  await client.data('cmd.charge.rich', { amount: 1_000_000 });
});
after(() => stage.close());

let users = 0;

/** A live hold of somebody new. */
async function held(seatId: string): Promise<{ userId: string; reservationId: string }> {
  const userId = `u${++users}`;
  const { id } = await client.data('cmd.hold.s', { userId, seatIds: [seatId] });
  return { userId, reservationId: String(id) };
}

async function refused(subject: string, body: unknown): Promise<Record<string, unknown>> {
  const { ok, problem } = await client.ask(subject, body);
  assert.equal(ok, false);
  const { type, title, status, code, detail, ...extras } = problem;
  assert.equal(type, `/docs#problem-${String(code)}`);
  assert.ok(title !== '' && detail !== '' && Number(status) >= 400);
  return { code, ...extras };
}

const hold = (schedule: string, userId: string, ...seatIds: string[]) =>
  refused(`cmd.hold.${schedule}`, { userId, seatIds });

describe('a hold is refused', () => {
  test('of a date that does not exist', async () => {
    assert.deepEqual(await hold('none', 'a', 'A-1-1'), { code: 'schedule_not_found' });
  });
  test('outside its sales window', async () => {
    const { code, salesOpenAt, salesCloseAt } = await hold('closed', 'a', 'A-1-1');
    assert.equal(code, 'sales_closed');
    assert.ok(Date.parse(String(salesOpenAt)) < Date.parse(String(salesCloseAt)));
  });
  test('of seats that do not exist', async () => {
    assert.deepEqual(await hold('s', 'a', 'A-1-1', 'A-9-9'), { code: 'seat_not_found', seatIds: ['A-9-9'] });
  });
  test('of more seats than one may', async () => {
    assert.deepEqual(await hold('s', 'a', 'A-1-1', 'A-1-2', 'A-1-3'), { code: 'seat_limit_exceeded', limit: 2 });
  });
  test('of a seat that is taken', async () => {
    await held('A-1-1');
    assert.deepEqual(await hold('s', 'a', 'A-1-1', 'A-1-2'), { code: 'seat_unavailable', seatIds: ['A-1-1'] });
  });
});

describe('a reservation cannot be paid or given up', () => {
  test('when it is not there, is of another date, or another’s', async () => {
    const own = await held('A-1-3');
    for (const [subject, body] of [
      ['s', { ...own, reservationId: 's.999' }],
      ['s', { ...own, reservationId: 'x' }],
      ['none', own],
      ['closed', own],
      ['s', { ...own, userId: 'thief' }],
    ] as const) {
      for (const call of ['cmd.pay', 'cmd.cancel', 'query.reservation']) {
        assert.deepEqual(await refused(`${call}.${subject}`, body), { code: 'reservation_not_found' }, call);
      }
    }
  });
  test('without enough money', async () => {
    const own = await held('A-1-4');
    assert.deepEqual(await refused('cmd.pay.s', own), { code: 'insufficient_balance', balance: 0, required: 10_000 });
  });
  test('once it is cancelled', async () => {
    const own = await held('A-1-5');
    await client.data('cmd.cancel.s', own);
    assert.deepEqual(await refused('cmd.pay.s', own), { code: 'reservation_cancelled' });
  });
  test('once it is paid', async () => {
    const own = await held('A-1-6');
    await client.data(`cmd.charge.${own.userId}`, { amount: 10_000 });
    const payment = await client.data('cmd.pay.s', own);
    assert.deepEqual(await refused('cmd.pay.s', own), { code: 'already_paid', payment });
    assert.deepEqual(await refused('cmd.cancel.s', own), { code: 'already_paid', payment });
  });
  test('past its deadline', async () => {
    const own = await held('A-1-7');
    await until(
      'the hold expires',
      async () => (await client.data('query.reservation.s', own))['status'] === 'expired',
    );
    assert.deepEqual(await refused('cmd.pay.s', own), { code: 'hold_expired' });
    assert.deepEqual(await refused('cmd.cancel.s', own), { code: 'hold_expired' });
  });
});

test('a charge past the limit, a list of no date, and a room that does not exist are refused', async () => {
  for (let charged = 1_000_000; charged < 1_000_000_000_000; charged += 1_000_000_000) {
    const { ok } = await client.ask('cmd.charge.rich', { amount: 1_000_000_000 });
    if (!ok) break;
  }
  assert.deepEqual(await refused('cmd.charge.rich', { amount: 1_000_000_000 }), {
    code: 'balance_limit_exceeded',
    limit: 1_000_000_000_000,
  });
  assert.deepEqual(await refused('query.seats.none', {}), { code: 'schedule_not_found' });
  assert.deepEqual(await refused('cmd.join.none', { userId: 'a' }), { code: 'room_not_found' });
});

describe('a message that is no request', () => {
  const good: readonly (readonly [subject: string, body: unknown])[] = [
    ['cmd.hold.s', { userId: 'a', seatIds: ['A-1-1'] }],
    ['cmd.cancel.s', { userId: 'a', reservationId: 's.1' }],
    ['cmd.pay.s', { userId: 'a', reservationId: 's.1' }],
    ['cmd.charge.a', { amount: 1 }],
    ['cmd.join.main', { userId: 'a' }],
    ['query.seats.s', { status: 'available' }],
    ['query.reservation.s', { userId: 'a', reservationId: 's.1' }],
    ['query.balance.a', {}],
  ];
  const broken: readonly (readonly [what: string, body: unknown])[] = [
    ['no JSON', '{"userId":'],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['no object', '[]'],
    ['null', 'null'],
    ['a number', '17'],
    ['wrong types', { userId: 7, seatIds: 'A-1-1', reservationId: {}, amount: '1', status: 1, x: 1 }],
    ['deep nesting', '['.repeat(30_000)],
  ];

  for (const [subject, body] of good) {
    test(`on ${subject} gets a problem`, async () => {
      for (const [what, bytes] of broken) {
        assert.equal((await refused(subject, bytes))['code'], 'invalid_request', what);
      }
      const text = JSON.stringify(body);
      const unknownField = text === '{}' ? '{"more":1}' : text.replace('{', '{"more":1,');
      assert.deepEqual(await refused(subject, unknownField), {
        code: 'invalid_request',
        errors: [{ path: 'more', message: 'unknown field' }],
      });
      const large = await refused(subject, `${text}${' '.repeat(64 * 1024)}`);
      assert.deepEqual(large, { code: 'payload_too_large', limit: 64 * 1024 });
      const name = subject.slice(0, subject.lastIndexOf('.'));
      for (const id of ['a:b', 'ü', 'x'.repeat(65), '%7C', '$SYS']) {
        assert.equal((await refused(`${name}.${id}`, body))['code'], 'invalid_request', id);
      }
      // Fewer or more tokens are no subject of the service: the server itself says that nobody answers.
      for (const other of [name, `${name}.a.b`]) await assert.rejects(client.ask(other, body), /no responders/i);
      assert.equal(typeof (await client.ask(subject, body)).ok, 'boolean');
    });
  }

  test('with headers that the client cannot read is refused', async () => {
    const inbox = client.nc.subscribe('answers.here', { max: 1 });
    await client.nc.flush();
    await rawPublish(stage.nats, 'onsale.v1.cmd.charge.rob', ['X Trace: 1'], '{"amount":5}', 'answers.here');
    for await (const message of inbox) assert.equal(replyOf(message).problem['code'], 'invalid_request');
  });

  test('a field that stands twice is refused', async () => {
    const { errors } = await refused('cmd.charge.a', '{"amount":1,"amount":2}');
    assert.deepEqual(errors, [{ path: '', message: 'a field stands twice in an object' }]);
  });

  test('empty is refused where a body is required', async () => {
    for (const [subject] of good) {
      const { ok } = await client.ask(subject, '');
      assert.equal(ok, subject.startsWith('query.seats') || subject.startsWith('query.balance'), subject);
    }
  });

  test('without a reply subject is dropped with a line in the log, and has no effect', async () => {
    client.nc.publish('onsale.v1.cmd.charge.silent', JSON.stringify({ amount: 5 }));
    const logged = await until('the log tells', () => {
      return stage.stage.logged.find((line) => line.includes('without a reply subject')) ?? null;
    });
    assert.equal((JSON.parse(logged) as { endpoint: string }).endpoint, 'cmd-charge');
    assert.deepEqual(await client.data('query.balance.silent'), { userId: 'silent', balance: 0 });
  });
});

test('a list that the server would not let through is a problem', async () => {
  const sections = [{ name: 'Long section 001', price: 1, rows: [{ name: 'Long row 0000001', seats: 10_000 }] }];
  await createSchedule(stage.stage, 'c', 'huge', { sections });
  const { problem } = await client.ask('query.seats.huge');
  assert.equal(problem['code'], 'payload_too_large');
  assert.equal(problem['limit'], client.nc.info?.max_payload);
});

test('joining is queue_unavailable without JetStream, and everything else goes on', async () => {
  // A sealed stream takes no message: what a client sees while JetStream has trouble.
  const jsm = await client.jsm();
  const { config } = await jsm.streams.info('ONSALE_LINE_main');
  await client.nc.request('$JS.API.STREAM.UPDATE.ONSALE_LINE_main', JSON.stringify({ ...config, sealed: true }));
  assert.equal((await client.ask('cmd.join.main', { userId: 'late' })).problem['code'], 'queue_unavailable');
  assert.deepEqual(await client.data('query.balance.nobody'), { userId: 'nobody', balance: 0 });
});
