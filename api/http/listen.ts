/**
 * One HTTP server, several listening sockets on its port (SO_REUSEPORT), among which the system deals out connections.
 * libuv takes one connection from a listening socket in each round of its loop (since 1.46, libuv pull request 3696).
 * Under load a round takes tens of ms, so of a crowd that connects at once the last ones waited for their first answer
 * as long as the crowd stayed: measured with 1,000 connections, 6 s.
 */
import type { Server } from 'node:http';
import { createServer, type AddressInfo, type ListenOptions, type Server as NetServer } from 'node:net';

const socketsMax = 64;
const backlog = 4096;

export interface Listening {
  readonly port: number;
  /** Takes no new connection; resolves when those that were taken are closed. */
  close(): Promise<void>;
}

/** The port is taken, by whomever, or may not be listened on. Says what an operator can do. */
export class AddressUnusable extends Error {
  override readonly name = 'AddressUnusable';
  /** The system's. */
  readonly code: string;

  constructor(at: Address, code: string) {
    super(`HOST ${at.host}, PORT ${at.port} (${code}): ${remedies[code] ?? otherRemedy}`);
    this.code = code;
  }
}

const noSuchAddress = 'this machine has no such address. Set HOST to one that it has, or to 0.0.0.0 for all';
const remedies: Readonly<Record<string, string | undefined>> = {
  EADDRINUSE: 'another program listens there. Stop that program, or set PORT to a free one',
  EACCES: 'this user may not listen there. Set PORT to one above 1023',
  EADDRNOTAVAIL: noSuchAddress,
  ENOTFOUND: noSuchAddress,
  EAFNOSUPPORT: noSuchAddress,
};
const otherRemedy = 'the system does not let this process listen there';

interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Where the system cannot share a port, one socket listens.
 *
 * @throws AddressUnusable
 */
export async function listenWide(server: Server, at: Address): Promise<Listening> {
  // Sockets that share a port do not mind others that do: another program of the same user would get half of the clients.
  await assertFree(at);
  const shared = { ...at, backlog, reusePort: true };
  try {
    await listen(server, shared);
  } catch (error) {
    if (error instanceof AddressUnusable && error.code === 'EADDRINUSE') throw error;
    await listen(server, { ...at, backlog });
  }
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  const others: NetServer[] = [];
  while (others.length + 1 < socketsMax) {
    const other = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket));
    try {
      await listen(other, { ...shared, port });
    } catch {
      break;
    }
    others.push(other);
  }
  return {
    port,
    async close() {
      await Promise.all([server, ...others].map(closed));
    },
  };
}

/** @throws AddressUnusable where another program listens, or this machine has no such address */
export async function assertFree(at: Address): Promise<void> {
  // Any port is free somewhere.
  if (at.port === 0) return;
  const probe = createServer();
  await listen(probe, at);
  await closed(probe);
}

async function listen(server: NetServer, options: Address & ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(new AddressUnusable(options, `${error.code}`));
    server.once('error', onError);
    server.listen(options, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

function closed(server: NetServer): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()));
}
