/** The whole program at its most talkative, used and abused with secrets that can be recognised: none of them gets out. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { send, type Reply, type Sent } from '../http/stage.ts';
import { NatsUnderTest } from '../nats/nats-under-test.ts';
import { until } from '../until.ts';
import { Program, runToEnd, temporaryDataDir } from '../system/program.ts';
import { inHours, openDoors, scheduleBody } from '../http/stage.ts';

const adminKey = 'recognisable-admin-key';
const jwtSecret = 'recognisable-jwt-secret-that-is-long-enough';
const queueSecret = 'recognisable-queue-token-secret';
const natsPassword = 'recognisable-nats-password';
const key = 'recognisable-idempotency-key';

const users = `authorization { users: [ { user: engine, password: ${natsPassword} } ] }`;

function jwtOf(user: string): string {
  const parts = [
    { alg: 'HS256', typ: 'JWT' },
    { sub: user, exp: Math.floor(Date.now() / 1000) + 600 },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', jwtSecret).update(text).digest('base64url')}`;
}

/** Files below `directory`, with their modes. */
function filesIn(directory: string): { readonly path: string; readonly mode: number; readonly isFile: boolean }[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => {
    const path = join(directory, name);
    const stats = statSync(path);
    return { path, mode: stats.mode & 0o777, isFile: stats.isFile() };
  });
}

test('no secret leaves the process, and nothing that it writes is open to others', { timeout: 60_000 }, async (t) => {
  const nats = await NatsUnderTest.start(users);
  t.after(() => nats.close());
  const dataDir = temporaryDataDir();
  t.after(() => dataDir.remove());
  // As a volume would be: made by somebody else, and open.
  chmodSync(dataDir.path, 0o755);
  const program = await Program.start(dataDir.path, {
    LOG_LEVEL: 'trace',
    ADMIN_KEY: adminKey,
    AUTH_JWT_SECRET: jwtSecret,
    QUEUE_TOKEN_SECRET: queueSecret,
    NATS_URL: nats.url.replace('//', `//engine:${natsPassword}@`),
  });
  t.after(() => program.kill());
  const heard: string[] = [];
  const ask = async (method: string, path: string, sent: Sent = {}): Promise<Reply> => {
    const reply = await send(`http://127.0.0.1:${program.port}`, method, path, sent);
    heard.push(JSON.stringify([...reply.headers]), reply.text);
    return reply;
  };
  const bearer = jwtOf('ann');
  await until('NATS is there', async () => (await ask('GET', '/health/ready')).text.includes('"ok"'));

  await ask('PUT', '/v1/admin/rooms/main', { bearer: adminKey, body: openDoors });
  await ask('POST', '/v1/admin/concerts', { bearer: adminKey, key, body: { id: 'c', name: 'c' } });
  await ask('POST', '/v1/admin/concerts/c/schedules', {
    bearer: adminKey,
    body: scheduleBody('s', { startsAt: inHours(9) }),
  });
  const joined = await send(`http://127.0.0.1:${program.port}`, 'POST', '/v1/queue/tokens', {
    bearer,
    body: { userId: 'ann' },
  });
  const token = String(joined.body['token']);
  const mac = token.slice(token.lastIndexOf('.') + 1);
  assert.equal(mac.length, 22);
  const held = await until('she is let in', async () => {
    const reply = await ask('POST', '/v1/reservations', { token, key, body: { scheduleId: 's', seatIds: ['A-1-1'] } });
    return reply.status === 201 && reply;
  });
  await ask('POST', '/v1/users/ann/charges', { bearer, key, body: { amount: 10_000 } });
  await ask('POST', '/v1/payments', { token, key, body: { reservationId: held.body['id'] } });
  // Refusals of every kind, each with credentials in it.
  for (const sent of [
    { token, raw: '{' },
    { token, raw: 'x'.repeat(70_000) },
    { token: `${token}x` },
    { bearer: `${bearer}x`, key },
    { token, key, raw: '{"a":1}' },
  ]) {
    await ask('POST', '/v1/payments', sent);
    await ask('POST', '/v1/users/ann/charges', { bearer, ...sent });
    await ask('POST', '/v1/admin/concerts', { bearer: `${adminKey}x`, ...sent });
  }
  for (const path of ['/metrics', '/openapi.json', '/docs', '/v1/nothing', '/v1/users/%zz/balance'])
    await ask('GET', path, { bearer, token });
  await ask('GET', '/v1/admin/overview', { bearer: adminKey });
  // NATS goes away and comes back: its errors are logged, too.
  await nats.kill();
  await until('the program has noticed', async () => (await ask('GET', '/health/ready')).text.includes('nats'));
  await nats.start();
  await until('NATS is back', async () => (await ask('GET', '/health/ready')).text.includes('"ok"'));
  const files = filesIn(dataDir.path);
  const { output } = await program.stop();
  assert.match(output, /"level":"info"/);

  const [jwtText, jwtMac] = [bearer.slice(0, bearer.lastIndexOf('.')), bearer.slice(bearer.lastIndexOf('.') + 1)];
  const secrets = { adminKey, jwtSecret, queueSecret, natsPassword, mac, jwtText, jwtMac };
  for (const [name, secret] of Object.entries({ ...secrets, key })) {
    assert.ok(!output.includes(secret), `${name} in the log`);
    // A token is told to its owner alone, who joined; nothing that was heard since has it.
    assert.ok(!heard.some((text) => text.includes(secret)), `${name} in an answer`);
  }
  const written = filesIn(dataDir.path).filter(({ isFile }) => isFile);
  assert.ok(written.length > 3);
  for (const { path } of written) {
    const bytes = readFileSync(path);
    for (const [name, secret] of Object.entries(secrets)) assert.ok(!bytes.includes(secret), `${name} in ${path}`);
  }
  for (const { path, mode } of files) assert.equal(mode & 0o077, 0, `${path} has mode ${mode.toString(8)}`);
});

test('a NATS URL that cannot be read is refused without a word of it', async (t) => {
  const dataDir = temporaryDataDir();
  t.after(() => dataDir.remove());
  const { code, output } = await runToEnd(dataDir.path, { NATS_URL: 'nats://engine:recognisable#2@127.0.0.1:4222' });
  assert.equal(code, 2, output);
  assert.match(output, /NATS_URL must be a URL/);
  assert.doesNotMatch(output, /recognisable/);
});
