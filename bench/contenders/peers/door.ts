/** The HTTP door that all peers share, so that they differ in their stores only: that of the null handler, with headers. */
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { z } from 'zod';
import { id, seatIds } from '../null-hold.ts';
import { answerOf, askedHold, onSale, type StoredHold } from './reservation.ts';

const holdBody = z.strictObject({ scheduleId: id, seatIds });

/**
 * Takes all seats of the hold or none. Gives what is stored then: the hold that was asked for, or an earlier one with the
 * same id, which is not carried out again. Null when a seat is somebody else's.
 */
export type HoldSeats = (asked: StoredHold) => Promise<StoredHold | null>;

/** Serves holds on a free port, and says which in a line. The catalogue is in the environment. */
export function serveHolds(hold: HoldSeats): void {
  const catalogue = {
    schedules: Number(process.env['SCHEDULES']),
    rowsPerSchedule: Number(process.env['ROWS_PER_SCHEDULE']),
    users: 0,
  };
  const app = new Hono();
  app.get('/health/ready', (c) => c.json({ status: 'ready' }));
  app.post('/v1/reservations', async (c) => {
    const parsed = holdBody.safeParse(await c.req.json());
    if (!parsed.success) return c.json({ code: 'invalid_request' }, 400);
    const userId = c.req.header('queue-token');
    if (userId === undefined) return c.json({ code: 'queue_token_required' }, 401);
    if (!onSale(catalogue, parsed.data.scheduleId, parsed.data.seatIds)) return c.json({ code: 'seat_not_found' }, 404);
    const held = await hold(askedHold(userId, c.req.header('idempotency-key'), parsed.data));
    return held === null ? c.json({ code: 'seat_unavailable' }, 409) : c.json(answerOf(held), 201);
  });
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => {
    // A TCP server has an address with a port.
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ msg: 'listening', port })}\n`);
  });
}
