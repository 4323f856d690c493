/** What one user has is nothing to another, and a token opens no more than its session. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { charge, createConcert, createSchedule, expecting, hold, join, pay, putRoom } from '../http/stage.ts';
import { refused, startStage, type Stage } from '../http/stage.ts';
import { ann, bob, inTime, jwt, jwtSecret } from './forged-credentials.ts';

let stage: Stage;
let token: string;
let reservation: string;

before(async () => {
  stage = await startStage({ AUTH_JWT_SECRET: jwtSecret });
  await putRoom(stage, 'main');
  await createConcert(stage, 'c');
  await createSchedule(stage, 'c', 's');
  token = await joined('ann', ann);
  reservation = String((await expecting(201, hold(stage, token, 's', ['A-1-1']))).body['id']);
});
after(async () => await stage.stop());

async function joined(userId: string, bearer: string, room?: string): Promise<string> {
  const body = room === undefined ? { userId } : { userId, room };
  return String((await expecting(201, stage.send('POST', '/v1/queue/tokens', { bearer, body }))).body['token']);
}

async function closed(over: string): Promise<void> {
  for (const path of [
    '/v1/concerts',
    '/v1/concerts/c/schedules',
    '/v1/schedules/s/seats',
    '/v1/schedules/s/seats/events',
  ]) {
    await refused('queue_token_expired', stage.send('GET', path, { token: over }));
  }
  await refused('queue_token_expired', hold(stage, over, 's', ['A-1-5']));
}

describe('what belongs to ann', () => {
  test('is nothing to bob: he neither reads, pays nor cancels it, nor learns that it is there', async () => {
    const other = await joined('bob', bob);
    const path = `/v1/reservations/${reservation}`;
    for (const bearer of [undefined, ann]) {
      await refused('reservation_not_found', stage.send('GET', path, { token: other, bearer }));
      await refused('reservation_not_found', stage.send('DELETE', path, { token: other, bearer }));
      await refused('reservation_not_found', pay(stage, other, reservation));
    }
    await refused('reservation_not_found', stage.send('GET', path, { bearer: bob }));
    await refused('unauthenticated', stage.send('GET', '/v1/users/ann/reservations', { token: other }));
    const spelled = [reservation.replace('.', '%2e'), reservation.replace('s', '%73')];
    for (const id of spelled) {
      await refused('reservation_not_found', stage.send('GET', `/v1/reservations/${id}`, { token: other }));
    }
    assert.equal((await stage.send('GET', `/v1/reservations/${reservation}`, { token })).body['status'], 'held');
  });

  test('is not replayed to bob by her idempotency key', async () => {
    const other = await expecting(
      200,
      stage.send('POST', '/v1/queue/tokens', { bearer: bob, body: { userId: 'bob' } }),
    );
    const bobs = String(other.body['token']);
    const hers = await expecting(201, hold(stage, token, 's', ['A-1-2'], 'shared-key'));
    await refused('seat_unavailable', hold(stage, bobs, 's', ['A-1-2'], 'shared-key'));
    const body = { amount: 10_000 };
    await expecting(201, stage.send('POST', '/v1/users/ann/charges', { bearer: ann, key: 'shared-key', body }));
    await refused('forbidden', stage.send('POST', '/v1/users/ann/charges', { bearer: bob, key: 'shared-key', body }));
    const his = await expecting(
      201,
      stage.send('POST', '/v1/users/bob/charges', { bearer: bob, key: 'shared-key', body }),
    );
    assert.deepEqual([his.headers.get('idempotency-replayed'), his.body['userId']], [null, 'bob']);
    const id = String(hers.body['id']);
    await refused('reservation_not_found', pay(stage, bobs, id, 'paying-key'));
    await expecting(201, pay(stage, token, id, 'paying-key'));
    await refused('reservation_not_found', pay(stage, bobs, id, 'paying-key'));
  });
});

describe('a token', () => {
  test('whose session ended by paying opens nothing more, but replays what it did', async () => {
    const eve = jwt({ sub: 'eve', ...inTime });
    const hers = await joined('eve', eve);
    const held = await expecting(201, hold(stage, hers, 's', ['A-1-3'], 'hold'));
    await expecting(201, stage.send('POST', '/v1/users/eve/charges', { bearer: eve, body: { amount: 10_000 } }));
    await expecting(201, pay(stage, hers, String(held.body['id']), 'pay'));
    await closed(hers);
    const again = await expecting(201, hold(stage, hers, 's', ['A-1-3'], 'hold'));
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
  });

  test('whose user left opens nothing more', async () => {
    const dan = await joined('dan', jwt({ sub: 'dan', ...inTime }));
    await expecting(204, stage.send('DELETE', '/v1/queue/tokens/current', { token: dan }));
    await closed(dan);
  });

  test('that still waits opens nothing yet, and says how long', async () => {
    await putRoom(stage, 'full', { maxActive: 0 });
    const fay = await joined('fay', jwt({ sub: 'fay', ...inTime }), 'full');
    for (const path of ['/v1/concerts', '/v1/schedules/s/seats']) {
      const { status, body } = await stage.send('GET', path, { token: fay });
      // The room's own concerts are judged first where one is named.
      assert.ok(body['code'] === 'queue_token_waiting' || (path !== '/v1/concerts' && body['code'] === 'forbidden'));
      assert.equal(status, 403);
    }
  });

  test('of another room opens no date of this one', async () => {
    await putRoom(stage, 'vip', { concertIds: [] });
    const vip = await joined('gus', jwt({ sub: 'gus', ...inTime }), 'vip');
    await expecting(200, stage.send('GET', '/v1/concerts', { token: vip }));
    await refused('forbidden', stage.send('GET', '/v1/concerts/c/schedules', { token: vip }));
    await refused('forbidden', stage.send('GET', '/v1/schedules/s/seats', { token: vip }));
    await refused('forbidden', stage.send('GET', '/v1/schedules/s/seats/events', { token: vip }));
    await refused('forbidden', hold(stage, vip, 's', ['A-1-4']));
    await refused('forbidden', hold(stage, vip, 's', ['A-1-4'], 'a-key'));
  });
});

test('without JWTs the caller names its user, and a token still opens only what is its own', async (t) => {
  const open = await startStage();
  t.after(() => open.stop());
  await putRoom(open, 'main');
  await createConcert(open, 'c');
  await createSchedule(open, 'c', 's');
  const [annToken, bobToken] = [await join(open, 'ann'), await join(open, 'bob')];
  const held = await expecting(201, hold(open, annToken, 's', ['A-1-1']));
  const path = `/v1/reservations/${String(held.body['id'])}`;
  await expecting(201, charge(open, 'bob', 10_000));
  await refused('reservation_not_found', open.send('GET', path, { token: bobToken }));
  await refused('reservation_not_found', open.send('DELETE', path, { token: bobToken }));
  await refused('reservation_not_found', pay(open, bobToken, String(held.body['id'])));
  await refused('queue_token_required', open.send('GET', path, { bearer: ann }));
  await refused('unauthenticated', open.send('GET', '/v1/admin/overview'));
});
