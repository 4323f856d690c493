/** Requests that no honest client sends: paths, headers and framing that parsers quietly differ about. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { adminKey, createConcert, createSchedule, expecting, join, putRoom } from '../http/stage.ts';
import { startStage, type Stage } from '../http/stage.ts';
import { codeOf, exchange, outcomeOf, request } from './raw-http.ts';

let stage: Stage;
let token: string;

before(async () => {
  stage = await startStage();
  await putRoom(stage, 'main');
  await createConcert(stage, 'c');
  await createSchedule(stage, 'c', 's');
  token = await join(stage, 'ann');
});
after(async () => {
  // Whatever was sent: nothing of it was a bug, and the program serves on.
  await expecting(200, stage.send('GET', '/v1/concerts', { token }));
  assert.deepEqual(
    stage.logged.filter((line) => /"level":"(?:error|fatal)"/.test(line)),
    [],
  );
  await stage.stop();
});

/** The one answer to it, as status and code; `closed` where there is none. */
function answered(text: string): Promise<string> {
  return outcomeOf(stage.onsale.port, text);
}

describe('a path', () => {
  const asAdmin = [`Authorization: Bearer ${adminKey}`];
  const rows: readonly (readonly [target: string, expected: string])[] = [
    ['//v1/concerts', '404 not_found'],
    ['/v1//concerts', '404 not_found'],
    ['/v1/concerts/', '404 not_found'],
    ['/v1/concerts//', '404 not_found'],
    ['/V1/concerts', '404 not_found'],
    ['/v1%2fconcerts', '404 not_found'],
    ['/v1%252fconcerts', '404 not_found'],
    ['/v1/concerts%2f', '404 not_found'],
    ['/v1/concerts%00', '404 not_found'],
    ['/v1/concerts;a=b', '404 not_found'],
    ['/v1/concerts\\', '400 invalid_request'],
    ['/%zz', '404 not_found'],
    ['/%ff%fe', '404 not_found'],
    ['/docs/..%2f..%2fpackage.json', '404 not_found'],
    ['/docs/../../package.json', '404 not_found'],
    ['/docs/%2e%2e/package.json', '404 not_found'],
    ['http://evil.test:99999/v1/concerts', '400 invalid_request'],
    ['http://[::1/v1/concerts', '400 invalid_request'],
    ['ftp://evil.test/v1/concerts', '400 invalid_request'],
    ['file:///etc/passwd', '400 invalid_request'],
    ['*', '400 invalid_request'],
    ['v1/concerts', '400 invalid_request'],
    ['/v1/\xff', '400 invalid_request'],
    ['/v1/users/ann%00/balance', '400 invalid_request'],
    ['/v1/users/ann%2f..%2fbob/balance', '400 invalid_request'],
    ['/v1/users/%c0%af/balance', '400 invalid_request'],
    ['/v1/users/%zz/balance', '400 invalid_request'],
    ['/v1/users/%EF%BC%A1/balance', '400 invalid_request'],
    [`/v1/users/${'a'.repeat(65)}/balance`, '400 invalid_request'],
    [`/v1/users/${'a'.repeat(10_000)}/balance`, '400 invalid_request'],
    [`/${'a'.repeat(20_000)}`, '431 invalid_request'],
  ];
  for (const [target, expected] of rows) {
    test(`like ${target.slice(0, 60)} is ${expected}`, async () => {
      assert.equal(await answered(request(`GET ${target}`, [...asAdmin, `Queue-Token: ${token}`])), expected);
    });
  }

  test('written in another way leads to the same door, and no further', async () => {
    const targets = [
      '/health/../v1/admin/overview',
      '/v1/%61dmin/overview',
      'http://x/v1/admin/overview',
      '/v1/x/%2e%2e/admin/overview',
    ];
    for (const target of targets) {
      assert.equal(await answered(request(`GET ${target}`)), '401 unauthenticated', target);
      assert.equal(await answered(request(`GET ${target}`, [`Queue-Token: ${token}`])), '401 unauthenticated', target);
    }
  });
});

describe('a method', () => {
  test('that is not taken is refused on every path, with those that are', async () => {
    const { body } = await expecting(200, stage.send('GET', '/openapi.json'));
    // The document's own shape: methods by path.
    const paths = Object.entries(body['paths'] as Record<string, Record<string, unknown>>);
    assert.ok(paths.length > 15);
    for (const [path, methods] of paths) {
      const target = path.replaceAll(/\{\w+\}/g, 'x');
      for (const method of ['OPTIONS', 'TRACE', 'PATCH', 'PROPFIND', 'PURGE']) {
        const override = ['X-HTTP-Method-Override: GET', 'X-HTTP-Method: GET', 'X-Method-Override: GET'];
        const { answers } = await exchange(stage.onsale.port, request(`${method} ${target}`, override));
        const [answer] = answers;
        assert.ok(answer !== undefined);
        assert.equal(`${answer.status} ${codeOf(answer)}`, '405 method_not_allowed', `${method} ${path}`);
        const allowed = answer.headers.get('allow')?.split(', ') ?? [];
        assert.deepEqual(
          allowed.filter((name) => name !== 'HEAD').sort(),
          Object.keys(methods)
            .map((name) => name.toUpperCase())
            .sort(),
        );
      }
    }
  });

  test('cannot be smuggled by a header, a field or a query', async () => {
    const tricks = ['X-HTTP-Method-Override: DELETE', '_method: DELETE'];
    assert.equal(
      await answered(request(`GET /v1/queue/tokens/current?_method=DELETE`, [...tricks, `Queue-Token: ${token}`])),
      '200',
    );
    const status = await stage.send('GET', '/v1/queue/tokens/current', { token });
    assert.equal(status.body['status'], 'active');
  });

  for (const line of [
    'FOO /health/live',
    'get /health/live',
    'CONNECT a:80',
    'PRI *',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 /',
  ]) {
    test(`that is none, as in ${JSON.stringify(line)}, is no request`, async () => {
      assert.equal(await answered(request(line)), '400 invalid_request');
    });
  }

  test('HEAD answers every GET with its headers alone, streams too', async () => {
    const headers = [`Queue-Token: ${token}`, `Authorization: Bearer ${adminKey}`, 'Connection: close'];
    for (const target of [
      '/health/live',
      '/metrics',
      '/docs',
      '/openapi.json',
      '/v1/concerts',
      '/v1/admin/overview',
      '/v1/schedules/s/seats',
      '/v1/schedules/s/seats/events',
      '/v1/queue/tokens/current/events',
      '/nothing',
    ]) {
      const { rest } = await exchange(stage.onsale.port, request(`HEAD ${target}`, headers));
      const [head = '', ...body] = rest.split('\r\n\r\n');
      // Either no body was promised, or one was and did not come.
      assert.match(head || 'HTTP/1.1 ', /^HTTP\/1\.1 /);
      assert.equal(body.join(''), '', target);
    }
  });
});

function concerts(headers: readonly string[]): Promise<string> {
  return answered(request('GET /v1/concerts', headers));
}

function overview(headers: readonly string[]): Promise<string> {
  return answered(request('GET /v1/admin/overview', headers));
}

describe('headers', () => {
  test('that name a credential twice name none', async () => {
    assert.equal(await concerts([`Queue-Token: ${token}`, `queue-token: ${token}`]), '401 queue_token_invalid');
    assert.equal(await concerts([`Queue-Token: x`, `Queue-Token: ${token}`]), '401 queue_token_invalid');
    for (const other of ['Bearer x', `Bearer ${adminKey}`]) {
      const twice = [`Authorization: Bearer ${adminKey}`, `Authorization: ${other}`];
      assert.equal(await overview(twice), '401 unauthenticated');
      assert.equal(await overview(twice.toReversed()), '401 unauthenticated');
    }
    const keys = ['Idempotency-Key: a', 'Idempotency-Key: b'];
    assert.equal(await answered(request('POST /v1/users/ann/charges', keys, '{"amount":1}')), '400 invalid_request');
  });

  test('may be written in any case, and mean the same', async () => {
    assert.equal(await concerts([`qUEUE-tOKEN: ${token}`]), '200');
    assert.equal(await overview([`AUTHORIZATION: bEARER ${adminKey}`]), '200');
  });

  test('with underscores, or of other proxies, are nothing', async () => {
    assert.equal(await concerts([`Queue_Token: ${token}`]), '401 queue_token_required');
    for (const header of [
      'X-Original-URL: /health/live',
      'X-Rewrite-URL: /health/live',
      'X-Forwarded-Prefix: /x',
      'Forwarded: for=127.0.0.1',
    ]) {
      assert.equal(await overview([header]), '401 unauthenticated');
    }
  });

  test('that are not ASCII, or too large, or too many, are refused', async () => {
    assert.equal(await concerts([`Queue-Token: \xff\xfe`]), '401 queue_token_invalid');
    assert.equal(await concerts([`Queue-Token: ${token}\xa0`]), '401 queue_token_invalid');
    assert.equal(await concerts([`Queue-Token: ${'a'.repeat(15_000)}`]), '401 queue_token_invalid');
    assert.equal(await concerts([`Queue-Token: ${'a'.repeat(20_000)}`]), '431 invalid_request');
    assert.equal(await concerts(Array.from({ length: 5_000 }, () => 'a:b')), '431 invalid_request');
    const hidden = [...Array.from({ length: 300 }, () => 'a:b'), `Queue-Token: ${token}`];
    assert.equal(await concerts(hidden), '200');
    for (const key of ['\xff', '\x7f', 'a b', 'a'.repeat(129)]) {
      assert.equal(
        await answered(request('POST /v1/users/ann/charges', [`Idempotency-Key: ${key}`], '{"amount":1}')),
        '400 invalid_request',
      );
    }
  });

  test('that expect what nobody knows, or want another protocol, change nothing', async () => {
    assert.equal(await answered(request('GET /health/live', ['Expect: miracles'])), '200');
    assert.equal(await answered(request('GET /health/live', ['Connection: Upgrade', 'Upgrade: websocket'])), '200');
    assert.equal(
      await answered(request('GET /health/live', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c'])),
      '200',
    );
  });
});
