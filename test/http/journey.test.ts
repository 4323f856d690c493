/** The whole journey, from the line to the payment and out again, with the exact bodies of the contract. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  adminKey,
  charge,
  expecting,
  hold,
  join,
  pay,
  putRoom,
  refused,
  scheduleBody,
  startStage,
  type Stage,
} from './stage.ts';

const isoMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let stage: Stage;
before(async () => {
  stage = await startStage();
  await putRoom(stage, 'main');
});
after(async () => await stage.stop());

/** Compares a body in full, with times only by their form. */
function sameShape(body: Record<string, unknown>, expected: Record<string, unknown>, times: readonly string[]): void {
  const rest = { ...body };
  for (const name of times) {
    assert.match(String(rest[name]), isoMs, name);
    delete rest[name];
  }
  assert.deepEqual(rest, expected);
}

test('the journey from joining to paying', async (t) => {
  const concert = { id: 'lights', name: 'Northern Lights', description: 'Three nights' };
  const schedule = scheduleBody('lights-1', {
    sections: [
      {
        name: 'Floor A',
        price: 10_000,
        rows: [
          { name: '1', seats: 2 },
          { name: '가', seats: 1 },
        ],
      },
      { name: 'B', price: 5_000, rows: [{ name: '1', seats: 1 }] },
    ],
  });
  const facts = { id: 'lights-1', concertId: 'lights', venue: 'Hall' };
  const ann = 'ann';
  let token = '';
  let reservation: Record<string, unknown> = {};

  await t.test('an operator makes a concert and a date', async () => {
    const made = await expecting(201, stage.send('POST', '/v1/admin/concerts', { bearer: adminKey, body: concert }));
    assert.deepEqual(made.body, concert);
    const path = '/v1/admin/concerts/lights/schedules';
    const dated = await expecting(201, stage.send('POST', path, { bearer: adminKey, body: schedule }));
    assert.deepEqual(dated.body, {
      ...facts,
      startsAt: schedule['startsAt'],
      salesOpenAt: schedule['salesOpenAt'],
      salesCloseAt: schedule['salesCloseAt'],
      seatsTotal: 4,
      seatsAvailable: 4,
    });
  });

  await t.test('a user gets one token, and the same one again', async () => {
    const first = await expecting(201, stage.send('POST', '/v1/queue/tokens', { body: { userId: ann } }));
    token = String(first.body['token']);
    const active = { token, room: 'main', userId: ann, status: 'active', place: first.body['place'], position: 0 };
    sameShape(first.body, { ...active, etaSeconds: 0, pollAfterSeconds: 1 }, ['expiresAt']);
    const again = await expecting(200, stage.send('POST', '/v1/queue/tokens', { body: { userId: ann, room: 'main' } }));
    assert.deepEqual(again.body, first.body);
    const current = await expecting(200, stage.send('GET', '/v1/queue/tokens/current', { token }));
    assert.deepEqual(current.body, first.body);
  });

  await t.test('concerts that can be booked', async () => {
    const { body } = await expecting(200, stage.send('GET', '/v1/concerts?available=true', { token }));
    assert.deepEqual(body, { items: [{ ...concert, schedules: 1, seatsAvailable: 4 }], nextCursor: null });
  });

  await t.test('the dates of a concert', async () => {
    const { body } = await expecting(200, stage.send('GET', '/v1/concerts/lights/schedules', { token }));
    const { startsAt, salesOpenAt, salesCloseAt } = schedule;
    const listed = { ...facts, startsAt, salesOpenAt, salesCloseAt, seatsTotal: 4, seatsAvailable: 4 };
    assert.deepEqual(body, { items: [listed] });
  });

  await t.test('the seats of a date', async () => {
    const { body } = await expecting(200, stage.send('GET', '/v1/schedules/lights-1/seats', { token }));
    assert.equal(body['scheduleId'], 'lights-1');
    assert.equal(typeof body['version'], 'string');
    assert.deepEqual(body['items'], [
      { id: 'Floor A-1-1', section: 'Floor A', row: '1', number: 1, price: 10_000, status: 'available' },
      { id: 'Floor A-1-2', section: 'Floor A', row: '1', number: 2, price: 10_000, status: 'available' },
      { id: 'Floor A-가-1', section: 'Floor A', row: '가', number: 1, price: 10_000, status: 'available' },
      { id: 'B-1-1', section: 'B', row: '1', number: 1, price: 5_000, status: 'available' },
    ]);
  });

  await t.test('seats are held, all or none', async () => {
    const held = await expecting(201, hold(stage, token, 'lights-1', ['B-1-1', 'Floor A-가-1'], 'hold-1'));
    reservation = held.body;
    assert.equal(held.headers.get('location'), `/v1/reservations/${String(reservation['id'])}`);
    sameShape(
      reservation,
      {
        id: reservation['id'],
        scheduleId: 'lights-1',
        concertId: 'lights',
        userId: ann,
        status: 'held',
        seats: [
          { id: 'Floor A-가-1', section: 'Floor A', row: '가', number: 1, price: 10_000 },
          { id: 'B-1-1', section: 'B', row: '1', number: 1, price: 5_000 },
        ],
        totalPrice: 15_000,
        paidAt: null,
      },
      ['heldAt', 'expiresAt'],
    );
    const holdMs = Date.parse(String(reservation['expiresAt'])) - Date.parse(String(reservation['heldAt']));
    assert.equal(holdMs, 300_000);
    const read = await expecting(200, stage.send('GET', `/v1/reservations/${String(reservation['id'])}`, { token }));
    assert.deepEqual(read.body, reservation);
    const free = await expecting(200, stage.send('GET', '/v1/schedules/lights-1/seats?status=available', { token }));
    // The shape was compared above.
    const ids = (free.body['items'] as { id: string }[]).map(({ id }) => id);
    assert.deepEqual(ids, ['Floor A-1-1', 'Floor A-1-2']);
  });

  await t.test('the balance is charged once a key', async () => {
    const before = await expecting(200, stage.send('GET', '/v1/users/ann/balance'));
    assert.deepEqual(before.body, { userId: ann, balance: 0 });
    const short = await refused('insufficient_balance', pay(stage, token, String(reservation['id'])));
    assert.deepEqual([short['status'], short['balance'], short['required']], [402, 0, 15_000]);
    const charged = await expecting(201, charge(stage, ann, 20_000, 'charge-1'));
    const expected = { id: charged.body['id'], userId: ann, amount: 20_000, balance: 20_000 };
    sameShape(charged.body, expected, ['chargedAt']);
    const again = await expecting(201, charge(stage, ann, 20_000, 'charge-1'));
    assert.equal(again.text, charged.text);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.equal(charged.headers.get('idempotency-replayed'), null);
  });

  await t.test(
    'paying sells the seats and ends the session; a repetition with its key is answered the same',
    async () => {
      const id = String(reservation['id']);
      const paid = await expecting(201, pay(stage, token, id, 'pay-1'));
      const expected = { id: paid.body['id'], reservationId: id, userId: ann, amount: 15_000, balance: 5_000 };
      sameShape(paid.body, expected, ['paidAt']);
      const { body: after } = await expecting(200, stage.send('GET', '/v1/queue/tokens/current', { token }));
      assert.deepEqual([after['status'], after['position'], after['expiresAt']], ['expired', null, null]);
      const again = await expecting(201, pay(stage, token, id, 'pay-1'));
      assert.equal(again.text, paid.text);
      assert.equal(again.headers.get('idempotency-replayed'), 'true');
      const twice = await refused('already_paid', pay(stage, token, id));
      assert.deepEqual(twice['payment'], paid.body);
      const read = await expecting(200, stage.send('GET', `/v1/reservations/${id}`, { token }));
      assert.deepEqual(read.body, { ...reservation, status: 'paid', paidAt: paid.body['paidAt'] });
      const mine = await expecting(200, stage.send('GET', '/v1/users/ann/reservations'));
      assert.deepEqual(mine.body, { items: [read.body], nextCursor: null });
    },
  );

  await t.test('after paying one may join again, with a new place', async () => {
    const again = await expecting(201, stage.send('POST', '/v1/queue/tokens', { body: { userId: ann } }));
    assert.notEqual(again.body['token'], token);
    token = String(again.body['token']);
    const seats = await expecting(200, stage.send('GET', '/v1/schedules/lights-1/seats', { token }));
    // The shape was compared above.
    const statuses = (seats.body['items'] as { status: string }[]).map(({ status }) => status);
    assert.deepEqual(statuses, ['available', 'available', 'sold', 'sold']);
  });

  await t.test('a cancelled hold frees its seats at once, and can be cancelled again', async () => {
    const held = await expecting(201, hold(stage, token, 'lights-1', ['Floor A-1-1']));
    const path = `/v1/reservations/${String(held.body['id'])}`;
    const cancelled = await expecting(200, stage.send('DELETE', path, { token }));
    assert.deepEqual(cancelled.body, { ...held.body, status: 'cancelled' });
    assert.deepEqual((await expecting(200, stage.send('DELETE', path, { token }))).body, cancelled.body);
    await expecting(201, hold(stage, await join(stage, 'bob'), 'lights-1', ['Floor A-1-1']));
  });

  await t.test('leaving ends the session, again and again', async () => {
    assert.equal((await expecting(204, stage.send('DELETE', '/v1/queue/tokens/current', { token }))).text, '');
    await expecting(204, stage.send('DELETE', '/v1/queue/tokens/current', { token }));
    await refused('queue_token_expired', stage.send('GET', '/v1/concerts', { token }));
  });
});
