/** Bodies made to confuse: each is refused in one and the same way, changes nothing, and costs no memory to speak of. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { adminKey, createConcert, createSchedule, expecting, join, putRoom, startStage } from '../http/stage.ts';
import type { Reply, Stage } from '../http/stage.ts';
import { opened } from './raw-http.ts';

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
  assert.deepEqual(
    stage.logged.filter((line) => /"level":"(?:error|fatal)"/.test(line)),
    [],
  );
  await stage.stop();
});

function outcome({ status, body }: Reply): string {
  return `${status} ${String(body['code'])}`;
}

async function posted(path: string, raw: string | Uint8Array, headers: Readonly<Record<string, string>> = {}) {
  return outcome(await stage.send('POST', path, { token, raw, headers }));
}

const charges = '/v1/users/mallory/charges';

describe('a charge', () => {
  const deep = 20_000;
  const rows: readonly (readonly [what: string, raw: string | Uint8Array])[] = [
    ['of __proto__', '{"__proto__":{"amount":1}}'],
    ['with __proto__ beside', '{"amount":1,"__proto__":{"isAdmin":true}}'],
    ['with constructor beside', '{"amount":1,"constructor":{"prototype":{"x":1}}}'],
    ['named twice', '{"amount":1,"amount":1}'],
    ['named twice in two spellings', '{"amount":1,"\\u0061mount":2}'],
    ['of 1e999', '{"amount":1e999}'],
    ['of -0', '{"amount":-0}'],
    ['of less than one', '{"amount":0.5}'],
    ['of nearly nothing', '{"amount":1e-400}'],
    ['past exact numbers', '{"amount":9007199254740993}'],
    ['of a text', '{"amount":"1"}'],
    ['of a list', '{"amount":[1]}'],
    ['of null', '{"amount":null}'],
    ['of NaN', '{"amount":NaN}'],
    ['in hexadecimal', '{"amount":0x1}'],
    ['with a comma too many', '{"amount":1,}'],
    ['with a comment', '{"amount":1/**/}'],
    ['with more behind it', '{"amount":1}{"amount":1}'],
    ['with a zero byte behind it', '{"amount":1}\0'],
    ['in a list', '[{"amount":1}]'],
    ['that is null', 'null'],
    ['nested deep in lists', '['.repeat(deep) + ']'.repeat(deep)],
    ['nested deep in itself', '{"amount":'.repeat(5_000) + '1' + '}'.repeat(5_000)],
    ['of a number of 60,000 digits', `{"amount":${'9'.repeat(60_000)}}`],
    ['with 5,000 fields', `{${Array.from({ length: 5_000 }, (_, index) => `"a${index}":1`).join(',')}}`],
    ['with a half character', '{"amount":1,"\\ud800":1}'],
    ['that is not UTF-8', Buffer.from('{"amount":1,"\xff":1}', 'latin1')],
    ['in UTF-16', Buffer.from('{"amount":1}', 'utf16le')],
  ];
  for (const [what, raw] of rows) {
    test(`${what} is refused, and charges nothing`, async () => {
      assert.equal(await posted(charges, raw), '400 invalid_request');
      assert.equal((await stage.send('GET', '/v1/users/mallory/balance')).body['balance'], 0);
    });
  }

  test('of another media type, or packed, is not looked at', async () => {
    for (const type of [
      'text/json',
      'application/json, text/plain',
      'application/json;charset=utf-16',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      '__proto__',
    ]) {
      assert.equal(await posted(charges, '{"amount":1}', { 'content-type': type }), '415 unsupported_media_type', type);
    }
    for (const encoding of ['gzip', 'deflate', 'br', 'gzip, identity', 'x']) {
      const packed = await posted(charges, '{"amount":1}', { 'content-encoding': encoding });
      assert.equal(packed, '415 unsupported_media_type', encoding);
    }
  });

  test('may begin with a byte order mark', async () => {
    const reply = await stage.send('POST', '/v1/users/bom/charges', { raw: '\ufeff{"amount":1}' });
    assert.equal(reply.status, 201);
  });
});

describe('an id', () => {
  test('that is a name of the language is a name like any other', async () => {
    for (const id of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const charged = await stage.send('POST', `/v1/users/${id}/charges`, { body: { amount: 7 } });
      assert.equal(charged.body['balance'], 7, id);
      assert.equal(outcome(await stage.send('GET', `/v1/schedules/${id}/seats`, { token })), '404 schedule_not_found');
      assert.equal(
        outcome(await stage.send('GET', `/v1/concerts/${id}/schedules`, { token })),
        '404 concert_not_found',
      );
      assert.equal(
        await posted('/v1/reservations', JSON.stringify({ scheduleId: id, seatIds: ['A-1-1'] })),
        '404 schedule_not_found',
      );
      assert.equal(
        await posted('/v1/reservations', JSON.stringify({ scheduleId: 's', seatIds: [id] })),
        '404 seat_not_found',
      );
      assert.equal(await posted('/v1/queue/tokens', JSON.stringify({ userId: 'x', room: id })), '404 room_not_found');
    }
    assert.equal('isAdmin' in {}, false);
  });

  test('of a reservation that was never made is not found, however it is written', async () => {
    for (const id of [
      's',
      's.',
      '.1',
      's.0',
      's.-1',
      's.1e3',
      's.01',
      's.1 ',
      ' s.1',
      's.1\\u0000',
      's.\\ud800',
      `s.${'9'.repeat(400)}`,
      '__proto__.1',
      'x'.repeat(60_000),
    ]) {
      assert.equal(
        await posted('/v1/payments', `{"reservationId":"${id}"}`),
        '404 reservation_not_found',
        id.slice(0, 20),
      );
    }
  });
});

test('a cursor that was not given out is refused', async () => {
  const made = ['null', '[]', '[null]', '{}', '1', '"a"', '[1,2]', "' or 1=1 --"].map((text) =>
    Buffer.from(text).toString('base64url'),
  );
  for (const cursor of [...made, '%00', '__proto__', 'x'.repeat(5_000)]) {
    for (const path of ['/v1/concerts', '/v1/users/ann/reservations']) {
      const reply = await stage.send('GET', `${path}?cursor=${cursor}`, { token });
      assert.equal(outcome(reply), '400 invalid_request', `${path} ${cursor.slice(0, 40)}`);
    }
  }
});

test('a large body in chunks is not kept for somebody who proves nothing', async () => {
  const head =
    'POST /v1/admin/concerts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n';
  const socket = await opened(stage.onsale.port);
  // Its body never comes to an end; the answer comes before.
  socket.write(`${head}Authorization: Bearer x\r\n\r\n5\r\n{"id"\r\n`);
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once('data', (chunk) => resolve(String(chunk)));
  socket.once('close', () => resolve('closed'));
  assert.match(await promise, /^HTTP\/1\.1 401 /);
  socket.destroy();
  const chunks = new Blob([JSON.stringify({ id: 'in-chunks', name: 'x' })]).stream();
  await expecting(201, stage.send('POST', '/v1/admin/concerts', { bearer: adminKey, raw: chunks }));
  const large = new Blob(['x'.repeat(8 * 1024 * 1024 + 1)]).stream();
  const refusal = await stage.send('POST', '/v1/admin/concerts', { bearer: adminKey, raw: large }).catch(() => null);
  // The client may see its connection closed while it still sends; so much at once may also make the process late.
  if (refusal !== null) assert.ok(['413 payload_too_large', '503 overloaded'].includes(outcome(refusal)));
});
