/**
 * The least that a NATS service can do with the same library: the subject of a hold, the key read, the body parsed with
 * an equal schema, a constant reply of the same size. What a durable hold costs is measured against this.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from '@nats-io/transport-node';
import { z } from 'zod';
import { id, reservation, seatIds } from '../../contenders/null-hold.ts';

const holdBody = z.strictObject({ userId: id, seatIds });

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
