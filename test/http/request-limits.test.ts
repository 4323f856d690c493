/** 429 over real sockets: who is counted as one, what is exempt, and at which place in the order. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sign } from 'hono/jwt';
import {
  adminKey,
  createConcert,
  expecting,
  join,
  putRoom,
  refused,
  startStage,
  type Reply,
  type Sent,
  type Stage,
} from './stage.ts';

const jwtSecret = 'a secret of the tests that is long enough';

/** Sends until one is refused, at most `most`; the answers. */
async function untilRefused(send: () => Promise<Reply>, most = 50): Promise<Reply[]> {
  const replies: Reply[] = [];
  while (replies.length < most) {
    const reply = await send();
    replies.push(reply);
    if (reply.status === 429) break;
  }
  return replies;
}

function tooMany(reply: Reply | undefined, limit: number): void {
  assert.equal(reply?.status, 429, reply?.text);
  assert.deepEqual([reply.body['code'], reply.body['limit']], ['too_many_requests', limit]);
  assert.equal(reply.headers.get('retry-after'), '1');
}

function from(address: string, sent: Sent = {}): Sent {
  return { ...sent, headers: { 'x-forwarded-for': address } };
}

describe('a limit per address', () => {
  let stage: Stage;
  before(async () => {
    stage = await startStage({ LIMIT_PER_ADDRESS_PER_SECOND: '5', TRUST_PROXY_HOPS: '1' });
  });
  after(async () => await stage.stop());

  test('refuses what is too much before it looks at anything, each address by itself', async () => {
    // Nothing of it is right: no token, no JSON, too large.
    const raw = 'x'.repeat(70 * 1024);
    const replies = await untilRefused(() => stage.send('POST', '/v1/reservations', from('9.9.9.1', { raw })));
    assert.ok(replies.length > 5);
    for (const reply of replies.slice(0, -1)) assert.equal(reply.status, 413);
    tooMany(replies.at(-1), 5);
    await refused('payload_too_large', stage.send('POST', '/v1/reservations', from('9.9.9.2', { raw })));
    // It is counted behind the proxy that is trusted, not by what the caller writes.
    const spoofed = () => stage.send('GET', '/v1/concerts', from(`8.8.8.${Math.random()}, 9.9.9.3`));
    tooMany((await untilRefused(spoofed)).at(-1), 5);
  });

  test('counts an IPv6 network as one, and no path is left out but health and metrics', async () => {
    let host = 0;
    const paths = ['/nothing', '/docs', '/openapi.json', '/v1/admin/overview', '/v1/concerts'];
    const next = () => {
      host++;
      const sent = { bearer: adminKey, ...from(`2001:db8::${host}`) };
      return stage.send('GET', paths[host % paths.length] ?? '', sent);
    };
    tooMany((await untilRefused(next)).at(-1), 5);
    for (const [index, path] of paths.entries()) {
      const send = () => stage.send('GET', path, { bearer: adminKey, ...from(`9.9.8.${index}`) });
      tooMany((await untilRefused(send)).at(-1), 5);
    }
    const operations = ['/health/live', '/health/ready', '/metrics'];
    for (let i = 0; i < 30; i++) {
      await expecting(200, stage.send('GET', operations[i % 3] ?? '', from('2001:db8::1')));
    }
    const { text } = await expecting(200, stage.send('GET', '/metrics'));
    assert.match(text, /onsale_http_request_duration_seconds_count\{[^}]*status="429"[^}]*\} [1-9]/);
  });

  test('without trusted proxies counts the socket’s address, loopback too', async () => {
    const plain = await startStage({ LIMIT_PER_ADDRESS_PER_SECOND: '5' });
    let count = 0;
    const send = () => plain.send('GET', '/v1/concerts', from(`7.7.7.${count++}`));
    tooMany((await untilRefused(send)).at(-1), 5);
    // It passes again when `Retry-After` has gone by, if not before.
    let reply = await send();
    while (reply.status === 429) reply = await send();
    assert.equal(reply.body['code'], 'queue_token_required');
    await plain.stop();
  });
});

describe('a limit per user', () => {
  test('counts the user of the token, and the one who is named where nobody proves who calls', async (t) => {
    const stage = await startStage({ LIMIT_PER_USER_PER_SECOND: '5' });
    t.after(() => stage.stop());
    await putRoom(stage, 'main');
    await createConcert(stage, 'c');
    const [ann, bob] = await Promise.all([join(stage, 'ann'), join(stage, 'bob')]);
    // Before the body is looked at, after the credentials.
    const hold = () => stage.send('POST', '/v1/reservations', { token: ann, raw: '{' });
    const replies = await untilRefused(hold);
    for (const reply of replies.slice(0, -1)) assert.equal(reply.body['code'], 'invalid_request');
    tooMany(replies.at(-1), 5);
    // The same user by name.
    await refused('too_many_requests', stage.send('GET', '/v1/users/ann/balance'));
    await expecting(200, stage.send('GET', '/v1/users/bob/balance'));
    await expecting(200, stage.send('GET', '/v1/queue/tokens/current', { token: bob }));
    tooMany((await untilRefused(() => stage.send('GET', '/v1/users/eve/balance'))).at(-1), 5);
    // Forged credentials are nobody's.
    const forged = await untilRefused(() => stage.send('GET', '/v1/concerts', { token: 'x' }), 20);
    for (const reply of forged) assert.equal(reply.body['code'], 'queue_token_invalid');
    // An operator is no user.
    const admin = await untilRefused(() => stage.send('GET', '/v1/admin/rooms/main', { bearer: adminKey }), 30);
    for (const reply of admin) assert.equal(reply.status, 200);
  });

  test('counts the user of the JWT, whomever it names', async (t) => {
    const stage = await startStage({ LIMIT_PER_USER_PER_SECOND: '5', AUTH_JWT_SECRET: jwtSecret });
    t.after(() => stage.stop());
    const bearer = await sign({ sub: 'ann', exp: Math.floor(Date.now() / 1000) + 60 }, jwtSecret, 'HS256');
    const other = await sign({ sub: 'bob', exp: Math.floor(Date.now() / 1000) + 60 }, jwtSecret, 'HS256');
    const replies = await untilRefused(() => stage.send('GET', '/v1/users/bob/balance', { bearer }));
    for (const reply of replies.slice(0, -1)) assert.equal(reply.body['code'], 'forbidden');
    tooMany(replies.at(-1), 5);
    await expecting(200, stage.send('GET', '/v1/users/bob/balance', { bearer: other }));
    const nobody = await untilRefused(() => stage.send('GET', '/v1/users/bob/balance'), 20);
    for (const reply of nobody) assert.equal(reply.body['code'], 'unauthenticated');
  });
});

test('without limits nobody is refused', async (t) => {
  const stage = await startStage();
  t.after(() => stage.stop());
  const replies = await Promise.all(Array.from({ length: 300 }, () => stage.send('GET', '/v1/users/ann/balance')));
  for (const reply of replies) assert.equal(reply.status, 200);
});
