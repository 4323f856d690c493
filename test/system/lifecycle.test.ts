/** Starting, stopping, and two processes that want the same data. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.ts';
import { Program, runToEnd, temporaryDataDir } from './program.ts';
import * as sale from './sale.ts';

const dataDir = temporaryDataDir();
after(() => dataDir.remove());

describe('a program that is told to stop in the middle of a load', () => {
  test('ends with 0 within 10 s, answers or hangs up, and has everything that it answered', async () => {
    const program = await Program.start(dataDir.path);
    const client = new Client(program.port);
    const charged = new Map<string, number>();
    let refused = 0;
    const chargers = Array.from({ length: 50 }, async (_, index) => {
      const userId = `u${index}`;
      for (let count = 1; ; count++) {
        const reply = await sale.charge(client, userId, 10).catch(() => null);
        if (reply === null) return;
        if (reply.status === 503) {
          assert.equal(reply.body['code'], 'draining');
          refused += 1;
          return;
        }
        assert.equal(reply.status, 201);
        charged.set(userId, count * 10);
      }
    });
    while (charged.size < 50) await sleep(5);
    const stoppedAt = performance.now();
    const ended = await program.stop();
    const tookMs = performance.now() - stoppedAt;
    await Promise.all(chargers);
    client.close();
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.output);
    assert.ok(tookMs < 10_000, `stopping took ${tookMs} ms`);
    assert.ok(refused <= 50);

    const again = await Program.start(dataDir.path);
    const reader = new Client(again.port);
    for (const [userId, amount] of charged) {
      const balance = await sale.balanceOf(reader, userId);
      // One more charge may have become durable while its connection was already gone.
      assert.ok(balance === amount || balance === amount + 10, `${userId} has ${balance}, confirmed were ${amount}`);
    }
    reader.close();
    await again.stop();
  });
});

describe('a program whose read model was taken away', () => {
  test('never says that somebody has no reservations while it makes it again', async () => {
    const directory = temporaryDataDir();
    try {
      const program = await Program.start(directory.path);
      const client = new Client(program.port);
      await sale.putRoom(client, 'main', sale.openDoors);
      await sale.createConcert(client, 'c');
      await sale.createSchedule(client, 'c', 's', { rows: 10, seats: 100, price: 10 });
      const token = await sale.enter(client, 'ann');
      const seatIds = ['A-1-1', 'A-1-2'];
      const held = await client.send('POST', '/v1/reservations', { token, body: { scheduleId: 's', seatIds } });
      assert.equal(held.status, 201);
      for (let charges = 0; charges < 500; charges++) await sale.charge(client, `u${charges % 10}`, 1);
      client.close();
      await program.stop();
      for (const suffix of ['', '-wal', '-shm'])
        rmSync(join(directory.path, `read-model.db${suffix}`), { force: true });

      const again = await Program.start(directory.path);
      const reader = new Client(again.port);
      for (;;) {
        const list = await reader.send('GET', '/v1/users/ann/reservations');
        if (list.status === 200) {
          assert.match(JSON.stringify(list.body), /"A-1-1".*"A-1-2"/);
          break;
        }
        assert.equal(list.body['code'], 'overloaded');
      }
      reader.close();
      await again.stop();
    } finally {
      directory.remove();
    }
  });
});

describe('a second process on the same data directory', () => {
  test('ends without touching anything and names the first', async () => {
    const first = await Program.start(dataDir.path);
    const second = await runToEnd(dataDir.path);
    assert.notEqual(second.code, 0);
    assert.equal(second.signal, null);
    assert.ok(second.output.includes(String(first.pid)), second.output);
    const client = new Client(first.port);
    await sale.expecting(200, client.send('GET', '/health/ready'));
    client.close();
    await first.stop();
  });

  test('takes over when the first is killed while it waits', async () => {
    const first = await Program.start(dataDir.path);
    const second = Program.start(dataDir.path);
    // That it waits cannot be seen from outside; it has the lock's whole patience to come to it.
    await sleep(500);
    await first.kill();
    const taken = await second;
    await taken.stop();
  });
});

describe('a wrong environment', () => {
  test('is refused at once, with every mistake named', async () => {
    const ended = await runToEnd(dataDir.path, { PORT: 'x', LOG_LEVEL: 'loud' });
    assert.notEqual(ended.code, 0);
    assert.match(ended.output, /PORT must be/);
    assert.match(ended.output, /LOG_LEVEL must be/);
  });
});
