/** Listens on a socket, and stops without breaking an answer that is under way. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import type { HttpApp } from './http-app.ts';

/** How long a client may take for its headers, and for its whole request, ms. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 60_000;
/** Longer than proxies keep theirs, so that they do not send into a connection that is being closed. */
const keepAliveTimeoutMs = 75_000;
/** How long answers under way get when the server stops, unless said otherwise, ms. */
const closeWithinMs = 5_000;
const headerBytesMax = 16 * 1024;
/** How often connections that have become idle are closed while the server stops, ms. */
const sweepMs = 20;

export interface HttpServer {
  readonly port: number;
  /**
   * Takes no new connection, ends the streams, and resolves when every answer is out, at the latest after
   * `withinMs`, when the rest is cut off.
   */
  close(withinMs?: number): Promise<void>;
}

/** Rejects with the system's error when it cannot listen. Port 0 lets the system choose. */
export async function startHttpServer(
  app: HttpApp,
  at: { readonly host: string; readonly port: number },
): Promise<HttpServer> {
  const listener = getRequestListener(app.fetch, {
    // Anything but a request that cannot be read is a bug of the adapter.
    errorHandler: (error) => (error instanceof RequestError ? app.unreadable() : new Response(null, { status: 500 })),
  });
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      maxHeaderSize: headerBytesMax,
      noDelay: true,
    },
    (incoming, outgoing) => {
      // The listener answers its own errors and never rejects.
      void listener(incoming, outgoing);
    },
  );
  server.on('clientError', refuseBadHttp);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: at.host, port: at.port, backlog: 4096 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;

  return {
    port,
    async close(withinMs = closeWithinMs) {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      app.close();
      const sweep = setInterval(() => closeIdle(server, sockets), sweepMs);
      const cutOff = setTimeout(() => server.closeAllConnections(), withinMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(cutOff);
    },
  };
}

/** Node counts a connection on which nothing was ever sent as busy; browsers and pools open such ones ahead of need. */
function closeIdle(server: Server, sockets: ReadonlySet<Socket>): void {
  server.closeIdleConnections();
  for (const socket of sockets) {
    if (socket.bytesRead === 0) socket.destroy();
  }
}

/** What is not HTTP gets the shortest answer that is. */
function refuseBadHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
