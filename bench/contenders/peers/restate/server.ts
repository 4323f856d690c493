/** Holds by a virtual object a seat: Restate runs one call at a time on each, and stores its state with the call's end. */
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import * as restate from '@restatedev/restate-sdk';
import { serveHolds } from '../door.ts';
import type { StoredHold } from '../reservation.ts';
import { posts } from './http-socket.ts';

interface Outcome {
  /** What is stored; null when the seat is somebody else's. */
  readonly held: StoredHold | null;
}

interface SeatHandlers {
  hold(asked: StoredHold): Promise<Outcome>;
  release(reservationId: string): Promise<void>;
}

const seatClients: restate.Definition<SeatHandlers> = { name: 'Seat' };

/** Answers are kept for repeated keys; journals of calls that are over are of no use here. */
const options = { idempotencyRetention: 24 * 60 * 60 * 1000, journalRetention: 0 };

const seat = restate.object({
  name: seatClients.name,
  options,
  handlers: {
    async hold(context: restate.ObjectContext, asked: StoredHold): Promise<Outcome> {
      const held = await context.get<StoredHold>('hold');
      if (held !== null && held.id !== asked.id && held.expiresAt > asked.heldAt) return { held: null };
      context.set('hold', asked);
      return { held: asked };
    },
    async release(context: restate.ObjectContext, reservationId: string): Promise<void> {
      const held = await context.get<StoredHold>('hold');
      if (held?.id === reservationId) context.clear('hold');
    },
  },
});

/** Several seats: one after the other, and those taken given back when one is not to be had. */
const seats = restate.service({
  name: 'Seats',
  options,
  handlers: {
    async hold(context: restate.Context, asked: StoredHold): Promise<Outcome> {
      const taken: SeatHandlers[] = [];
      for (const seatId of asked.seatIds) {
        const client = context.objectClient(seatClients, keyOf(asked.scheduleId, seatId));
        const { held } = await client.hold(asked);
        if (held === null) {
          for (const earlier of taken) await earlier.release(asked.id);
          return { held: null };
        }
        taken.push(client);
      }
      return { held: asked };
    },
  },
});

function keyOf(scheduleId: string, seatId: string): string {
  return `${scheduleId}.${seatId}`;
}

const ingress = posts(process.env['RESTATE_INGRESS'] ?? '');
const admin = posts(process.env['RESTATE_ADMIN'] ?? '');

const endpoint = createServer(restate.createEndpointHandler({ services: [seat, seats] }));
await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
// A TCP server has an address with a port.
const { port } = endpoint.address() as AddressInfo;
const registered = await admin('/deployments', { uri: `http://127.0.0.1:${port}`, force: true });
if (registered.status >= 300) throw new Error(`Restate does not take the services: ${registered.text}`);

serveHolds(async (asked) => {
  const [seatId] = asked.seatIds;
  const path =
    seatId !== undefined && asked.seatIds.length === 1
      ? `/Seat/${keyOf(asked.scheduleId, seatId)}/hold`
      : '/Seats/hold';
  const { status, text } = await ingress(path, asked, { 'idempotency-key': asked.id });
  if (status !== 200) throw new Error(`Restate answers ${status}: ${text}`);
  // What our own handlers return.
  return (JSON.parse(text) as Outcome).held;
});
