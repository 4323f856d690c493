/** Paying when answers get lost, sessions end and the process is killed. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { until } from '../until.ts';
import { Client } from './client.ts';
import { Program, temporaryDataDir } from './program.ts';
import * as sale from './sale.ts';

const dataDir = temporaryDataDir();
let program: Program;
let client: Client;

async function start(): Promise<void> {
  program = await Program.start(dataDir.path);
  client = new Client(program.port);
}

async function killAndRestart(): Promise<void> {
  client.close();
  await program.kill();
  await start();
}

before(async () => {
  await start();
  await sale.putRoom(client, 'main', sale.openDoors);
  await sale.createConcert(client, 'c');
  await sale.createSchedule(client, 'c', 's', { rows: 1, seats: 20, price: 700 });
});
after(async () => {
  client.close();
  await program.stop();
  dataDir.remove();
});

/** Sends a payment and hangs up before it can be answered. */
async function payAndHangUp(token: string, reservationId: string, key: string): Promise<void> {
  const body = JSON.stringify({ reservationId });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect(program.port, '127.0.0.1', () => {
    const head = [
      'POST /v1/payments HTTP/1.1',
      'Host: localhost',
      `Queue-Token: ${token}`,
      `Idempotency-Key: ${key}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  });
  socket.on('error', reject);
  socket.on('close', () => resolve());
  await promise;
}

async function untilBalance(userId: string, balance: number): Promise<void> {
  await until(`${userId} has ${balance}`, async () => (await sale.balanceOf(client, userId)) === balance);
}

describe('a payment whose answer was lost', () => {
  test('is answered 201 with one debit when it is sent again with its key, after the session and a kill -9', async () => {
    const token = await sale.enter(client, 'ann');
    await sale.expecting(201, sale.charge(client, 'ann', 1_000));
    const held = await sale.expecting(201, sale.hold(client, token, 's', ['A-1-1']));
    const id = String(held.body['id']);
    await payAndHangUp(token, id, 'lost');
    await untilBalance('ann', 300);
    const session = await sale.expecting(200, client.send('GET', '/v1/queue/tokens/current', { token }));
    assert.equal(session.body['status'], 'expired');

    const repeated = await sale.expecting(201, sale.pay(client, token, id, 'lost'));
    assert.equal(repeated.headers['idempotency-replayed'], 'true');
    await killAndRestart();
    const afterKill = await sale.expecting(201, sale.pay(client, token, id, 'lost'));
    assert.equal(afterKill.headers['idempotency-replayed'], 'true');
    assert.deepEqual(afterKill.body, repeated.body);
    assert.equal(repeated.body['balance'], 300);
    assert.equal(await sale.balanceOf(client, 'ann'), 300);
    const reservation = await sale.expecting(200, client.send('GET', `/v1/reservations/${id}`, { token }));
    assert.equal(reservation.body['status'], 'paid');
  });
});

describe('a payment that was refused for want of money', () => {
  test('is made with the same key once the balance suffices, before and after a kill -9', async () => {
    const token = await sale.enter(client, 'bob');
    const held = await sale.expecting(201, sale.hold(client, token, 's', ['A-1-2']));
    const id = String(held.body['id']);
    const refused = await sale.expecting(402, sale.pay(client, token, id, 'k'));
    assert.equal(refused.body['code'], 'insufficient_balance');
    assert.deepEqual([refused.body['balance'], refused.body['required']], [0, 700]);
    await killAndRestart();
    await sale.expecting(402, sale.pay(client, token, id, 'k'));
    await sale.expecting(201, sale.charge(client, 'bob', 700));
    const paid = await sale.expecting(201, sale.pay(client, token, id, 'k'));
    assert.equal(paid.headers['idempotency-replayed'], undefined);
    assert.equal(await sale.balanceOf(client, 'bob'), 0);
  });
});

describe('a key that is bound', () => {
  test('refuses another body, and a key of one user is nothing to another, before and after a kill -9', async () => {
    const first = await sale.expecting(201, sale.charge(client, 'cid', 100, 'k'));
    for (const again of ['before', 'after']) {
      const replay = await sale.expecting(201, sale.charge(client, 'cid', 100, 'k'));
      assert.deepEqual(replay.body, first.body, `${again} the restart`);
      const reused = await sale.expecting(422, sale.charge(client, 'cid', 200, 'k'));
      assert.equal(reused.body['code'], 'idempotency_key_reused');
      if (again === 'before') await killAndRestart();
    }
    await sale.expecting(201, sale.charge(client, 'dan', 200, 'k'));
    assert.equal(await sale.balanceOf(client, 'cid'), 100);
    assert.equal(await sale.balanceOf(client, 'dan'), 200);
  });
});

describe('a hold', () => {
  test('can be paid until its deadline although its user has left', async () => {
    const token = await sale.enter(client, 'eve');
    await sale.expecting(201, sale.charge(client, 'eve', 1_000));
    const held = await sale.expecting(201, sale.hold(client, token, 's', ['A-1-3']));
    await sale.expecting(204, client.send('DELETE', '/v1/queue/tokens/current', { token }));
    await sale.expecting(201, sale.pay(client, token, String(held.body['id'])));
    assert.equal(await sale.balanceOf(client, 'eve'), 300);
  });
});
