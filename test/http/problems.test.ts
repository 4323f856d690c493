/** Every problem that the door can give, provoked; and the order in which it looks. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { problems, type ProblemCode } from '../../api/answers/problems.ts';
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
  type Sent,
  startStage,
  type Reply,
  type Stage,
} from './stage.ts';

const seen = new Set<string>();
let stage: Stage;
let token: string;

before(async () => {
  const real = await startStage({ HOLD_TTL_SECONDS: '1', MAX_SEATS_PER_RESERVATION: '2', MAX_SEATS_PER_USER: '3' });
  stage = {
    ...real,
    async send(method, path, sent) {
      const reply = await real.send(method, path, sent);
      if (typeof reply.body['code'] === 'string') seen.add(reply.body['code']);
      return reply;
    },
  };
  await putRoom(stage, 'main');
  await createConcert(stage, 'c');
  await createSchedule(stage, 'c', 's');
  token = await join(stage, 'ann');
});
after(async () => await stage.stop());

async function heldBy(owner: string, seat: string): Promise<string> {
  return String((await expecting(201, hold(stage, owner, 's', [seat]))).body['id']);
}

function admin(method: string, path: string, body?: unknown): Promise<Reply> {
  return stage.send(method, `/v1/admin${path}`, { bearer: adminKey, body });
}

function dated(changes: Readonly<Record<string, unknown>>): Promise<Reply> {
  return admin('POST', '/concerts/c/schedules', scheduleBody('bad', changes));
}

function sections(section: string, row: string): object[] {
  return [{ name: section, price: 1, rows: [{ name: row, seats: 1 }] }];
}

function paths(body: Record<string, unknown>): string[] {
  // Every `invalid_request` has this list; `refused` has checked the code.
  return (body['errors'] as { path: string; message: string }[]).map(({ path, message }) => {
    assert.notEqual(message, '');
    return path;
  });
}

describe('a route', () => {
  test('that is not there is not found', async () => {
    for (const path of ['/', '/v1', '/v1/concerts/', '/v2/concerts', '/v1/admin/nothing', '/docs/../etc/passwd']) {
      assert.equal((await refused('not_found', stage.send('GET', path)))['status'], 404);
    }
  });

  test('taken with another method names the ones it takes', async () => {
    const one = await stage.send('PATCH', '/v1/reservations/x');
    await refused('method_not_allowed', Promise.resolve(one));
    assert.deepEqual([one.status, one.headers.get('allow')], [405, 'GET, HEAD, DELETE']);
    const two = await stage.send('GET', '/v1/reservations');
    assert.deepEqual([two.status, two.headers.get('allow')], [405, 'POST']);
  });
});

test('a request that is none gets an answer all the same', async () => {
  const broken: [string, RegExp][] = [
    ['GET /v1 HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', /^HTTP\/1.1 400 .*x-request-id.*invalid_request/is],
    ['NONSENSE\r\n\r\n', /^HTTP\/1.1 400 /],
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1.1 431 /],
  ];
  for (const [text, expected] of broken) {
    const socket = connect(stage.onsale.port, '127.0.0.1');
    socket.setEncoding('utf8').end(text);
    let received = '';
    for await (const chunk of socket) received += String(chunk);
    assert.match(received, expected);
  }
});

describe('a body', () => {
  const path = '/v1/users/ann/charges';

  test('larger than 64 KiB is too large, with and without a length, before anything else is looked at', async () => {
    const large = 'x'.repeat(64 * 1024 + 1);
    await refused('payload_too_large', stage.send('POST', path, { raw: large }));
    const chunks = new Blob([large]).stream();
    await refused('payload_too_large', stage.send('POST', '/v1/reservations', { raw: chunks }));
    const text = { headers: { 'content-type': 'text/plain' } };
    assert.equal((await stage.send('POST', '/v1/reservations', { raw: large, ...text })).status, 413);
  });

  test('that never ends is not read to its end', async () => {
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(16 * 1024)) });
    try {
      await refused('payload_too_large', stage.send('POST', path, { raw: endless }));
    } catch (error) {
      // The client may see its connection closed while it still sends.
      assert.ok(error instanceof TypeError, String(error));
    }
  });

  test('of an admin may be 8 MiB, and no larger', async () => {
    const body = { id: 'big', name: 'x', description: 'y'.repeat(70 * 1024) };
    assert.deepEqual(paths(await refused('invalid_request', admin('POST', '/concerts', body))), ['description']);
    const sent = { bearer: adminKey, raw: 'x'.repeat(8 * 1024 * 1024 + 1) };
    await refused('payload_too_large', stage.send('POST', '/v1/admin/concerts', sent));
  });

  test('must be application/json', async () => {
    for (const type of ['text/plain', 'application/jsonp', 'application/json; charset=latin1', 'multipart/form-data']) {
      const sent = { raw: '{"amount":1}', headers: { 'content-type': type } };
      assert.equal((await refused('unsupported_media_type', stage.send('POST', path, sent)))['status'], 415, type);
    }
    const zipped = { raw: 'x', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } };
    await refused('unsupported_media_type', stage.send('POST', path, zipped));
    for (const type of [
      'Application/JSON; charset=UTF-8',
      'application/json;charset="utf-8"',
      'application/json; profile="https://example.org/x"; charset=utf8',
      'application/json;',
    ]) {
      await expecting(201, stage.send('POST', path, { raw: '{"amount":1}', headers: { 'content-type': type } }));
    }
  });

  test('that is not the JSON asked for is refused, whatever is wrong with it', async () => {
    const bad: [string | Uint8Array, string][] = [
      ['', ''],
      ['{', ''],
      ['[]', ''],
      ['null', ''],
      ['"text"', ''],
      ['{"amount":NaN}', ''],
      ['{"amount":1e999}', 'amount'],
      ['{"amount":0}', 'amount'],
      ['{"amount":1.5}', 'amount'],
      ['{"amount":1000000001}', 'amount'],
      ['{"amount":"1"}', 'amount'],
      ['{}', 'amount'],
      ['{"amount":1,"extra":2}', 'extra'],
      ['{"amount":1,"__proto__":{"amount":2}}', '__proto__'],
      ['{"amount":1,"amount":2}', ''],
      ['{"amount":1,"amount":1}', ''],
      ['['.repeat(60_000), ''],
      [`${'['.repeat(30_000)}${']'.repeat(30_000)}`, ''],
      [`{"amount":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`, 'amount'],
      [Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), ''],
    ];
    for (const [raw, at] of bad) {
      const body = await refused('invalid_request', stage.send('POST', path, { raw }));
      assert.ok(paths(body).includes(at), `${String(raw).slice(0, 60)} ${JSON.stringify(body)}`);
    }
  });

  test('may come in chunks', async () => {
    await expecting(201, stage.send('POST', path, { raw: new Blob(['{"amount":', '1}']).stream() }));
  });
});

describe('parameters', () => {
  test('that are no ids, limits or filters are named', async () => {
    const bad: [string, string][] = [
      ['/v1/users/a%20b/balance', 'userId'],
      [`/v1/users/${'a'.repeat(65)}/balance`, 'userId'],
      ['/v1/users/a%ZZ/balance', 'userId'],
      ['/v1/users/ann/reservations?limit=0', 'limit'],
      ['/v1/users/ann/reservations?limit=501', 'limit'],
      ['/v1/users/ann/reservations?limit=1e2', 'limit'],
      ['/v1/concerts?available=yes', 'available'],
      ['/v1/schedules/s/seats?status=sold', 'status'],
      ['/v1/schedules/s%C3%A9/seats', 'scheduleId'],
    ];
    for (const [path, at] of bad) {
      assert.deepEqual(paths(await refused('invalid_request', stage.send('GET', path, { token }))), [at], path);
    }
  });

  test('of a hold are at least one seat, each once', async () => {
    for (const seatIds of [[], ['A-1-1', 'A-1-1'], [1], 'A-1-1', ['']]) {
      await refused(
        'invalid_request',
        stage.send('POST', '/v1/reservations', { token, body: { scheduleId: 's', seatIds } }),
      );
    }
  });

  test('of an idempotency key are 1 to 128 visible ASCII characters', async () => {
    for (const key of ['with space', 'x'.repeat(129), 'é']) {
      assert.deepEqual(paths(await refused('invalid_request', charge(stage, 'ann', 1, key))), ['Idempotency-Key']);
    }
    await expecting(201, charge(stage, 'ann', 1, `~${'x'.repeat(126)}!`));
  });

  test('of a date are checked: names, order of sales, differing rows', async () => {
    for (const name of ['', 'a-b', 'x'.repeat(17), ' a', 'a ', 'e\u0301', 'a.b', 'a\u0000', '😀']) {
      const path = paths(await refused('invalid_request', dated({ sections: sections(name, '1') })));
      assert.deepEqual(path.slice(0, 1), ['sections.0.name'], JSON.stringify(name));
      await refused('invalid_request', dated({ sections: sections('A', name) }));
    }
    const twice = [...sections('A', '1'), ...sections('A', '2')];
    assert.deepEqual(paths(await refused('invalid_request', dated({ sections: twice }))), ['sections']);
    const order = { salesOpenAt: inHours(2), salesCloseAt: inHours(1) };
    assert.deepEqual(paths(await refused('invalid_request', dated(order))), ['salesCloseAt']);
    for (const startsAt of ['2027-01-01', '2027-02-30T00:00:00Z', 1, '2027-01-01T00:00:00']) {
      assert.deepEqual(paths(await refused('invalid_request', dated({ startsAt }))), ['startsAt']);
    }
    for (const seats of [0, 1.5, 2_000_000]) {
      const rows = [{ name: '1', seats }];
      await refused('invalid_request', dated({ sections: [{ name: 'A', price: 1, rows }] }));
    }
    await expecting(201, dated({ id: 'names', sections: sections('구역 가', 'é９') }));
  });
});

describe('the line', () => {
  test('of an unknown room is not found', async () => {
    const join = stage.send('POST', '/v1/queue/tokens', { body: { userId: 'ann', room: 'nowhere' } });
    assert.equal((await refused('room_not_found', join))['status'], 404);
    await refused('room_not_found', admin('GET', '/rooms/nowhere'));
  });

  test('asks for a genuine token', async () => {
    await refused('queue_token_required', stage.send('GET', '/v1/queue/tokens/current'));
    await refused('queue_token_required', stage.send('POST', '/v1/payments', { body: { reservationId: 'x' } }));
    const forged = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    for (const bad of [forged, 'nonsense', '', `${token}, ${token}`]) {
      await refused('queue_token_invalid', stage.send('GET', '/v1/queue/tokens/current', { token: bad }));
    }
  });

  test('keeps those who wait out, and tells them how far they are', async () => {
    await putRoom(stage, 'paused', { admitPerSecond: 0 });
    const waiting = await join(stage, 'wait', 'paused');
    const second = await join(stage, 'wait2', 'paused');
    for (const [one, position] of [
      [waiting, 1],
      [second, 2],
    ] as const) {
      const body = await refused('queue_token_waiting', stage.send('GET', '/v1/concerts', { token: one }));
      assert.deepEqual([body['status'], body['position'], body['etaSeconds']], [403, position, null]);
    }
    const { body } = await expecting(200, stage.send('GET', '/v1/queue/tokens/current', { token: second }));
    assert.deepEqual([body['status'], body['position'], body['expiresAt']], ['waiting', 2, null]);
    await expecting(204, stage.send('DELETE', '/v1/queue/tokens/current', { token: waiting }));
    await refused('queue_token_expired', stage.send('GET', '/v1/concerts', { token: waiting }));
  });

  test('of one room is no way into another', async () => {
    await createConcert(stage, 'vip-concert');
    await createSchedule(stage, 'vip-concert', 'vip-date');
    await putRoom(stage, 'vip', { concertIds: ['vip-concert'] });
    const path = '/v1/concerts/vip-concert/schedules';
    // Whoever was inside before the room took the concert keeps it; this one comes after.
    const main = await join(stage, 'bob-of-main');
    assert.equal((await refused('forbidden', stage.send('GET', path, { token: main })))['status'], 403);
    await refused('forbidden', stage.send('GET', '/v1/schedules/vip-date/seats', { token: main }));
    await refused('forbidden', hold(stage, main, 'vip-date', ['A-1-1']));
    await refused('forbidden', hold(stage, main, 'vip-date', ['A-1-1'], 'key'));
    const vip = await join(stage, 'ann', 'vip');
    await expecting(200, stage.send('GET', path, { token: vip }));
    await expecting(200, stage.send('GET', '/v1/concerts', { token: vip }));
    await refused('forbidden', hold(stage, vip, 's', ['A-1-1']));
    const first = await expecting(201, hold(stage, vip, 'vip-date', ['A-1-1'], 'same'));
    const replay = await expecting(201, hold(stage, token, 'vip-date', ['A-1-1'], 'same'));
    assert.equal(replay.text, first.text);
    await refused('already_exists', admin('PUT', '/rooms/other', { ...policy, concertIds: ['vip-concert'] }));
    await refused('concert_not_found', admin('PUT', '/rooms/other', { ...policy, concertIds: ['nothing'] }));
    await refused('invalid_request', admin('PUT', '/rooms/main', { ...policy, concertIds: ['c'] }));
    await refused('invalid_request', admin('PUT', '/rooms/other', { ...policy, maxActive: 1_000_001 }));
    const { body } = await expecting(200, admin('GET', '/rooms/vip'));
    const counts = { waiting: 0, active: 1, admitted: 1, expired: 0 };
    assert.deepEqual(body, { room: 'vip', ...policy, concertIds: ['vip-concert'], ...counts });
  });

  const policy = { admitPerSecond: 1_000_000, maxActive: 1_000_000, sessionSeconds: 300, maxSessionSeconds: 1_800 };
});

describe('a hold', () => {
  test('is refused by the first rule that it breaks', async () => {
    await createSchedule(stage, 'c', 'closed', { salesCloseAt: inHours(-0.5) });
    await refused('schedule_not_found', hold(stage, token, 'nowhere', ['A-1-1']));
    await refused('schedule_not_found', stage.send('GET', '/v1/schedules/nowhere/seats', { token }));
    await refused('concert_not_found', stage.send('GET', '/v1/concerts/nowhere/schedules', { token }));
    const closed = await refused('sales_closed', hold(stage, token, 'closed', ['nothing']));
    for (const name of ['salesOpenAt', 'salesCloseAt']) assert.match(String(closed[name]), /^\d{4}-.*\.\d{3}Z$/);
    const unknown = await refused('seat_not_found', hold(stage, token, 's', ['A-1-1', 'A-1-0', 'Z-1-1', 'A-1-2']));
    assert.deepEqual(unknown['seatIds'], ['A-1-0', 'Z-1-1']);
    const many = await refused('seat_limit_exceeded', hold(stage, token, 's', ['A-1-1', 'A-1-2', 'A-1-3']));
    assert.deepEqual([many['status'], many['limit']], [422, 2]);
    await heldBy(await join(stage, 'rival'), 'A-1-2');
    const taken = await refused('seat_unavailable', hold(stage, token, 's', ['A-1-1', 'A-1-2']));
    assert.deepEqual([taken['status'], taken['seatIds']], [409, ['A-1-2']]);
    await expecting(201, hold(stage, token, 's', ['A-1-3', 'A-1-4']));
    const full = await refused('seat_limit_exceeded', hold(stage, token, 's', ['A-1-5', 'A-1-6']));
    assert.equal(full['limit'], 3);
  });

  test('under a key that was used for another request is refused', async () => {
    const eve = await join(stage, 'eve');
    await expecting(201, hold(stage, eve, 's', ['A-1-7'], 'once'));
    assert.equal((await refused('idempotency_key_reused', hold(stage, eve, 's', ['A-1-8'], 'once')))['status'], 422);
  });
});

describe('a reservation', () => {
  test('of someone else, or of no one, is not found', async () => {
    const id = await heldBy(await join(stage, 'owner'), 'A-1-9');
    for (const other of [id, 's.999', 's', 'nowhere.1', 's.', 's.1e0', 'x'.repeat(500), 'a%2Fb.1']) {
      const path = `/v1/reservations/${other}`;
      await refused('reservation_not_found', stage.send('GET', path, { token }));
      await refused('reservation_not_found', stage.send('DELETE', path, { token }));
      await refused('reservation_not_found', pay(stage, token, other));
    }
  });

  test('that has ended cannot be paid or cancelled', async () => {
    const dan = await join(stage, 'dan');
    await charge(stage, 'dan', 100_000);
    const cancelled = await heldBy(dan, 'A-1-10');
    await expecting(200, stage.send('DELETE', `/v1/reservations/${cancelled}`, { token: dan }));
    assert.equal((await refused('reservation_cancelled', pay(stage, dan, cancelled)))['status'], 409);
    const paid = await heldBy(dan, 'A-1-11');
    const { body } = await expecting(201, pay(stage, dan, paid));
    assert.deepEqual((await refused('already_paid', pay(stage, dan, paid)))['payment'], body);
    await refused('already_paid', stage.send('DELETE', `/v1/reservations/${paid}`, { token: dan }));
  });

  test('past its deadline has expired, and its seats are free', async () => {
    const kim = await join(stage, 'kim');
    const { body } = await expecting(201, hold(stage, kim, 's', ['A-1-12']));
    const id = String(body['id']);
    while ((await stage.send('GET', `/v1/reservations/${id}`, { token: kim })).body['status'] !== 'expired');
    await refused('hold_expired', pay(stage, kim, id));
    await refused('hold_expired', stage.send('DELETE', `/v1/reservations/${id}`, { token: kim }));
    await heldBy(await join(stage, 'next'), 'A-1-12');
  });
});

describe('money', () => {
  test('that is missing is named', async () => {
    const poor = await join(stage, 'poor');
    const short = await refused('insufficient_balance', pay(stage, poor, await heldBy(poor, 'A-1-13')));
    assert.deepEqual([short['status'], short['balance'], short['required']], [402, 0, 10_000]);
  });

  test('cannot grow beyond the limit', async () => {
    for (let i = 0; i < 1_000; i += 100) {
      await Promise.all(Array.from({ length: 100 }, () => expecting(201, charge(stage, 'rich', 1_000_000_000))));
    }
    const body = await refused('balance_limit_exceeded', charge(stage, 'rich', 1));
    assert.deepEqual([body['status'], body['limit']], [422, 1_000_000_000_000]);
  });
});

describe('an admin', () => {
  test('is asked for the key first', async () => {
    const wrong: Sent[] = [
      {},
      { bearer: 'wrong' },
      { bearer: `${adminKey}x` },
      { headers: { authorization: 'Basic x' } },
    ];
    for (const sent of wrong) {
      const reply = await stage.send('POST', '/v1/admin/concerts', { ...sent, raw: '{' });
      assert.deepEqual([reply.status, reply.body['code']], [401, 'unauthenticated']);
      assert.equal(reply.headers.get('www-authenticate'), 'Bearer');
    }
  });

  test('learns whether what exists is equal', async () => {
    const same = await refused('already_exists', admin('POST', '/concerts', { name: 'c', id: 'c' }));
    assert.deepEqual([same['ids'], same['equal']], [['c'], true]);
    const other = await refused('already_exists', admin('POST', '/concerts', { name: 'other', id: 'c' }));
    assert.deepEqual([other['ids'], other['equal']], [['c'], false]);
    await refused('concert_not_found', admin('POST', '/concerts/nothing/schedules', scheduleBody('x')));
  });

  test('gets the first answer again under the same key', async () => {
    const sent = { bearer: adminKey, key: 'k', body: { id: 'keyed', name: 'n' } };
    const first = await expecting(201, stage.send('POST', '/v1/admin/concerts', sent));
    const again = await expecting(201, stage.send('POST', '/v1/admin/concerts', sent));
    assert.equal(again.text, first.text);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
  });
});

describe('the order at the door', () => {
  test('is size, media type, credentials, body, key, gate, rules', async () => {
    const path = '/v1/reservations';
    const text = { 'content-type': 'text/plain' };
    await refused('payload_too_large', stage.send('POST', path, { raw: ' '.repeat(70_000), headers: text }));
    await refused('unsupported_media_type', stage.send('POST', path, { raw: '{', headers: text }));
    await refused('queue_token_required', stage.send('POST', path, { raw: '{' }));
    await refused('queue_token_invalid', stage.send('POST', path, { raw: '{', token: 'x' }));
    const gone = await join(stage, 'gone');
    await expecting(204, stage.send('DELETE', '/v1/queue/tokens/current', { token: gone }));
    const body = await refused('invalid_request', stage.send('POST', path, { raw: '{', token: gone, key: 'a b' }));
    assert.deepEqual(paths(body), ['']);
    const key = await refused('invalid_request', hold(stage, gone, 'nowhere', ['x'], 'a b'));
    assert.deepEqual(paths(key), ['Idempotency-Key']);
    await refused('queue_token_expired', hold(stage, gone, 'nowhere', ['x']));
  });
});

/** Codes that this file does not provoke, and why. */
const elsewhere: Partial<Record<ProblemCode, string>> = {
  payment_in_progress: 'needs a wallet in another engine; over a stopped engine in door.test.ts',
  internal: 'needs a bug; over a broken engine in door.test.ts',
  overloaded: 'needs a full engine; in door.test.ts, and with real load in test/system',
  draining: 'needs a program that stops; in door.test.ts',
  too_many_requests: 'needs a limit of requests; in request-limits.test.ts',
  queue_unavailable: 'the line inside the engine is always there; JetStream can be away (door.test.ts translates it)',
};

test('every code of the table has been provoked, or says where', () => {
  for (const code of Object.keys(problems)) {
    // The keys of `problems` are its codes.
    const reason = elsewhere[code as ProblemCode];
    assert.equal(seen.has(code), reason === undefined, code);
  }
});
