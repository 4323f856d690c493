/** Listens on a socket, and stops without breaking an answer that is under way. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener, RequestError } from '@hono/node-server';
import { reasonOf, refuse } from './bad-http.ts';
import { answerUnderWay, GatheredResponse } from './gathered-response.ts';
import { connectionsMax } from './connections-max.ts';
import type { Unreadable } from './door.ts';
import type { HttpApp } from './http-app.ts';
import { listenWide } from './listen.ts';

/** How long a client may take, ms. */
export interface ClientTimeouts {
  /** For the headers of a request, also of the first one on a new connection. */
  readonly headersMs: number;
  /** For a whole request. */
  readonly requestMs: number;
  /**
   * Between bytes, in either direction: a client that does not read its answer holds it in our memory. Longer than a
   * request may take, or who does not finish one would be cut off before being told why.
   */
  readonly silenceMs: number;
  /** For its next request. Longer than proxies keep theirs, so that they do not send into a connection being closed. */
  readonly keepAliveMs: number;
  /** How often the first two are looked at. */
  readonly checkMs: number;
}

const clientTimeouts: ClientTimeouts = {
  headersMs: 10_000,
  requestMs: 60_000,
  silenceMs: 70_000,
  keepAliveMs: 75_000,
  checkMs: 5_000,
};
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
  timeouts: ClientTimeouts = clientTimeouts,
): Promise<HttpServer> {
  const serve = listenerOf(app);
  const server = serverOf(serve, timeouts);
  refuseUnreadable(server, app);
  const sockets = openSockets(server);
  const listening = await listenWide(server, at);

  return {
    port: listening.port,
    async close(withinMs = closeWithinMs) {
      const closed = listening.close();
      app.close();
      const sweep = setInterval(() => closeIdle(server, sockets), sweepMs);
      const cutOff = setTimeout(() => server.closeAllConnections(), withinMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(cutOff);
    },
  };
}

type Serve = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

function listenerOf(app: HttpApp): Serve {
  const listener = getRequestListener(app.fetch, {
    // Anything but a request that cannot be read is a bug of the adapter.
    errorHandler: (error) =>
      error instanceof RequestError ? app.unreadable('target') : new Response(null, { status: 500 }),
  });
  return (incoming, outgoing) => {
    if (hasTwoHosts(incoming.rawHeaders)) incoming.headers.host = '';
    // Only HTTP/1.1 demands one; health checks of load balancers come without.
    else if (incoming.httpVersionMinor === 0) incoming.headers.host ??= 'localhost';
    // The listener answers its own errors and never rejects. Node tells of a request when it has parsed its head; after
    // this tick it has parsed what came in the same packet, which mostly is the whole body, if there is one.
    if (incoming.readableEnded) void listener(incoming, outgoing);
    else process.nextTick(listener, incoming, outgoing);
  };
}

function serverOf(serve: Serve, timeouts: ClientTimeouts): Server {
  const server = createServer(
    {
      ServerResponse: GatheredResponse,
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: timeouts.keepAliveMs,
      connectionsCheckingInterval: timeouts.checkMs,
      maxHeaderSize: headerBytesMax,
      // A request without one is refused by the app, which answers in its own words.
      requireHostHeader: false,
      // A request without a body comes with its stream ended, which spares the work of ending it.
      optimizeEmptyRequests: true,
      noDelay: true,
    },
    serve,
  );
  // Whoever says that nothing more comes has still asked, and is answered.
  // A field of Node's server, since its beginnings, which its types leave out.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.setTimeout(timeouts.silenceMs);
  // An expectation that nobody knows is none (RFC 9110, section 10.1.1); Node would answer without a body.
  server.on('checkExpectation', serve);
  return server;
}

/** What is no request, or not a whole one, gets the app's words, after the answers to those before it. */
function refuseUnreadable(server: Server, app: HttpApp): void {
  const refuseOn = (socket: Duplex, why: Unreadable): void => {
    // Sockets of an HTTP server without TLS are these.
    if (!(socket instanceof Socket)) socket.destroy();
    else if (isOwed(socket)) closeOnceAnswered(socket);
    else void refuse(socket, app.unreadable(why));
  };
  server.on('connect', (_incoming, socket) => {
    // Node has taken its own listeners off: without one, a client that resets the connection would end the process.
    socket.on('error', () => socket.destroy());
    socket.once('timeout', () => socket.destroy());
    refuseOn(socket, 'target');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
    else refuseOn(socket, reasonOf(error));
  });
}

/** The connections that are open, no more than there may be. */
function openSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  const socketsMax = connectionsMax();
  server.on('connection', (socket) => {
    if (sockets.size >= socketsMax) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('end', () => endStream(socket));
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

/** Whether a request that came whole has no answer yet. Of one that did not, nothing has been begun. */
function isOwed(socket: Socket): boolean {
  return answerUnderWay(socket)?.req.complete === true;
}

/** Answers after which their connection is closed: more that cannot be read may come meanwhile. */
const closing = new WeakSet<GatheredResponse>();

/** What came before whatever cannot be read gets its answers: a command among it has perhaps been carried out. */
function closeOnceAnswered(socket: Socket): void {
  const owed = answerUnderWay(socket);
  if (owed === null || owed.isStream) socket.destroySoon();
  // Node assigns the next answer, where there is one, before it tells that this one is out.
  else if (!closing.has(owed)) {
    closing.add(owed);
    owed.once('close', () => closeOnceAnswered(socket));
  }
}

/** A client that has said that nothing more comes has mostly gone, which else would show at the next piece. */
function endStream(socket: Socket): void {
  if (answerUnderWay(socket)?.isStream === true) socket.destroy();
}

/** RFC 9112, section 3.2: such a request is refused, as one without a host is. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts > 1;
}

/** Node counts a connection on which nothing was ever sent as busy; browsers and pools open such ones ahead of need. */
function closeIdle(server: Server, sockets: ReadonlySet<Socket>): void {
  server.closeIdleConnections();
  for (const socket of sockets) {
    if (socket.bytesRead === 0) socket.destroy();
  }
}
