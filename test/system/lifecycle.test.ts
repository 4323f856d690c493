/** Starting, stopping, and two processes that want the same data. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../until.ts';
import { Client, isBrokenConnection } from './client.ts';
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
        const reply = await sale.charge(client, userId, 10).catch((error: unknown) => {
          if (isBrokenConnection(error)) return null;
          throw error;
        });
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
    await until('each of the 50 has charged once', () => charged.size === 50);
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
      const look = async () => {
        const reply = await reader.send('GET', '/v1/users/ann/reservations');
        if (reply.status === 200) return reply;
        assert.equal(reply.body['code'], 'overloaded');
        return null;
      };
      // Looked at without a rest: it is made again in a moment.
      const list = await until('the reservations of ann are told again', look, 20_000, 0);
      assert.match(JSON.stringify(list.body), /"A-1-1".*"A-1-2"/);
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
    const waits = Promise.withResolvers<void>();
    const onLine = (line: string): void => void (line.includes('holds the data directory') && waits.resolve());
    const second = Program.start(dataDir.path, {}, 'api/main.ts', { onLine });
    await waits.promise;
    await first.kill();
    const taken = await second;
    await taken.stop();
  });
});

describe('the demo', () => {
  test('goes into an empty directory only, not into one whose journal is away', async () => {
    const directory = temporaryDataDir();
    try {
      await (await Program.start(directory.path)).stop();
      const journal = join(directory.path, 'journal.db');
      renameSync(journal, `${journal}.away`);
      const refused = await runToEnd(directory.path, { DEMO: 'on' });
      assert.equal(refused.code, 1);
      assert.match(refused.output, /there is none/);
      assert.ok(!existsSync(join(directory.path, 'demo.unfinished')));
    } finally {
      directory.remove();
    }
  });
});

describe('npm start', () => {
  test('gives a signal to the program itself, so that whoever stops npm stops it', async () => {
    const program = await Program.start(dataDir.path, {}, 'api/main.ts', { command: ['npm', 'start'] });
    const ended = await program.stop();
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.output);
    assert.match(ended.output, /"msg":"stopped"/);
    await assert.rejects(fetch(`http://127.0.0.1:${program.port}/health/live`));
  });
});

describe('arguments', () => {
  test('are refused, because the environment configures the program', async () => {
    const ended = await runToEnd(dataDir.path, {}, ['--port', '80']);
    assert.equal(ended.code, 2);
    assert.match(ended.output, /takes no arguments/);
  });
});

describe('a wrong environment', () => {
  test('is refused at once, with every mistake named', async () => {
    const ended = await runToEnd(dataDir.path, { PORT: 'x', LOG_LEVEL: 'loud' });
    assert.notEqual(ended.code, 0);
    assert.match(ended.output, /PORT must be/);
    assert.match(ended.output, /LOG_LEVEL must be/);
  });

  const own = fileURLToPath(import.meta.url);
  for (const [what, path] of [
    ['a file', own],
    ['below a file', join(own, 'data')],
    ['where nothing can be made', '/proc/onsale/data'],
  ] as const) {
    test(`whose directory is ${what} is refused in one sentence that says what to set`, async () => {
      const ended = await runToEnd(path);
      assert.equal(ended.code, 1);
      assert.match(ended.output, /cannot be used as data directory: .*Set DATA_DIR to a directory that/);
      assert.doesNotMatch(ended.output, /stack/);
    });
  }

  test('whose port is taken, or whose host is not here, is refused likewise', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    // A TCP server that listens has an address with a port.
    const { port } = other.address() as AddressInfo;
    try {
      const taken = await runToEnd(dataDir.path, { PORT: String(port) });
      assert.equal(taken.code, 1);
      assert.match(taken.output, new RegExp(`PORT ${port} .*another program listens there.* set PORT`));
      const elsewhere = await runToEnd(dataDir.path, { HOST: '192.0.2.1' });
      assert.equal(elsewhere.code, 1);
      assert.match(elsewhere.output, /HOST 192\.0\.2\.1.*Set HOST/);
    } finally {
      other.close();
    }
  });
});
