/** The whole journey, R1 to R9, with the exact bodies of the contract. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  adminKey,
  charge,
  createConcert,
  createSchedule,
  expecting,
  hold,
  inHours,
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

  await t.test('R1: a user gets one token, and the same one again', async () => {
    const first = await expecting(201, stage.send('POST', '/v1/queue/tokens', { body: { userId: ann } }));
    token = String(first.body['token']);
    const active = { token, room: 'main', userId: ann, status: 'active', place: first.body['place'], position: 0 };
    sameShape(first.body, { ...active, etaSeconds: 0, pollAfterSeconds: 1 }, ['expiresAt']);
    const again = await expecting(200, stage.send('POST', '/v1/queue/tokens', { body: { userId: ann, room: 'main' } }));
    assert.deepEqual(again.body, first.body);
    const current = await expecting(200, stage.send('GET', '/v1/queue/tokens/current', { token }));
    assert.deepEqual(current.body, first.body);
  });

  await t.test('R2: concerts that can be booked', async () => {
    const { body } = await expecting(200, stage.send('GET', '/v1/concerts?available=true', { token }));
    assert.deepEqual(body, { items: [{ ...concert, schedules: 1, seatsAvailable: 4 }], nextCursor: null });
  });

  await t.test('R3: the dates of a concert', async () => {
    const { body } = await expecting(200, stage.send('GET', '/v1/concerts/lights/schedules', { token }));
    const { startsAt, salesOpenAt, salesCloseAt } = schedule;
    const listed = { ...facts, startsAt, salesOpenAt, salesCloseAt, seatsTotal: 4, seatsAvailable: 4 };
    assert.deepEqual(body, { items: [listed] });
  });

  await t.test('R4: the seats of a date', async () => {
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

  await t.test('R5: seats are held, all or none', async () => {
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

  await t.test('R6 and R7: the balance is charged once a key', async () => {
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
    'R8: paying sells the seats and ends the session; a repetition with its key is answered the same',
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

  await t.test('R1: after paying one may join again, with a new place', async () => {
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

async function expiresAt(token: string): Promise<number> {
  const { body } = await expecting(200, stage.send('GET', '/v1/queue/tokens/current', { token }));
  assert.equal(body['status'], 'active');
  return Date.parse(String(body['expiresAt']));
}

describe('a session', () => {
  test('is renewed by browsing and holding, not by asking how far one is', async () => {
    await putRoom(stage, 'short', { sessionSeconds: 3 });
    const token = await join(stage, 'idler', 'short');
    const first = await expiresAt(token);
    // More than a tenth of it has to go before it is renewed.
    while (Date.now() < first - 2_600) assert.equal(await expiresAt(token), first);
    await expecting(200, stage.send('GET', '/v1/concerts', { token }));
    const second = await expiresAt(token);
    assert.ok(second > first);
    await expecting(200, stage.send('GET', '/v1/concerts', { token }));
    assert.equal(await expiresAt(token), second);
  });
});

describe('pages', () => {
  test('of concerts neither repeat nor miss one', async () => {
    for (const id of ['page-a', 'page-b', 'page-c']) await createConcert(stage, id);
    const token = await join(stage, 'pager');
    const ids: string[] = [];
    for (let cursor: unknown = ''; cursor !== null;) {
      const query = cursor === '' ? '' : `&cursor=${JSON.stringify(cursor).slice(1, -1)}`;
      const { body } = await expecting(200, stage.send('GET', `/v1/concerts?limit=2${query}`, { token }));
      // The shape of a page is compared in the journey.
      ids.push(...(body['items'] as { id: string }[]).map(({ id }) => id));
      cursor = body['nextCursor'];
    }
    assert.deepEqual(ids, [...ids].sort());
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ['page-a', 'page-b', 'page-c']) assert.ok(ids.includes(id));
    await refused('invalid_request', stage.send('GET', '/v1/concerts?cursor=bogus', { token }));
  });

  test('of a user’s reservations go from the newest to the oldest', async () => {
    await createConcert(stage, 'many');
    await createSchedule(stage, 'many', 'many-1');
    const token = await join(stage, 'collector');
    const made: unknown[] = [];
    for (const seat of ['A-1-1', 'A-1-2', 'A-1-3']) {
      made.unshift((await expecting(201, hold(stage, token, 'many-1', [seat]))).body['id']);
    }
    const path = '/v1/users/collector/reservations';
    const first = await expecting(200, stage.send('GET', `${path}?limit=2`));
    const second = await expecting(
      200,
      stage.send('GET', `${path}?limit=2&cursor=${String(first.body['nextCursor'])}`),
    );
    // The shape of a page is compared in the journey.
    const items = [first, second].flatMap(({ body }) => body['items'] as { id: string }[]);
    assert.deepEqual(
      items.map(({ id }) => id),
      made,
    );
    assert.equal(second.body['nextCursor'], null);
    await refused('invalid_request', stage.send('GET', `${path}?cursor=bogus`));
  });
});

describe('a seat list', () => {
  test('that did not change is not sent again; one that changed is, under another version', async () => {
    await createConcert(stage, 'etag');
    await createSchedule(stage, 'etag', 'etag-1');
    const token = await join(stage, 'poller');
    const path = '/v1/schedules/etag-1/seats';
    const first = await expecting(200, stage.send('GET', path, { token }));
    const etag = first.headers.get('etag') ?? '';
    for (const given of [etag, `"x", W/${etag}`, '*']) {
      const same = await expecting(304, stage.send('GET', path, { token, headers: { 'if-none-match': given } }));
      assert.equal(same.text, '');
      assert.equal(same.headers.get('etag'), etag);
    }
    const filtered = await expecting(
      200,
      stage.send('GET', `${path}?status=available`, { token, headers: { 'if-none-match': etag } }),
    );
    assert.notEqual(filtered.headers.get('etag'), etag);
    await expecting(201, hold(stage, token, 'etag-1', ['A-1-1']));
    const changed = await expecting(200, stage.send('GET', path, { token, headers: { 'if-none-match': etag } }));
    assert.notEqual(changed.body['version'], first.body['version']);
    assert.notEqual(changed.headers.get('etag'), etag);
  });
});

describe('what is on sale', () => {
  test('leaves out dates whose sales have not opened, and concerts without any', async () => {
    await createConcert(stage, 'soon');
    await createSchedule(stage, 'soon', 'soon-1', { salesOpenAt: inHours(1) });
    const token = await join(stage, 'early');
    const dates = await expecting(200, stage.send('GET', '/v1/concerts/soon/schedules?available=true', { token }));
    assert.deepEqual(dates.body, { items: [] });
    const all = await expecting(200, stage.send('GET', '/v1/concerts/soon/schedules', { token }));
    assert.equal((all.body['items'] as unknown[]).length, 1); // The shape is compared in the journey.
    const { text } = await expecting(200, stage.send('GET', '/v1/concerts?available=true&limit=500', { token }));
    assert.doesNotMatch(text, /"soon"/);
  });
});

describe('times', () => {
  test('may come with an offset and go out as UTC with milliseconds', async () => {
    await createConcert(stage, 'offset');
    const body = scheduleBody('offset-1', { startsAt: '2027-05-01T19:00:00+09:00' });
    const path = '/v1/admin/concerts/offset/schedules';
    const made = await expecting(201, stage.send('POST', path, { bearer: adminKey, body }));
    assert.equal(made.body['startsAt'], '2027-05-01T10:00:00.000Z');
  });
});
