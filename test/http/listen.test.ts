/** One server, several listening sockets on its port. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { after, describe, test } from 'node:test';
import { setImmediate as nextRound } from 'node:timers/promises';
import { listenWide, type Listening } from '../../api/http/listen.ts';

const host = '127.0.0.1';
const open: Listening[] = [];

async function listening(server = createServer(), port = 0): Promise<Listening> {
  const found = await listenWide(server, { host, port });
  open.push(found);
  return found;
}

after(async () => {
  await Promise.all(open.map((each) => each.close()));
});

describe('a server that listens with several sockets', () => {
  test('takes a crowd that connects at once in far fewer rounds of its loop than there are people', async () => {
    const crowd = 300;
    const server = createServer((_request, response) => response.end('here'));
    const taken: unknown[] = [];
    server.on('connection', (socket) => taken.push(socket));
    const { port } = await listening(server);
    const clients = Array.from({ length: crowd }, () => connect(port, host));
    try {
      let rounds = 0;
      for (; taken.length < crowd; rounds++) await nextRound();
      assert.ok(rounds < crowd / 3, 'few rounds');
      const client = clients[0]!; // There is a crowd.
      client.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
      assert.match(String(await once(client, 'data')), /here/);
    } finally {
      for (const each of clients) each.destroy();
    }
  });

  test('is refused a port that another one has, which would share it', async () => {
    const { port } = await listening();
    await assert.rejects(listening(createServer(), port), { code: 'EADDRINUSE' });
  });

  test('is free to listen on its port again once it is closed', async () => {
    const first = await listenWide(createServer(), { host, port: 0 });
    await first.close();
    assert.equal((await listening(createServer(), first.port)).port, first.port);
  });
});
