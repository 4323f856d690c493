/** A seller of seats on a real socket, right or wrong in one known way. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Contender } from '../../bench/contender.ts';

/**
 * `looks-then-waits`: between looking at a seat and taking it, others are heard. `takes-what-is-left`: takes the free seats
 * of a pair whose other seat is gone, and refuses. `forgets`: says yes, and stores nothing. `refuses`: says no to everybody.
 */
export type Fault = 'none' | 'looks-then-waits' | 'takes-what-is-left' | 'forgets' | 'refuses';

export class FakeSeller {
  readonly port: number;
  readonly #server: Server;
  readonly #sold: Set<string>;

  private constructor(server: Server, sold: Set<string>) {
    this.#server = server;
    this.#sold = sold;
    // A TCP server has an address with a port.
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(fault: Fault): Promise<FakeSeller> {
    const sold = new Set<string>();
    const server = createServer((request, response) => void answer(request, response, sold, fault));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeSeller(server, sold);
  }

  readonly seatsHeld = (): Promise<number> => Promise.resolve(this.#sold.size);

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  sold: Set<string>,
  fault: Fault,
): Promise<void> {
  const status = await statusOf(request, sold, fault);
  response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
}

async function statusOf(request: IncomingMessage, sold: Set<string>, fault: Fault): Promise<number> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  // The bench itself wrote it.
  const { seatIds } = JSON.parse(body) as { seatIds: string[] };
  const taken = seatIds.filter((seatId) => sold.has(seatId));
  if (fault === 'looks-then-waits') await new Promise((resolve) => setTimeout(resolve, 5));
  if (fault === 'takes-what-is-left') for (const seatId of seatIds) sold.add(seatId);
  if (taken.length > 0 || fault === 'refuses') return 409;
  if (fault !== 'forgets') for (const seatId of seatIds) sold.add(seatId);
  return 201;
}

/** The seller as a contender, and how often it was stopped. */
export function fakeContender(name: string, fault: Fault): { contender: Contender; stopped: () => number } {
  let stops = 0;
  const contender: Contender = {
    name,
    label: `Seller ${name}`,
    durable: false,
    missing: () => Promise.resolve(null),
    async start({ users }) {
      const seller = await FakeSeller.start(fault);
      return {
        port: seller.port,
        tokens: Array.from({ length: users }, (_, user) => `token-${user}`),
        processes: () => [],
        seatsHeld: seller.seatsHeld,
        async stop() {
          stops++;
          await seller.stop();
        },
      };
    },
  };
  return { contender, stopped: () => stops };
}
