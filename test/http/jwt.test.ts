/** Users who must prove who they are: `AUTH_JWT_SECRET` is set. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sign } from 'hono/jwt';
import { createConcert, createSchedule, expecting, hold, putRoom, refused, startStage, type Stage } from './stage.ts';

const secret = 'a-secret-of-the-tests-that-is-long-enough';
const nowSeconds = Math.floor(Date.now() / 1000);

let stage: Stage;
let ann: string;
let bob: string;
let token: string;

before(async () => {
  stage = await startStage({ AUTH_JWT_SECRET: secret });
  ann = await jwt({ sub: 'ann', exp: nowSeconds + 600 });
  bob = await jwt({ sub: 'bob', exp: nowSeconds + 600 });
  await putRoom(stage, 'main');
  await createConcert(stage, 'c');
  await createSchedule(stage, 'c', 's');
  const joined = await expecting(201, stage.send('POST', '/v1/queue/tokens', { bearer: ann, body: { userId: 'ann' } }));
  token = String(joined.body['token']);
});
after(async () => await stage.stop());

function jwt(payload: Record<string, unknown>, signedWith = secret): Promise<string> {
  return sign(payload, signedWith, 'HS256');
}

describe('a JWT', () => {
  test('is required wherever a user is named', async () => {
    for (const [method, path, body] of [
      ['POST', '/v1/queue/tokens', { userId: 'ann' }],
      ['GET', '/v1/users/ann/balance', undefined],
      ['POST', '/v1/users/ann/charges', { amount: 1 }],
      ['GET', '/v1/users/ann/reservations', undefined],
    ] as const) {
      const missing = await stage.send(method, path, { body });
      assert.deepEqual([missing.status, missing.body['code']], [401, 'unauthenticated'], path);
      assert.equal((await refused('forbidden', stage.send(method, path, { body, bearer: bob })))['status'], 403);
      const own = await stage.send(method, path, { body, bearer: ann });
      assert.ok(own.status < 300, own.text);
    }
  });

  test('may have been issued by a clock that is ahead', async () => {
    const bearer = await jwt({ sub: 'ann', iat: nowSeconds + 5, nbf: nowSeconds + 5, exp: nowSeconds + 600 });
    await expecting(200, stage.send('GET', '/v1/users/ann/balance', { bearer }));
  });

  test('must be genuine, of its time, and about a user', async () => {
    const bad = [
      'nonsense',
      await jwt({ sub: 'ann' }, 'another-secret'),
      await jwt({ sub: 'ann', exp: nowSeconds - 1 }),
      await jwt({ sub: 'ann', nbf: nowSeconds + 600 }),
      await jwt({ exp: nowSeconds + 600 }),
      await jwt({ sub: 'not an id' }),
      await jwt({ sub: 7 }),
      await sign({ sub: 'ann' }, secret, 'HS512'),
      `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${Buffer.from('{"sub":"ann"}').toString('base64url')}.`,
    ];
    for (const bearer of bad) await refused('unauthenticated', stage.send('GET', '/v1/users/ann/balance', { bearer }));
  });
});

describe('a queue token', () => {
  test('is enough on gated calls and for its user’s reservations', async () => {
    await expecting(200, stage.send('GET', '/v1/concerts', { token }));
    const held = await expecting(201, hold(stage, token, 's', ['A-1-1']));
    const path = `/v1/reservations/${String(held.body['id'])}`;
    await expecting(200, stage.send('GET', path, { token }));
    const mine = await expecting(200, stage.send('GET', '/v1/users/ann/reservations', { token }));
    assert.match(mine.text, new RegExp(String(held.body['id'])));
    await refused('unauthenticated', stage.send('GET', '/v1/users/bob/reservations', { token }));
    await refused('unauthenticated', stage.send('GET', '/v1/users/ann/balance', { token }));
    await expecting(200, stage.send('GET', path, { bearer: ann }));
    await refused('reservation_not_found', stage.send('GET', path, { bearer: bob }));
    await refused('queue_token_required', stage.send('GET', path));
    await refused('queue_token_required', stage.send('DELETE', path, { bearer: ann }));
  });
});
