/** What a service does over request and reply, and that it is the same as over HTTP. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createSchedule, expecting, join } from '../http/stage.ts';
import { readEvents, streamOf } from '../http/seat-watcher.ts';
import { startCommandStage, type CommandStage } from './commands-stage.ts';

let stage: CommandStage;

before(async () => (stage = await startCommandStage()));
after(() => stage.close());

const hold = (userId: string, ...seatIds: string[]) => ({ userId, seatIds });
const seat = (number: number) => ({ id: `A-1-${number}`, section: 'A', row: '1', number, price: 10_000 });
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

test('a service charges, holds, looks, pays and sees the seats change', async () => {
  const { client } = stage;
  const charge = await client.data('cmd.charge.ann', { amount: 30_000 });
  assert.deepEqual(
    { ...charge, chargedAt: '' },
    { id: 'chg.ann.1', userId: 'ann', amount: 30_000, balance: 30_000, chargedAt: '' },
  );
  assert.match(String(charge['chargedAt']), isoTime);

  const held = await client.data('cmd.hold.s', hold('ann', 'A-1-2', 'A-1-1'));
  assert.match(String(held['heldAt']), isoTime);
  assert.match(String(held['expiresAt']), isoTime);
  const reservation = {
    id: 's.1',
    scheduleId: 's',
    concertId: 'c',
    userId: 'ann',
    status: 'held',
    seats: [seat(1), seat(2)],
    totalPrice: 20_000,
    heldAt: held['heldAt'],
    expiresAt: held['expiresAt'],
    paidAt: null,
  };
  assert.deepEqual(held, reservation);
  const own = { userId: 'ann', reservationId: 's.1' };
  assert.deepEqual(await client.data('query.reservation.s', own), reservation);

  const seats = await client.data('query.seats.s');
  assert.equal(seats['scheduleId'], 's');
  assert.equal(typeof seats['version'], 'string');
  // The shape is that of the contract.
  const items = seats['items'] as { id: string; status: string }[];
  assert.equal(items.length, 20);
  assert.deepEqual(items[0], { ...seat(1), status: 'held' });
  assert.deepEqual(items[2], { ...seat(3), status: 'available' });
  const free = await client.data('query.seats.s', { status: 'available' });
  assert.equal((free['items'] as unknown[]).length, 18);

  const payment = await client.data('cmd.pay.s', own);
  assert.deepEqual(
    { ...payment, paidAt: '' },
    { id: 'pay.s.1', reservationId: 's.1', userId: 'ann', amount: 20_000, balance: 10_000, paidAt: '' },
  );
  assert.deepEqual(await client.data('query.balance.ann'), { userId: 'ann', balance: 10_000 });
  assert.deepEqual(await client.data('query.balance.ann', {}), { userId: 'ann', balance: 10_000 });
  assert.equal((await client.data('query.reservation.s', own))['status'], 'paid');
});

test('a service gives a hold up, and again: the seats are free at once', async () => {
  const { client } = stage;
  const { id } = await client.data('cmd.hold.s', hold('bob', 'A-1-5'));
  const own = { userId: 'bob', reservationId: id };
  const cancelled = await client.data('cmd.cancel.s', own);
  assert.equal(cancelled['status'], 'cancelled');
  assert.deepEqual(await client.data('cmd.cancel.s', own), cancelled);
  assert.equal((await client.data('cmd.hold.s', hold('carl', 'A-1-5')))['status'], 'held');
});

test('joining answers the user’s one token of the room, good over HTTP', async () => {
  const { client, stage: program } = stage;
  const token = await client.data('cmd.join.main', { userId: 'dora' });
  assert.deepEqual(Object.keys(token), [
    'token',
    'room',
    'userId',
    'status',
    'place',
    'position',
    'etaSeconds',
    'expiresAt',
    'pollAfterSeconds',
  ]);
  assert.equal(token['room'], 'main');
  assert.equal(token['userId'], 'dora');
  const again = await client.data('cmd.join.main', { userId: 'dora' });
  assert.equal(again['token'], token['token']);
  const overHttp = await program.send('POST', '/v1/queue/tokens', { body: { userId: 'dora' } });
  assert.equal(overHttp.status, 200);
  assert.equal(overHttp.body['token'], token['token']);
});

test('both doors give the same shapes', async () => {
  const { client, stage: program } = stage;
  const overNats = await client.data('cmd.charge.eve', { amount: 5 });
  const overHttp = await program.send('POST', '/v1/users/eve/charges', { body: { amount: 5 } });
  assert.deepEqual(Object.keys(overNats), Object.keys(overHttp.body));
  const refusedNats = await client.ask('cmd.charge.eve', { amount: 0 });
  const refusedHttp = await program.send('POST', '/v1/users/eve/charges', { body: { amount: 0 } });
  assert.deepEqual(refusedNats.problem, refusedHttp.body);
});

describe('an idempotency key', () => {
  const key = { 'Idempotency-Key': 'k1' };

  test('gives the first answer again, marked, with one effect', async () => {
    const { client } = stage;
    const first = await client.ask('cmd.charge.fay', { amount: 7 }, key);
    assert.equal(first.headers['Idempotency-Replayed'], undefined);
    const again = await client.ask('cmd.charge.fay', { amount: 7 }, key);
    assert.equal(again.headers['Idempotency-Replayed'], 'true');
    assert.deepEqual(again.data, first.data);
    const inLowerCase = await client.ask('cmd.charge.fay', { amount: 7 }, { 'idempotency-key': 'k1' });
    assert.equal(inLowerCase.headers['Idempotency-Replayed'], 'true');
    assert.deepEqual(await client.data('query.balance.fay'), { userId: 'fay', balance: 7 });
  });

  test('refuses another body', async () => {
    const { client } = stage;
    await client.data('cmd.charge.gus', { amount: 7 }, key);
    const other = await client.ask('cmd.charge.gus', { amount: 8 }, key);
    assert.equal(other.problem['code'], 'idempotency_key_reused');
  });

  test('is another one than the same text over HTTP', async () => {
    const { client, stage: program } = stage;
    await client.data('cmd.charge.hal', { amount: 7 }, key);
    await program.send('POST', '/v1/users/hal/charges', { body: { amount: 7 }, key: 'k1' });
    assert.deepEqual(await client.data('query.balance.hal'), { userId: 'hal', balance: 14 });
  });

  test('binds no refusal', async () => {
    const { client } = stage;
    const { id } = await client.data('cmd.hold.s', hold('ida', 'A-1-8'));
    const own = { userId: 'ida', reservationId: id };
    assert.equal((await client.ask('cmd.pay.s', own, key)).problem['code'], 'insufficient_balance');
    await client.data('cmd.charge.ida', { amount: 10_000 });
    const paid = await client.ask('cmd.pay.s', own, key);
    assert.equal(paid.ok, true);
    assert.equal(paid.headers['Idempotency-Replayed'], undefined);
  });

  test('that is none, or comes twice, is a problem', async () => {
    const { client } = stage;
    for (const bad of ['', 'with space', 'é', 'x'.repeat(129)]) {
      const { problem } = await client.ask('cmd.charge.jo', { amount: 1 }, { 'Idempotency-Key': bad });
      assert.equal(problem['code'], 'invalid_request', JSON.stringify(bad));
    }
    const twice = await client.ask('cmd.charge.jo', { amount: 1 }, { 'Idempotency-Key': 'a', 'idempotency-key': 'a' });
    assert.equal(twice.problem['code'], 'invalid_request');
    assert.deepEqual(await client.data('query.balance.jo'), { userId: 'jo', balance: 0 });
  });
});

test('the version of a list is the same at both doors: a stream over HTTP goes on from one that was read over NATS', async () => {
  const { client, stage: http } = stage;
  await createSchedule(http, 'c', 'both');
  const { version } = await client.data('query.seats.both');
  const token = await join(http, 'watcher');
  await client.data('cmd.hold.both', hold('bob', 'A-1-1'));
  const overHttp = await expecting(200, http.send('GET', '/v1/schedules/both/seats', { token }));
  assert.equal((await client.data('query.seats.both'))['version'], overHttp.body['version']);
  const stop = new AbortController();
  const response = await streamOf(http, token, 'both', String(version), stop.signal);
  const reader = response.body?.getReader();
  assert.ok(reader !== undefined);
  let text = '';
  while (readEvents(text).events.length === 0) text += Buffer.from((await reader.read()).value ?? []).toString();
  stop.abort();
  assert.deepEqual(readEvents(text).events, [
    { type: 'seats', version: overHttp.body['version'], changes: [{ id: 'A-1-1', status: 'held' }] },
  ]);
});
