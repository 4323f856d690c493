/** Stopping the door. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { startHttpServer } from '../../api/http/http-server.ts';
import { answersIn, codeOf, exchange, opened, request } from '../abuse/raw-http.ts';
import { expecting, startStage } from './stage.ts';

const clients = 50;

describe('a door that stops', () => {
  test('waits for no connection on which nothing is asked', async () => {
    const stage = await startStage();
    const fresh = connect(stage.onsale.port, '127.0.0.1');
    await once(fresh, 'connect');
    await expecting(200, stage.send('GET', '/health/live'));
    const closed = once(fresh, 'close');
    const startedMs = performance.now();
    await stage.stop();
    await closed;
    assert.ok(performance.now() - startedMs < 4_000, 'it was cut off only at the end of the grace period');
  });

  test('finishes the answers that are under way', async () => {
    const allAsked = Promise.withResolvers<void>();
    const mayAnswer = Promise.withResolvers<void>();
    let asked = 0;
    const server = await startHttpServer(
      {
        fetch: async () => {
          asked += 1;
          if (asked === clients) allAsked.resolve();
          await mayAnswer.promise;
          return new Response('whole');
        },
        unreadable: (why) => new Response(why, { status: 400 }),
        operations: [],
        close: () => undefined,
      },
      { host: '127.0.0.1', port: 0 },
    );
    const exchanges = Array.from({ length: clients }, () => exchange(server.port, request('GET /')));
    await allAsked.promise;
    const closed = server.close();
    // It is refused only when the stop has reached every socket that listens.
    await assert.rejects(once(connect(server.port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
    mayAnswer.resolve();
    await closed;
    for (const { answers, rest } of await Promise.all(exchanges)) {
      assert.deepEqual([answers[0]?.status, answers[0]?.text, rest], [200, 'whole', '']);
    }
  });

  test('carries out what it had let in and was sent whole before, and asks the rest to come again', async () => {
    const stage = await startStage();
    const { port } = stage.onsale;
    const body = '{"amount":1}';
    const charge = request('POST /v1/users/ann/charges', ['Expect: 100-continue'], body);
    // The answer to the first bytes shows that they were read: all of the head, or some of the next one behind a request.
    const admitted = await manyTold(port, charge.slice(0, -body.length), /^HTTP\/1\.1 100 /);
    const begun = await manyTold(port, `${request('GET /health/live')}POST /v1/`, /^HTTP\/1\.1 200 /);
    const received = [...admitted, ...begun].map(untilClosed);
    for (const socket of admitted) socket.write(body);
    const stopped = stage.stop();
    for (const socket of begun) socket.write(request('users/bob/charges', [], body));
    await stopped;
    const texts = await Promise.all(received);
    const answers = texts.map((text) => {
      const { answers: whole, rest } = answersIn(text);
      const [answer] = whole;
      assert.ok(answer !== undefined && whole.length === 1 && rest === '', `not one whole answer: ${text}`);
      assert.equal(answer.headers.get('connection'), 'close');
      return answer;
    });
    const outcomes = answers.map((answer) => `${answer.status} ${codeOf(answer)}`.trim());
    assert.deepEqual(outcomes, [...admitted.map(() => '201'), ...begun.map(() => '503 draining')]);
  });
});

/** Connections that sent `text`, and were told once. */
async function manyTold(port: number, text: string, told: RegExp): Promise<Socket[]> {
  return await Promise.all(
    Array.from({ length: clients }, async () => {
      const socket = await opened(port);
      socket.write(text);
      const [first] = await once(socket, 'data');
      assert.match(String(first), told);
      return socket;
    }),
  );
}

/** All that comes from now on, until the connection is closed or broken. */
async function untilClosed(socket: Socket): Promise<string> {
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString('latin1')));
  // Unlike an event that is waited for, it does not reject when the connection breaks: that shows in what came.
  await new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  return received;
}
