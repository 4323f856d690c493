/**
 * Twenty thousand requests made from the OpenAPI document, valid and not: none finds a bug, and every answer is one
 * that the document names. A failing run prints its seed and the smallest request that fails.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { requests, type FuzzRequest, type OpenApi } from './openapi-arbitrary.ts';
import {
  adminKey,
  createConcert,
  createSchedule,
  expecting,
  hold,
  join,
  keepsPromises,
  putRoom,
  startStage,
  type Stage,
} from './stage.ts';

const total = 20_000;
const users = ['ann', 'bob', 'eve'];
/** Requests of one run go out together. */
const together = 20;

let stage: Stage;
before(async () => {
  stage = await startStage({ HOLD_TTL_SECONDS: '2' });
  await putRoom(stage, 'main');
});
after(async () => await stage.stop());

test('no request finds a bug', { timeout: 180_000 }, async () => {
  await createConcert(stage, 'c');
  const rows = [{ name: '1', seats: 20 }];
  const sections = [
    { name: 'A', price: 1, rows },
    { name: 'Dear', price: 1_000_000_000, rows },
  ];
  await createSchedule(stage, 'c', 's', { sections });
  // Some requests end the session of their token, and holds expire: each run begins with good ones, under these names.
  const names = new Map<string, string>();
  async function enter(user: string, index: number): Promise<void> {
    const token = await join(stage, user);
    names.set(`token-of-${user}`, token);
    const held = await hold(stage, token, 's', [`Dear-1-${index + 2}`]);
    if (held.status === 201) names.set(`reservation-of-${user}`, String(held.body['id']));
  }
  function named(text: string): string {
    return text.replace(/(?:token|reservation)-of-\w+/g, (name) => names.get(name) ?? name);
  }
  const { body } = await expecting(200, stage.send('GET', '/openapi.json'));
  // The document is made by this program; its shape is what the arbitraries read of it.
  const document = body as unknown as OpenApi;
  const world = {
    known: {
      userId: users,
      concertId: ['c'],
      scheduleId: ['s'],
      room: ['main', 'vip'],
      reservationId: users.map((user) => `reservation-of-${user}`),
      id: [...users.map((user) => `reservation-of-${user}`), 'new'],
      'seatIds[]': ['A-1-1', 'A-1-2', 'A-1-3', 'A-1-4', 'Dear-1-1'],
      'Idempotency-Key': ['k1', 'k2'],
    },
    tokens: users.map((user) => `token-of-${user}`),
    adminKey,
  };
  const statuses = new Map<number, number>();

  async function check(request: FuzzRequest): Promise<void> {
    const { method, path, body, route, documented } = request;
    const headers: Record<string, string> = { ...request.headers };
    const token = headers['queue-token'];
    if (token !== undefined) headers['queue-token'] = named(token);
    const sent = body === null ? null : named(body);
    const response = await fetch(`${stage.url}${named(path)}`, { method, headers, body: sent });
    // A stream of seat changes ends only with its session.
    const endless = response.headers.get('content-type') === 'text/event-stream';
    const text = endless ? '' : await response.text();
    if (endless) await response.body?.cancel();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const parsed: Record<string, unknown> = isJson ? JSON.parse(text) : {};
    keepsPromises({ status: response.status, headers: response.headers, body: parsed });
    assert.notEqual(response.status, 500, text);
    // A path parameter may make another path of it: one that no route takes.
    const unrouted = parsed['code'] === 'not_found' || parsed['code'] === 'method_not_allowed';
    assert.ok(unrouted || documented.includes(String(response.status)), `${response.status} ${route} ${text}`);
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
  }

  await fc.assert(
    fc.asyncProperty(
      fc.array(requests(document, world), { minLength: together, maxLength: together }),
      async (batch) => {
        await Promise.all(users.map(enter));
        await Promise.all(batch.map(check));
      },
    ),
    { numRuns: total / together, endOnFailure: true },
  );

  const sum = [...statuses.values()].reduce((all, count) => all + count, 0);
  assert.equal(sum, total);
  // It got past the door, too, and was refused there in most ways.
  for (const status of [200, 201, 204, 400, 401, 402, 403, 404, 409, 422])
    assert.ok(statuses.has(status), String(status));
  const errors = stage.logged.filter((line) => /"level":"(error|fatal)"/.test(line));
  assert.deepEqual(errors, []);
});
