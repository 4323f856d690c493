import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { AdminClient, ImportStopped } from '../../api/import/admin-client.ts';

/** Answers the requests in turn as the script says; the last entry answers all further ones. */
async function withServer(
  script: readonly ((request: IncomingMessage, response: ServerResponse) => void)[],
  use: (client: AdminClient, served: () => number) => Promise<void>,
): Promise<void> {
  let served = 0;
  const server = createServer((request, response) => {
    request.resume();
    script[Math.min(served, script.length - 1)]?.(request, response);
    served += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  try {
    await use(new AdminClient(`http://127.0.0.1:${port}/`, 'key'), () => served);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function breakConnection(request: IncomingMessage): void {
  request.socket.destroy();
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  return (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

describe('an admin request', () => {
  test('carries the key, and is created by a 201', async () => {
    let authorization: string | undefined;
    await withServer(
      [
        (request, response) => {
          authorization = request.headers.authorization;
          answer(201, {})(request, response);
        },
      ],
      async (client) => {
        assert.deepEqual(await client.post('/v1/admin/concerts', {}), { type: 'created' });
      },
    );
    assert.equal(authorization, 'Bearer key');
  });

  test('is sent again while the server asks to wait', async () => {
    const busy = answer(503, { code: 'overloaded' }, { 'retry-after': '0' });
    await withServer([busy, busy, answer(201, {})], async (client, served) => {
      assert.deepEqual(await client.post('/x', {}), { type: 'created' });
      assert.equal(served(), 3);
    });
  });

  test('is sent again after a connection that broke, and then counts as equal when it had been taken', async () => {
    await withServer([breakConnection, answer(409, { code: 'already_exists', equal: true })], async (client) => {
      assert.deepEqual(await client.post('/x', {}), { type: 'equal' });
    });
  });

  test('is refused by another content under the same id', async () => {
    await withServer([answer(409, { code: 'already_exists', equal: false, detail: 'other' })], async (client) => {
      assert.deepEqual(await client.post('/x', {}), {
        type: 'refused',
        reason: 'already_exists: it is there with other content',
      });
    });
  });

  test('is refused with the paths of what is wrong in it', async () => {
    const problem = { code: 'invalid_request', errors: [{ path: 'sections.0.price', message: 'too small' }] };
    await withServer([answer(400, problem)], async (client) => {
      assert.deepEqual(await client.post('/x', {}), {
        type: 'refused',
        reason: 'invalid_request: sections.0.price too small',
      });
    });
  });

  test('stops the import when the key is wrong', async () => {
    await withServer([answer(401, { code: 'unauthenticated' })], async (client) => {
      await assert.rejects(client.post('/x', {}), ImportStopped);
    });
  });
});

test('a server that is not there is named before anything is sent', async () => {
  await assert.rejects(new AdminClient('http://127.0.0.1:1', 'key').greet(), /No server answers at http:\/\/127/);
});
