/**
 * Every route against every kind of wrong credential. The routes are those of the OpenAPI document: a new one without
 * a row here fails.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { adminKey, createConcert, createSchedule, expecting, hold, putRoom } from '../http/stage.ts';
import { startStage, type Sent, type Stage } from '../http/stage.ts';
import { ann, badJwts, bob, forge, forgedTokens, jwtSecret, queueSecret } from './forged-credentials.ts';

/** Which credential opens it. */
type Lock = 'open' | 'admin' | 'user' | 'user-or-token' | 'token' | 'reservation';

/** A sound request of each route; only who sends it is varied. */
const rows: Readonly<Record<string, { readonly lock: Lock; readonly body?: unknown }>> = {
  'post /v1/queue/tokens': { lock: 'user', body: { userId: 'ann' } },
  'get /v1/queue/tokens/current': { lock: 'token' },
  'get /v1/queue/tokens/current/events': { lock: 'token' },
  'delete /v1/queue/tokens/current': { lock: 'token' },
  'get /v1/concerts': { lock: 'token' },
  'get /v1/concerts/{concertId}/schedules': { lock: 'token' },
  'get /v1/schedules/{scheduleId}/seats': { lock: 'token' },
  'get /v1/schedules/{scheduleId}/seats/events': { lock: 'token' },
  'post /v1/reservations': { lock: 'token', body: { scheduleId: 's', seatIds: ['A-1-9'] } },
  'get /v1/reservations/{id}': { lock: 'reservation' },
  'delete /v1/reservations/{id}': { lock: 'token' },
  'post /v1/payments': { lock: 'token', body: { reservationId: 'of-ann' } },
  'get /v1/users/{userId}/balance': { lock: 'user' },
  'post /v1/users/{userId}/charges': { lock: 'user', body: { amount: 1 } },
  'get /v1/users/{userId}/reservations': { lock: 'user-or-token' },
  'post /v1/admin/concerts': { lock: 'admin', body: { id: 'forged', name: 'x' } },
  'post /v1/admin/concerts/{concertId}/schedules': { lock: 'admin', body: {} },
  'get /v1/admin/rooms/{room}': { lock: 'admin' },
  'put /v1/admin/rooms/{room}': { lock: 'admin', body: {} },
  'get /v1/admin/overview': { lock: 'admin' },
  'get /health/live': { lock: 'open' },
  'get /health/ready': { lock: 'open' },
  'get /metrics': { lock: 'open' },
};

let stage: Stage;
let token: string;
let reservation: string;
let badTokens: Readonly<Record<string, string>> = {};

before(async () => {
  stage = await startStage({ AUTH_JWT_SECRET: jwtSecret, QUEUE_TOKEN_SECRET: queueSecret });
  await putRoom(stage, 'main');
  await createConcert(stage, 'c');
  await createSchedule(stage, 'c', 's');
  token = await joined('ann', ann);
  reservation = String((await expecting(201, hold(stage, token, 's', ['A-1-1']))).body['id']);
  badTokens = forgedTokens(token);
});
after(async () => await stage.stop());

async function joined(userId: string, bearer: string, room?: string): Promise<string> {
  const body = room === undefined ? { userId } : { userId, room };
  return String((await expecting(201, stage.send('POST', '/v1/queue/tokens', { bearer, body }))).body['token']);
}

async function asked(route: string, sent: Sent): Promise<string> {
  const [method = '', template = ''] = route.split(' ');
  const named = { '{userId}': 'ann', '{concertId}': 'c', '{scheduleId}': 's', '{room}': 'main', '{id}': reservation };
  const path = template.replaceAll(/\{\w+\}/g, (name) => named[name as keyof typeof named]); // All of them are there.
  const body = JSON.stringify(rows[route]?.body)?.replace('of-ann', reservation);
  const reply = await stage.send(method.toUpperCase(), path, body === undefined ? sent : { ...sent, raw: body });
  return `${reply.status} ${String(reply.body['code'])}`;
}

function of(...locks: readonly Lock[]): string[] {
  return Object.entries(rows).flatMap(([route, { lock }]) => (locks.includes(lock) ? [route] : []));
}

test('every route of the document has its row', async () => {
  const { body } = await expecting(200, stage.send('GET', '/openapi.json'));
  // The document's own shape: operations by method by path.
  const paths = body['paths'] as Record<string, Record<string, { security: Record<string, unknown>[] }>>;
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => [`${method} ${path}`, security.length === 0] as const),
  );
  assert.deepEqual(documented.map(([route]) => route).sort(), Object.keys(rows).sort());
  for (const [route, isOpen] of documented) assert.equal(isOpen, rows[route]?.lock === 'open', route);
});

describe('an admin route', () => {
  const wrong: readonly (readonly [what: string, authorization: string | null])[] = [
    ['nothing', null],
    ['an empty key', 'Bearer '],
    ['the scheme alone', 'Bearer'],
    ['the key alone', adminKey],
    ['a prefix', `Bearer ${adminKey.slice(0, -1)}`],
    ['a longer key', `Bearer ${adminKey}x`],
    ['the key twice', `Bearer ${adminKey}${adminKey}`],
    ['another case', `Bearer ${adminKey.toUpperCase()}`],
    ['two keys', `Bearer x ${adminKey}`],
    ['Basic', `Basic ${Buffer.from(`admin:${adminKey}`).toString('base64')}`],
    ['quotes', `Bearer "${adminKey}"`],
    ['a JWT', `Bearer ${ann}`],
    ['a percent code', `Bearer %61${adminKey.slice(1)}`],
  ];
  for (const [what, authorization] of wrong) {
    test(`is closed to ${what}, a queue token beside it or not`, async () => {
      const headers = authorization === null ? {} : { authorization };
      for (const route of of('admin')) {
        assert.equal(await asked(route, { headers }), '401 unauthenticated', route);
        assert.equal(await asked(route, { headers, token }), '401 unauthenticated', route);
      }
    });
  }

  test('opens to the key, in a scheme of any case', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Bearer  ']) {
      const headers = { authorization: `${scheme} ${adminKey}` };
      assert.match(await asked('get /v1/admin/overview', { headers }), /^200 /);
    }
  });
});

describe('a route of a user, with JWTs on,', () => {
  test('is closed to nobody, to a queue token and to the admin key', async () => {
    for (const route of of('user')) {
      assert.equal(await asked(route, {}), '401 unauthenticated', route);
      assert.equal(await asked(route, { token }), '401 unauthenticated', route);
      assert.equal(await asked(route, { bearer: adminKey }), '401 unauthenticated', route);
    }
  });

  test('is forbidden to another user, also with the token of the right one beside', async () => {
    for (const route of of('user', 'user-or-token')) {
      assert.equal(await asked(route, { bearer: bob }), '403 forbidden', route);
      assert.equal(await asked(route, { bearer: bob, token }), '403 forbidden', route);
    }
  });

  for (const [what, bearer] of Object.entries(badJwts)) {
    test(`is closed to a JWT with ${what}`, async () => {
      for (const route of of('user', 'user-or-token', 'reservation')) {
        assert.equal(await asked(route, { bearer }), '401 unauthenticated', route);
      }
    });
  }
});

describe('a gated route', () => {
  test('asks for a token, and takes neither JWT nor admin key for one', async () => {
    for (const route of of('token')) {
      for (const sent of [{}, { bearer: ann }, { bearer: adminKey }]) {
        assert.equal(await asked(route, sent), '401 queue_token_required', route);
      }
    }
  });

  test('is closed to every forged token', async () => {
    assert.equal(Object.keys(badTokens).length, 18);
    for (const [what, forged] of Object.entries(badTokens)) {
      for (const route of of('token', 'reservation')) {
        assert.equal(await asked(route, { token: forged }), '401 queue_token_invalid', `${what}: ${route}`);
        assert.equal(
          await asked(route, { token: forged, bearer: ann }),
          '401 queue_token_invalid',
          `${what}: ${route}`,
        );
      }
      assert.equal(
        await asked('get /v1/users/{userId}/reservations', { token: forged }),
        '401 queue_token_invalid',
        what,
      );
    }
  });

  test('tells a token of a place that was never drawn nothing, though it is signed', async () => {
    const [, room, , place, user] = token.split('.');
    const signed = forge(['1', String(room), 'unknown-epoch', String(place), String(user)]);
    for (const route of ['get /v1/concerts', 'get /v1/schedules/{scheduleId}/seats', 'post /v1/reservations']) {
      assert.equal(await asked(route, { token: signed }), '403 queue_token_expired', route);
    }
  });
});
