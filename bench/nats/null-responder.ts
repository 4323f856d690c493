/**
 * The least that a NATS service can do with the same library: the subject of a hold, the key read, the body parsed with
 * an equal schema, a constant reply of the same size. What a durable hold costs is measured against this.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from '@nats-io/transport-node';
import { z } from 'zod';

const holdBody = z.strictObject({
  userId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
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

const nc = await connect({ servers: process.env['NATS_URL'] ?? '', noAsyncTraces: true });
nc.subscribe('null.v1.cmd.hold.*', {
  queue: 'q',
  callback: (_error, message) => {
    const key = message.headers?.get('Idempotency-Key') ?? '';
    const parsed = holdBody.safeParse(JSON.parse(message.string()));
    message.respond(JSON.stringify(parsed.success && key !== '' ? { ok: true, data: reservation } : { ok: false }));
  },
});
await nc.flush();

// Only so that whoever starts it knows when it is there.
const server = createServer((_request, response) => response.end());
server.listen(0, '127.0.0.1', () => {
  // A TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ msg: 'listening', port })}\n`);
});
