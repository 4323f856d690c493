/**
 * A data-platform sink: appends every payment to a file of JSON lines, each exactly once, in order, whatever is killed
 * when. The feed delivers at least once; the `ce-id` of what the file already holds makes it exactly once.
 *
 *   NATS_URL=nats://127.0.0.1:4222 npx node examples/payments-sink.ts payments.jsonl
 */
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';

const file = process.argv[2] ?? 'payments.jsonl';
const nc = await connect({ servers: process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222', maxReconnectAttempts: -1 });

// A durable consumer: the server remembers how far it has got, also while nobody is connected.
const jsm = await jetstreamManager(nc);
await jsm.consumers.add('ONSALE_EVENTS', {
  durable_name: 'payments-sink',
  ack_policy: 'explicit',
  filter_subject: 'onsale.v1.events.schedule.*.reservation-paid',
  max_ack_pending: 1, // one at a time: a redelivery never overtakes
  ack_wait: nanos(2_000), // what a killed sink had in hand comes again after so long
});

// A line cut off by a crash was never acked: it does not count, and comes again.
const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
const whole = text.slice(0, text.lastIndexOf('\n') + 1);
if (whole !== text) truncateSync(file, Buffer.byteLength(whole));
const known = new Set([...whole.matchAll(/^\{"id":"([^"]+)"/gm)].map(([, id]) => id));

const consumer = await jetstream(nc).consumers.get('ONSALE_EVENTS', 'payments-sink');
// Without its consumer or the stream it ends: what it would miss is in the journal (README.md).
const options = { expires: 4_000, idle_heartbeat: 1_000, abort_on_missing_resource: true };
for await (const message of await consumer.consume(options)) {
  const id = message.headers?.get('ce-id') ?? '';
  if (!known.has(id)) appendFileSync(file, `${JSON.stringify({ id, ...message.json<object>() })}\n`, { flush: true });
  known.add(id);
  message.ack();
}
throw new Error('the connection was closed', { cause: await nc.closed() });
