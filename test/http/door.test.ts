/** What the door does when what is behind it cannot: an engine that is full, stops, or breaks. Without a socket. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Reservation } from '../../actors/schedule/messages.ts';
import type { HttpDependencies } from '../../api/http/dependencies.ts';
import { createHttpApp } from '../../api/http/http-app.ts';
import { createMetrics } from '../../api/metrics.ts';
import { SeatChanges } from '../../api/seats/seat-changes.ts';
import { createSeatLists } from '../../api/seats/seat-list.ts';
import { createLog } from '../../api/log.ts';
import { until } from '../until.ts';
import { adminKey, keepsPromises } from './stage.ts';

const place = { room: 'main', epoch: 'e', place: 1, userId: 'ann' };
const waiting = { status: 'waiting', position: 1, etaSeconds: 1, expiresAt: null, pollAfterSeconds: 1 } as const;

interface Behind {
  readonly changes: Partial<HttpDependencies>;
  readonly engine: Partial<HttpDependencies['engine']>;
}

function blockThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function doorTo({ changes = {}, engine = {} }: Partial<Behind>) {
  const logged: string[] = [];
  const metrics = createMetrics();
  const app = createHttpApp({
    engine: {
      ask: () => Promise.reject(new Error('not asked for')),
      view: () => {
        throw new Error('the engine broke: secret-of-the-inside');
      },
      viewDurable: () => Promise.reject(new Error('not asked for')),
      waiting: 0,
      waitingMax: 10,
      durableBatch: 7,
      nowMs: () => 0,
      ...engine,
    },
    desk: {
      join: () => Promise.resolve({ type: 'rejected', code: 'queue_unavailable', details: {} }),
      status: () => waiting,
      durableStatus: () => Promise.resolve(waiting),
      leave: () => Promise.resolve({ type: 'left' }),
    },
    rooms: { report: () => null, names: () => [], put: () => Promise.resolve({ type: 'put' }) },
    verifyQueueToken: (token) => (token === 'good' ? place : null),
    bootId: 'boot',
    seatChanges: new SeatChanges({ bootId: 'boot', durableBatch: () => 0 }),
    seatLists: createSeatLists(),
    freeSeats: { page: () => ({ items: [], next: null }), dates: () => [] },
    readModel: { reservation: () => undefined, reservationsOf: () => null },
    readModelProgress: { through: 5, missing: 0, farBehind: false, reached: () => Promise.resolve() },
    metrics,
    log: createLog('info', { write: (line) => void logged.push(line) }),
    adminKey,
    jwtSecret: null,
    requestLimits: { perUserPerSecondMax: null, perAddressPerSecondMax: null, trustProxyHops: 0 },
    draining: () => false,
    readiness: () => ({ ready: true, degraded: [] }),
    overview: () => ({}),
    ...changes,
  });
  return {
    logged,
    async send(method: string, path: string, sent: { headers?: Record<string, string>; body?: string } = {}) {
      const headers: Record<string, string> = {
        'queue-token': 'good',
        authorization: `Bearer ${adminKey}`,
        ...sent.headers,
      };
      if (sent.body !== undefined) {
        headers['content-type'] = 'application/json';
        headers['content-length'] = String(Buffer.byteLength(sent.body));
      }
      const init = sent.body === undefined ? { method, headers } : { method, headers, body: sent.body };
      const response = await app.fetch(new Request(`http://onsale.test${path}`, init));
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      const body: Record<string, unknown> = isJson ? JSON.parse(text) : {};
      keepsPromises({ status: response.status, headers: response.headers, body });
      return { status: response.status, headers: response.headers, text, body };
    },
    done(): void {
      app.close();
      metrics.close();
    },
  };
}

const charge = ['POST', '/v1/users/ann/charges'] as const;

/** The date of a reservation: it is there, and nobody looks at what it says. */
const view: HttpDependencies['engine']['view'] = () => ({}) as never;

describe('an engine', () => {
  test('that is full refuses commands before anything of them is read, and answers reads', async () => {
    const door = doorTo({ engine: { waiting: 10 } });
    const full = await door.send(...charge, { body: '{ not json' });
    assert.deepEqual([full.status, full.body['code']], [503, 'overloaded']);
    const again = [full, await door.send(...charge, { body: '{}' }), await door.send(...charge, { body: '{}' })];
    // One after the other, so that those refused together do not come back together.
    assert.deepEqual(new Set(again.map(({ headers }) => headers.get('retry-after'))), new Set(['1', '2', '3']));
    assert.equal((await door.send('GET', '/v1/queue/tokens/current')).status, 200);
    door.done();
  });

  test('that cannot be reached in time, because its thread is late, refuses all but health', async () => {
    const metrics = { ...createMetrics(), loopLateMs: () => 5_000 };
    const door = doorTo({ changes: { metrics } });
    assert.equal((await door.send('GET', '/v1/queue/tokens/current')).body['code'], 'overloaded');
    assert.equal((await door.send('GET', '/health/live')).status, 200);
    metrics.close();
    door.done();
  });

  test('does not take the recovery before it for a thread that is late', async () => {
    const metrics = createMetrics();
    blockThread(2_000);
    assert.equal(metrics.loopLateMs(), 0);
    metrics.watch({ waitingCommands: () => 0, readModelLag: () => 0, rooms: () => [] });
    blockThread(300);
    await until('a look at the thread', () => metrics.loopLateMs() > 0);
    assert.ok(metrics.loopLateMs() < 1_500, String(metrics.loopLateMs()));
    metrics.close();
  });

  test('that stops refuses everything but health, metrics and the overview', async () => {
    const door = doorTo({ changes: { draining: () => true } });
    const refused = await door.send('GET', '/v1/queue/tokens/current');
    assert.deepEqual([refused.status, refused.body['code']], [503, 'draining']);
    assert.equal((await door.send('GET', '/health/live')).status, 200);
    const ready = await door.send('GET', '/health/ready');
    assert.deepEqual([ready.status, ready.body], [503, { status: 'unavailable', degraded: ['draining'] }]);
    assert.equal((await door.send('GET', '/metrics')).status, 200);
    assert.equal((await door.send('GET', '/v1/admin/overview')).status, 200);
    door.done();
  });

  test('that breaks is an opaque 500, and a line in the log under the same request id', async () => {
    const door = doorTo({});
    const broken = await door.send('GET', '/v1/concerts');
    assert.deepEqual([broken.status, broken.body['code']], [500, 'internal']);
    assert.equal(broken.body['requestId'], broken.headers.get('x-request-id'));
    assert.doesNotMatch(broken.text, /secret-of-the-inside/);
    const line = door.logged.find((logged) => logged.includes(String(broken.body['requestId'])));
    assert.match(line ?? '', /secret-of-the-inside/);
    assert.match(line ?? '', /"route":"\/v1\/concerts"/);
    assert.doesNotMatch(door.logged.join(''), /good|admin-key/);
    door.done();
  });

  test('that refuses for a reason of its own is told in full, times as ISO, and nothing besides', async () => {
    const details = { payment: { id: 'p', paidAt: 0 }, inside: 'hidden' };
    const ask = (code: 'payment_in_progress' | 'already_paid') => () =>
      Promise.resolve({ type: 'rejected', code, details } as const);
    const busy = doorTo({ engine: { ask: ask('payment_in_progress'), view } });
    const body = JSON.stringify({ reservationId: 's.1' });
    const refused = await busy.send('POST', '/v1/payments', { body });
    assert.deepEqual([refused.status, refused.body['code']], [409, 'payment_in_progress']);
    assert.doesNotMatch(refused.text, /hidden/);
    const paid = await doorTo({ engine: { ask: ask('already_paid'), view } }).send('POST', '/v1/payments', { body });
    assert.deepEqual(paid.body['payment'], { id: 'p', paidAt: '1970-01-01T00:00:00.000Z' });
    busy.done();
  });
});

describe('a reservation that its date remembers only as ended', () => {
  const reservation: Reservation = {
    id: 's.1',
    scheduleId: 's',
    concertId: 'c',
    userId: 'ann',
    status: 'cancelled',
    seats: [],
    totalPrice: 1,
    heldAt: 0,
    expiresAt: 300_000,
    paidAt: null,
  };
  const shrunk = { type: 'shrunk-reservation', id: 's.1', status: 'cancelled' } as const;
  const engine: Partial<HttpDependencies['engine']> = {
    view,
    viewDurable: () => Promise.resolve(shrunk) as Promise<never>, // Nothing else is read here.
    ask: () => Promise.resolve({ type: 'accepted', reply: shrunk, replayed: false }) as Promise<never>, // The same.
  };

  test('is told from the SQL tables, once they have caught up', async () => {
    const waited: number[] = [];
    const readModelProgress = {
      through: 5,
      missing: 0,
      farBehind: false,
      reached: async (batch: number) => void waited.push(batch),
    };
    const readModel = { reservation: () => reservation, reservationsOf: () => null };
    const door = doorTo({ engine, changes: { readModel, readModelProgress } });
    for (const method of ['GET', 'DELETE']) {
      const { status, body } = await door.send(method, '/v1/reservations/s.1');
      assert.deepEqual([status, body['status'], body['expiresAt']], [200, 'cancelled', '1970-01-01T00:05:00.000Z']);
    }
    assert.deepEqual(waited, [7, 7]);
    door.done();
  });

  test('is nobody else’s, though the schedule found the hashes of two users equal', async () => {
    const readModelProgress = { through: 9, missing: 0, farBehind: false, reached: () => Promise.resolve() };
    const readModel = { reservation: () => ({ ...reservation, userId: 'bob' }), reservationsOf: () => null };
    const door = doorTo({ engine, changes: { readModel, readModelProgress } });
    for (const method of ['GET', 'DELETE']) {
      const { status, body } = await door.send(method, '/v1/reservations/s.1');
      assert.deepEqual([status, body['code']], [404, 'reservation_not_found']);
    }
    door.done();
  });

  test('is in no list while these are being made again', async () => {
    for (const [farBehind, waits] of [
      [false, 1],
      [true, 0],
    ] as const) {
      const waited: number[] = [];
      const reached = async (batch: number): Promise<void> => void waited.push(batch);
      const readModelProgress = { through: 5, missing: 1, farBehind, reached };
      const door = doorTo({ engine, changes: { readModelProgress } });
      const { status, body } = await door.send('GET', '/v1/users/ann/reservations');
      assert.deepEqual([status, body['code'], waited.length], [503, 'overloaded', waits]);
      door.done();
    }
  });

  test('has to wait while these are being made again', async () => {
    const door = doorTo({ engine });
    assert.equal((await door.send('GET', '/v1/reservations/s.1')).body['code'], 'overloaded');
    door.done();
  });
});

test('a line that cannot be reached is said so', async () => {
  const door = doorTo({});
  const refused = await door.send('POST', '/v1/queue/tokens', { body: '{"userId":"ann"}' });
  assert.deepEqual([refused.status, refused.body['code']], [503, 'queue_unavailable']);
  door.done();
});

test('readiness names what is degraded', async () => {
  const door = doorTo({ changes: { readiness: () => ({ ready: true, degraded: ['clock'] }) } });
  const ready = await door.send('GET', '/health/ready');
  assert.deepEqual([ready.status, ready.body], [200, { status: 'degraded', degraded: ['clock'] }]);
  door.done();
});

test('metrics count requests by route and status, and carry no ids, tokens or keys', async () => {
  const door = doorTo({});
  await door.send(...charge, { body: '{}', headers: { 'idempotency-key': 'secret-key' } });
  await door.send('GET', '/v1/nothing/secret-path');
  const { text } = await door.send('GET', '/metrics');
  assert.match(text, /duration_seconds_count\{method="post",route="\/v1\/users\/\{userId\}\/charges",status="400"\} 1/);
  assert.match(text, /duration_seconds_count\{method="get",route="none",status="404"\} 1/);
  for (const name of ['onsale_event_loop_delay_p99_seconds', 'onsale_batch_turns', 'onsale_commit_duration_seconds']) {
    assert.match(text, new RegExp(name));
  }
  assert.doesNotMatch(text, /secret|good|ann"/);
  door.done();
});
