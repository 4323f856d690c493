import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import { closedLoop, openAll } from '../../bench/harness/closed-loop.ts';
import { Connection } from '../../bench/harness/connection.ts';
import { dueMs, openLoop } from '../../bench/harness/open-loop.ts';
import { RequestBytes } from '../../bench/harness/request-bytes.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** Answers by the number of the request, after so many ms; null never answers. */
async function serve(status: (request: number) => number, waitMs: (request: number) => number | null): Promise<number> {
  let next = 0;
  const server = createServer((_request, response) => {
    const request = next++;
    const wait = waitMs(request);
    const answer = (): void => void response.writeHead(status(request), { 'content-length': 2 }).end('{}');
    if (wait === 0) answer();
    else if (wait !== null) setTimeout(answer, wait);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server has an address with a port.
  return (server.address() as AddressInfo).port;
}

const gets = (count: number): RequestBytes =>
  new RequestBytes(count, (index) => ({ method: 'GET', path: `/${index}`, headers: {} }));

const stallMs = 200;
const stallsOnce = (request: number): number => (request === 0 ? stallMs : 0);

describe('a server that stalls once', () => {
  it('looks fast in a closed loop, which asks nothing meanwhile', async () => {
    const port = await serve(() => 200, stallsOnce);
    const { answers } = await closedLoop({ port, connections: 1, requests: gets(20) });
    assert.equal(answers['200']?.count, 20);
    assert.ok((answers['200']?.latency.max ?? 0) >= stallMs - 1);
    assert.ok((answers['200']?.latency.p50 ?? 0) < stallMs / 2);
  });

  it('is slow in an open loop for everyone who was due meanwhile', async () => {
    const port = await serve(() => 200, stallsOnce);
    const perSecond = 100;
    const { answers, allLatencies } = await openLoop({ port, connections: 1, requests: gets(20), perSecond });
    assert.equal(answers['200']?.count, 20);
    // The tenth was due 90 ms after the start, and no answer came before the stall was over.
    assert.ok(allLatencies.p50 >= stallMs - 1 - dueMs(10, perSecond), `${allLatencies.p50} ms`);
    assert.ok(allLatencies.max >= stallMs - 1);
  });
});

describe('an open loop', () => {
  it('counts answers that never came as long as they were waited for', async () => {
    const port = await serve(
      () => 200,
      () => null,
    );
    const options = { port, connections: 2, requests: gets(10), perSecond: 1_000, patienceMs: 50 };
    const { answers, allLatencies } = await openLoop(options);
    assert.equal(answers['0']?.count, 10);
    assert.ok(allLatencies.p50 >= 50, `${allLatencies.p50} ms`);
  });

  it('sends nothing before it is due', async () => {
    const port = await serve(
      () => 200,
      () => 0,
    );
    const { seconds, lateness } = await openLoop({ port, connections: 4, requests: gets(21), perSecond: 200 });
    assert.ok(seconds >= 0.1);
    assert.ok(lateness.p50 >= 0);
  });
});

describe('an open loop whose server could do with one connection', () => {
  it('uses all in turn, because servers close those that are silent', async () => {
    const port = await serve(
      () => 200,
      () => 0,
    );
    const requestsOf = new Map<unknown, number>();
    servers
      .at(-1)
      ?.on('request', ({ socket }: IncomingMessage) => requestsOf.set(socket, (requestsOf.get(socket) ?? 0) + 1));
    await openLoop({ port, connections: 4, requests: gets(20), perSecond: 200 });
    assert.equal(requestsOf.size, 4);
  });
});

describe('a loop', () => {
  it('leaves no connection open when one of them cannot be opened', async () => {
    const port = await serve(
      () => 200,
      () => 0,
    );
    const closed: Promise<unknown>[] = [];
    servers.at(-1)?.on('connection', (socket) => closed.push(once(socket, 'close')));
    const open = (index: number): Promise<Connection> =>
      index === 1
        ? Promise.reject(new Error('refused'))
        : Connection.open({ port, onAnswer: () => {}, onBroken: () => {} });
    await assert.rejects(openAll([], 3, open), /refused/);
    await Promise.all(closed);
    assert.equal(closed.length, 2);
  });

  for (const [name, loop] of [
    ['closed', closedLoop],
    ['open', (options: Parameters<typeof closedLoop>[0]) => openLoop({ ...options, perSecond: 1_000 })],
  ] as const) {
    it(`that is ${name} fails where nobody listens, and nothing of it is left to fail later`, async (t) => {
      const unhandled = t.mock.fn();
      process.on('unhandledRejection', unhandled);
      try {
        const port = await serve(
          () => 200,
          () => 0,
        );
        const server = servers.at(-1);
        await new Promise((closed) => server?.close(closed));
        await assert.rejects(loop({ port, connections: 3, requests: gets(10) }), /ECONNREFUSED/);
        await new Promise(setImmediate);
        assert.equal(unhandled.mock.callCount(), 0);
      } finally {
        process.off('unhandledRejection', unhandled);
      }
    });
  }
});

describe('a closed loop', () => {
  it('sends each request once, and never adds refusals to successes', async () => {
    const port = await serve(
      (request) => (request % 4 === 0 ? 201 : 409),
      () => 0,
    );
    const { answers } = await closedLoop({ port, connections: 3, requests: gets(100) });
    assert.deepEqual([answers['201']?.count, answers['409']?.count], [25, 75]);
  });

  it('fails when a connection breaks: what it measured would not be true', async () => {
    const port = await serve(
      () => 200,
      () => null,
    );
    const server = servers.at(-1);
    server?.on('request', () => server.closeAllConnections());
    await assert.rejects(closedLoop({ port, connections: 2, requests: gets(10) }), /a connection broke/);
  });
});
