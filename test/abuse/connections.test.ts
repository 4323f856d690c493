/** Clients that are slow, silent, many, or gone: each is let go at its limit, and the others notice nothing. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connectionsMax } from '../../api/http/connections-max.ts';
import { startHttpServer, type HttpServer } from '../../api/http/http-server.ts';
import { limits } from '../../api/limits.ts';
import { expecting, putRoom, startStage, type Stage } from '../http/stage.ts';
import { exchange, opened, outcomeOf, request } from './raw-http.ts';

let stage: Stage;
before(async () => {
  stage = await startStage();
});
after(async () => await stage.stop());

describe('a client that is too slow', () => {
  /** The server as the program starts it, but impatient; what is behind it answers without end. */
  let impatient: HttpServer;
  const dropped = Promise.withResolvers<void>();
  before(async () => {
    impatient = await startHttpServer(
      {
        fetch: async (asked) => {
          await asked.arrayBuffer();
          return new Response(
            new ReadableStream({
              pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
              cancel: () => dropped.resolve(),
            }),
          );
        },
        unreadable: (why) => new Response(why, { status: why === 'time' ? 408 : 400 }),
        operations: [],
        close: () => undefined,
      },
      { host: '127.0.0.1', port: 0 },
      { headersMs: 150, requestMs: 400, silenceMs: 600, keepAliveMs: 1_000, checkMs: 50 },
    );
  });
  after(async () => await impatient.close());

  const rows: readonly (readonly [what: string, first: string])[] = [
    ['that says nothing', ''],
    ['whose headers trickle', 'GET / HTTP/1.1\r\nHost: x\r\n'],
    ['whose request line never ends', 'GET /'],
    ['whose body trickles', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n'],
    ['whose chunks trickle', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ];
  for (const [what, first] of rows) {
    test(`${what} is let go, and told why`, async () => {
      const socket = await opened(impatient.port);
      let told = '';
      socket.on('data', (chunk) => (told += chunk.toString('latin1')));
      const gone = once(socket, 'close');
      if (first !== '') socket.write(first);
      const chunked = first.includes('chunked');
      const trickle = setInterval(() => void (first !== '' && socket.write(chunked ? '1\r\na\r\n' : 'a')), 30);
      await gone;
      clearInterval(trickle);
      assert.match(told, /^HTTP\/1\.1 408 /);
    });
  }

  test('to read its answer is let go, and no more of that is made', async () => {
    const socket = await opened(impatient.port);
    const gone = once(socket, 'close');
    socket.pause();
    socket.write(request('GET /'));
    await dropped.promise;
    // The end is seen behind what had been sent.
    socket.resume();
    await gone;
  });
});

describe('many clients', () => {
  test('that only hold connections open keep nobody out', async () => {
    const idle = await Promise.all(Array.from({ length: 2_000 }, () => opened(stage.onsale.port)));
    assert.equal(await outcomeOf(stage.onsale.port, request('GET /v1/users/ann/balance')), '200');
    for (const socket of idle) socket.destroy();
  });

  test('get no more connections than the process can have files open', () => {
    assert.equal(connectionsMax('Max open files            1024                 4096   files'), 512);
    assert.equal(connectionsMax('Max open files            100                  100    files'), 50);
    assert.equal(connectionsMax('Max open files            1048576              1048576 files'), limits.connectionsMax);
    assert.equal(
      connectionsMax('Max open files            unlimited            unlimited files'),
      limits.connectionsMax,
    );
    assert.equal(connectionsMax(null), limits.connectionsMax);
  });

  test('of which one asks 500 times in one breath is answered 500 times, in order', async () => {
    const asked = Array.from({ length: 500 }, (_, index) => request(`GET /v1/users/u${index}/balance`));
    const { answers } = await exchange(stage.onsale.port, asked.join(''), 500);
    assert.deepEqual(
      answers.map(({ text }) => /"userId":"u(\d+)"/.exec(text)?.[1]),
      asked.map((_, index) => String(index)),
    );
  });
});

async function leaving(text: string): Promise<void> {
  const socket: Socket = await opened(stage.onsale.port);
  await new Promise<void>((resolve) => void socket.write(text, () => resolve()));
  socket.resetAndDestroy();
}

describe('a client that says that nothing more comes', () => {
  test('is answered what it asked', async () => {
    const charge = request('POST /v1/users/finis/charges', [], '{"amount":1}');
    assert.match(await halfClosed(charge + charge), /^HTTP\/1\.1 201 [^]*HTTP\/1\.1 201 /);
  });

  test('gets no more of a stream', async () => {
    await putRoom(stage, 'shut', { admitPerSecond: 0 });
    const joined = await expecting(
      201,
      stage.send('POST', '/v1/queue/tokens', { body: { userId: 'finis', room: 'shut' } }),
    );
    const socket = await opened(stage.onsale.port);
    const closed = once(socket, 'close');
    const headers = [`Queue-Token: ${String(joined.body['token'])}`];
    socket.write(request('GET /v1/queue/tokens/current/events', headers));
    const [head] = await once(socket, 'data');
    assert.match(String(head), /^HTTP\/1\.1 200 /);
    socket.resume().end();
    await closed;
  });
});

describe('a refusal of a body that is too large', () => {
  test('reaches a client that reads only when all is sent, and its connection goes on', async () => {
    const body = 'x'.repeat(8 * 1024 * 1024 + 1);
    const chunked = `POST /v1/users/ann/charges HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const { answers } = await exchange(
      stage.onsale.port,
      `${request('POST /v1/users/ann/charges', [], body)}${chunked}${request('GET /health/live')}`,
      3,
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [413, 413, 200],
    );
  });

  test('reaches a client that wants the connection closed, and reads only when all is sent', async () => {
    const text = request('POST /v1/users/ann/charges', ['Connection: close'], 'x'.repeat(8 * 1024 * 1024));
    for (let tries = 0; tries < 5; tries++) {
      const socket = await opened(stage.onsale.port);
      let received = '';
      socket.pause().on('data', (chunk) => (received += String(chunk)));
      socket.pause();
      const closed = once(socket, 'close');
      socket.write(text, () => socket.resume());
      await closed;
      assert.match(received, /^HTTP\/1\.1 413 /);
    }
  });
});

describe('a client that goes away', () => {
  const body = '{"amount":1}';
  const charge = request('POST /v1/users/quitter/charges', [], body);

  test('in the middle of its body has done nothing, a thousand times', async () => {
    const cuts = Array.from({ length: 1_000 }, (_, index) =>
      charge.slice(0, charge.length - 1 - (index % body.length)),
    );
    for (let at = 0; at < cuts.length; at += 100) {
      await Promise.all(cuts.slice(at, at + 100).map(leaving));
    }
    const { body: wallet } = await stage.send('GET', '/v1/users/quitter/balance');
    assert.equal(wallet['balance'], 0);
  });

  test('right after asking for a tunnel does not take the program with it', async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    // Instead of the test runner's, which would only name the test that runs when it comes.
    process.on('uncaughtException', note);
    try {
      for (let count = 0; count < 200; count += 1) {
        const socket = await opened(stage.onsale.port);
        socket.write('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', () => socket.resetAndDestroy());
        await once(socket, 'close');
      }
      await expecting(200, stage.send('GET', '/health/live'));
    } finally {
      process.off('uncaughtException', note);
    }
    assert.deepEqual(uncaught, []);
  });

  test('for sending, and waits for its answer, is not left waiting', async () => {
    const socket = await opened(stage.onsale.port);
    socket.end(charge);
    let received = '';
    for await (const chunk of socket) received += String(chunk);
    // A connection that ends without an answer is one whose outcome is unknown, as any client has to expect.
    assert.match(received, /^(?:HTTP\/1.1 201 |$)/);
  });

  test('after its request has done all of it or nothing', async () => {
    await Promise.all(Array.from({ length: 200 }, (_, index) => leaving(charge.replace('quitter', `gone-${index}`))));
    for (let index = 0; index < 200; index++) {
      const { body: wallet } = await expecting(200, stage.send('GET', `/v1/users/gone-${index}/balance`));
      assert.ok(wallet['balance'] === 0 || wallet['balance'] === 1);
    }
    assert.deepEqual(
      stage.logged.filter((line) => /"level":"(?:error|fatal)"/.test(line)),
      [],
    );
  });
});

/** All that comes back until the server closes. */
async function halfClosed(text: string): Promise<string> {
  const socket = await opened(stage.onsale.port);
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
  socket.end(text);
  await once(socket, 'close');
  return answer;
}
