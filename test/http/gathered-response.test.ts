/** Answers that go out together: when, in which order, and what becomes of those whose asker has gone. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { limits } from '../../api/limits.ts';
import { GatheredResponse } from '../../api/http/gathered-response.ts';

async function withServer(
  listener: RequestListener<typeof IncomingMessage, typeof GatheredResponse>,
  work: (open: () => Socket) => Promise<void>,
): Promise<void> {
  const server = createServer({ ServerResponse: GatheredResponse }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  try {
    await work(() => {
      const socket = connect(port, '127.0.0.1');
      sockets.push(socket);
      return socket;
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
}

const ask = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;

/** What comes until `last` has come. */
async function readThrough(socket: Socket, last: string): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.endsWith(last)) return text;
  }
  throw new Error(`the connection ended after ${JSON.stringify(text)}`);
}

function answerTwice(_incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.end('one');
  outgoing.end('two');
}

describe('an answer', () => {
  test('leaves after the round in which it was given', async () => {
    const sent: number[] = [];
    const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
      outgoing.end('hello');
      sent.push(incoming.socket.bytesWritten);
      setImmediate(() => sent.push(incoming.socket.bytesWritten));
    };
    await withServer(answer, async (open) => {
      const socket = open();
      socket.write(ask('/'));
      const text = await readThrough(socket, 'hello');
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 5\r\n/);
      assert.deepEqual(sent, [0, text.length]);
    });
  });

  test('comes in the order of the requests, also where a later one is given first', async () => {
    const waiting: ServerResponse[] = [];
    const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
      waiting.push(outgoing);
      if (incoming.url !== '/2') return;
      outgoing.end('second');
      waiting[0]?.end('first');
    };
    await withServer(answer, async (open) => {
      const socket = open();
      socket.write(ask('/1') + ask('/2'));
      const text = await readThrough(socket, 'second');
      assert.ok(text.indexOf('first') > 0 && text.indexOf('first') < text.indexOf('second'), text);
    });
  });

  test('given twice is the first one, once', async () => {
    await withServer(answerTwice, async (open) => {
      const socket = open();
      socket.write(ask('/1'));
      assert.match(await readThrough(socket, 'one'), /\r\n\r\none$/);
      socket.write(ask('/2'));
      assert.match(await readThrough(socket, 'one'), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\none$/);
    });
  });

  test('to somebody who has gone meanwhile is dropped, and the others get theirs', async () => {
    let ended: boolean | null = null;
    const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
      outgoing.on('error', (error) => assert.fail(error));
      outgoing.end('hello');
      if (incoming.url !== '/gone') return;
      outgoing.destroy();
      // Runs after those that were gathered went out.
      setImmediate(() => (ended = outgoing.writableEnded));
    };
    await withServer(answer, async (open) => {
      const [leaver, other] = [open(), open()];
      leaver.write(ask('/gone'));
      other.write(ask('/'));
      const closed = once(leaver, 'close');
      assert.match(await readThrough(other, 'hello'), /hello$/);
      await closed;
      assert.deepEqual([ended, leaver.bytesRead], [false, 0]);
    });
  });

  test('goes out before the round is over when there are many', async () => {
    const sent: number[] = [];
    const answers: ServerResponse[] = [];
    const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
      answers.push(outgoing);
      if (answers.length < limits.gatheredAnswersMax) return;
      for (const given of answers) given.end('.');
      sent.push(incoming.socket.bytesWritten);
    };
    await withServer(answer, async (open) => {
      const sockets = Array.from({ length: limits.gatheredAnswersMax }, open);
      for (const socket of sockets) socket.write(ask('/'));
      await Promise.all(sockets.map((socket) => readThrough(socket, '.')));
      assert.ok((sent[0] ?? 0) > 0, 'the last one came when the others had to go');
    });
  });

  test('that is out is not kept for as long as its connection is open', async () => {
    const answers: WeakRef<ServerResponse>[] = [];
    const answer = (_incoming: IncomingMessage, outgoing: ServerResponse): void => {
      answers.push(new WeakRef(outgoing));
      outgoing.end('hello');
    };
    await withServer(answer, async (open) => {
      const socket = open();
      socket.write(ask('/'));
      await readThrough(socket, 'hello');
      await collected(() => answers[0]?.deref() === undefined);
      assert.equal(socket.destroyed, false);
    });
  });
});

/** Resolves when the garbage collector has made it so; rejects where it does not. */
async function collected(done: () => boolean): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let tries = 0; tries < 100; tries++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    if (done()) return;
  }
  throw new Error('it is still there');
}
