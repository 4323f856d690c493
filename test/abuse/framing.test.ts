/** Where one request ends and the next begins: nothing that two parsers could read in two ways is carried out. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startStage, type Stage } from '../http/stage.ts';
import { exchange, outcomeOf, request } from './raw-http.ts';

let stage: Stage;

before(async () => {
  stage = await startStage();
});
after(async () => await stage.stop());

describe('framing', () => {
  const post = 'POST /v1/users/mallory/charges HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
  const body = '{"amount":1}';
  const rows: readonly (readonly [what: string, text: string, expected: string])[] = [
    ['two lengths', `${post}Content-Length: 12\r\nContent-Length: 13\r\n\r\n${body} `, '400 invalid_request'],
    ['the same length twice', `${post}Content-Length: 12\r\nContent-Length: 12\r\n\r\n${body}`, '400 invalid_request'],
    ['a list of lengths', `${post}Content-Length: 12, 12\r\n\r\n${body}`, '400 invalid_request'],
    ['a negative length', `${post}Content-Length: -1\r\n\r\n`, '400 invalid_request'],
    ['a hexadecimal length', `${post}Content-Length: 0x0c\r\n\r\n${body}`, '400 invalid_request'],
    ['a length with a sign', `${post}Content-Length: +12\r\n\r\n${body}`, '400 invalid_request'],
    ['an absurd length', `${post}Content-Length: ${'9'.repeat(30)}\r\n\r\n`, '400 invalid_request'],
    ['a length past the bound', `${post}Content-Length: 9007199254740993\r\n\r\n`, '413 payload_too_large'],
    [
      'a length beside chunks',
      `${post}Content-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n${body}\r\n0\r\n\r\n`,
      '400 invalid_request',
    ],
    [
      'chunks that are not last',
      `${post}Transfer-Encoding: chunked, identity\r\n\r\nc\r\n${body}\r\n0\r\n\r\n`,
      '400 invalid_request',
    ],
    [
      'an unknown encoding',
      `${post}Transfer-Encoding: xchunked\r\n\r\nc\r\n${body}\r\n0\r\n\r\n`,
      '400 invalid_request',
    ],
    ['a chunk of no size', `${post}Transfer-Encoding: chunked\r\n\r\nZZ\r\n${body}`, '400 invalid_request'],
    [
      'chunks twice',
      `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n${body}\r\n0\r\n\r\n`,
      '400 invalid_request',
    ],
    ['a space before the colon', `${post}Content-Length : 12\r\n\r\n${body}`, '400 invalid_request'],
    ['a folded header', `${post}Content-Length: 12\r\nIdempotency-Key: a\r\n b\r\n\r\n${body}`, '400 invalid_request'],
    ['line feeds alone', `${post}Content-Length: 12\n\n${body}`, '400 invalid_request'],
    ['a zero byte', `${post}Idempotency-Key: a\x00b\r\nContent-Length: 12\r\n\r\n${body}`, '400 invalid_request'],
    ['no host', `POST /v1/users/mallory/charges HTTP/1.1\r\nContent-Length: 0\r\n\r\n`, '400 invalid_request'],
    ['two hosts', `GET /health/live HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n`, '400 invalid_request'],
    ['a host that is none', `GET /health/live HTTP/1.1\r\nHost: a b/c\r\n\r\n`, '400 invalid_request'],
    ['a newer HTTP', `GET /health/live HTTP/3.0\r\nHost: x\r\n\r\n`, '400 invalid_request'],
    ['no HTTP', `\x00\x01\x02\x03\r\n\r\n`, '400 invalid_request'],
  ];
  for (const [what, text, expected] of rows) {
    test(`with ${what} is ${expected}, and does nothing`, async () => {
      assert.equal(await outcomeOf(stage.onsale.port, text), expected);
      const { body: wallet } = await stage.send('GET', '/v1/users/mallory/balance');
      assert.equal(wallet['balance'], 0);
    });
  }

  test('HTTP/1.0 needs no host: health checks of load balancers send none', async () => {
    for (const path of ['/health/ready', '/metrics']) {
      const { answers } = await exchange(stage.onsale.port, `GET ${path} HTTP/1.0\r\n\r\n`);
      assert.equal(answers[0]?.status, 200, path);
    }
  });

  test('no second request hides in the body of a first', async () => {
    const hidden = request('POST /v1/users/mallory/charges', [], body);
    const { answers } = await exchange(
      stage.onsale.port,
      `${request('GET /health/live', [`Content-Length: ${hidden.length}`])}${hidden}${request('GET /health/live', ['Connection: close'])}`,
      3,
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    );
    assert.equal((await stage.send('GET', '/v1/users/mallory/balance')).body['balance'], 0);
  });

  test('an answer that was given goes out, whatever comes behind its request', async () => {
    const { answers } = await exchange(stage.onsale.port, `${request('GET /health/live', [])}NONSENSE\r\n\r\n`, 2);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200],
    );
  });

  test('an answer that is owed is never given to what comes behind it', async () => {
    // The charge is carried out; what follows is no HTTP. Its own answer comes, and no 400.
    const { answers } = await exchange(
      stage.onsale.port,
      `${request('POST /v1/users/oscar/charges', ['Idempotency-Key: k'], body)}NONSENSE\r\n\r\n`,
      2,
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201],
    );
    const again = await stage.send('POST', '/v1/users/oscar/charges', { key: 'k', body: { amount: 1 } });
    assert.equal(again.status, 201);
    assert.equal(again.body['balance'], 1);
  });
});
