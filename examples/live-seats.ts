/**
 * A live-seat listener: prints what becomes of the seats of one schedule, from now on, a line each.
 *
 *   NATS_URL=nats://127.0.0.1:4222 npx node examples/live-seats.ts northern-lights-1
 */
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const schedule = process.argv[2] ?? 'northern-lights-1';
const nc = await connect({ servers: process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222', maxReconnectAttempts: -1 });

const statusAfter: Record<string, string> = {
  'seats-held': 'held',
  'hold-cancelled': 'available',
  'hold-expired': 'available',
  'reservation-paid': 'sold',
};

interface Reservation {
  readonly seats: readonly { readonly id: string }[];
}

// An ordered consumer: nothing is kept for it on the server, and it goes on by itself after a lost connection.
const consumer = await jetstream(nc).consumers.get('ONSALE_EVENTS', {
  filter_subjects: `onsale.v1.events.schedule.${schedule}.*`,
  deliver_policy: 'new',
});
process.stdout.write(`watching the seats of ${schedule}\n`);
for await (const message of await consumer.consume({ expires: 4_000, idle_heartbeat: 1_000 })) {
  const status = statusAfter[message.subject.split('.').at(-1) ?? ''];
  const body = message.json<Reservation & { readonly reservation?: Reservation }>();
  if (status === undefined) continue;
  for (const { id } of (body.reservation ?? body).seats) process.stdout.write(`${id} ${status}\n`);
}
throw new Error('the connection was closed', { cause: await nc.closed() });
