/**
 * The least that an HTTP door in Hono can do: the route of a hold, the body parsed with the same schema, a constant
 * answer of the same size; and two reads that are constant. What a durable hold or a read costs is measured against this.
 */
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { z } from 'zod';
import { id, place, reservation, seatIds } from './null-hold.ts';

const holdBody = z.strictObject({ scheduleId: id, seatIds });
const placeText = JSON.stringify(place);

const app = new Hono();
app.get('/health/ready', (c) => c.json({ status: 'ready' }));
app.post('/v1/reservations', async (c) => {
  const parsed = holdBody.safeParse(await c.req.json());
  return parsed.success ? c.json(reservation, 201) : c.json({ code: 'invalid_request' }, 400);
});
app.get('/v1/queue/tokens/current', (c) => c.body(placeText, 200, { 'content-type': 'application/json' }));
app.get('/v1/schedules/:scheduleId/seats', (c) => c.body(null, 304, { etag: c.req.header('if-none-match') ?? '' }));

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => {
  // A TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ msg: 'listening', port })}\n`);
});
