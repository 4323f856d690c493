/**
 * The least that an HTTP door in Hono can do: the route of a hold, the body parsed with the same schema, a constant
 * answer of the same size. What a durable hold costs is measured against this.
 */
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { z } from 'zod';

const holdBody = z.strictObject({
  scheduleId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  seatIds: z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(1_000)
    .refine((ids) => ids.length === 1 || new Set(ids).size === ids.length),
});

const reservation = {
  id: 'bench-1.1',
  scheduleId: 'bench-1',
  concertId: 'bench',
  userId: 'bench-user-1',
  status: 'held',
  seats: [{ id: 'A-1-1', section: 'A', row: '1', number: 1, price: 10_000 }],
  totalPrice: 10_000,
  heldAt: '2027-01-01T00:00:00.000Z',
  expiresAt: '2027-01-01T00:05:00.000Z',
  paidAt: null,
};

const app = new Hono();
app.get('/health/ready', (c) => c.json({ status: 'ready' }));
app.post('/v1/reservations', async (c) => {
  const parsed = holdBody.safeParse(await c.req.json());
  return parsed.success ? c.json(reservation, 201) : c.json({ code: 'invalid_request' }, 400);
});

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => {
  // A TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ msg: 'listening', port })}\n`);
});
