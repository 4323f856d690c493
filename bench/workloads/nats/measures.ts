/** What is measured over NATS, each on a program of its own data. */
import { jetstream, jetstreamManager, type PubAck } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchRequest, PipelineResult } from './pipeline.ts';

const schedules = 50;
const seatsPerRow = 100;
const users = 10_000;
const pollMs = 5;

/** Holds of different seats by 10,000 users, each with a key, on `<prefix>.v1.cmd.hold.*`. */
export function holdRequests(prefix: string, first: number, count: number): BenchRequest[] {
  return Array.from({ length: count }, (_, index) => {
    const seat = first + index;
    const inDate = Math.floor(seat / schedules);
    const seatId = `A-${Math.floor(inDate / seatsPerRow) + 1}-${(inDate % seatsPerRow) + 1}`;
    const keyed = headers();
    keyed.set('Idempotency-Key', `bench-${seat}`);
    return {
      subject: `${prefix}.v1.cmd.hold.bench-${seat % schedules}`,
      payload: Buffer.from(JSON.stringify({ userId: `bench-user-${seat % users}`, seatIds: [seatId] })),
      headers: keyed,
    };
  });
}

export function joinRequests(room: string, count: number): BenchRequest[] {
  return Array.from({ length: count }, (_, index) => ({
    subject: `onsale.v1.cmd.join.${room}`,
    payload: Buffer.from(JSON.stringify({ userId: `join-${index}` })),
  }));
}

/** Joins by the line's own subject: answered by the server, without the program. */
export async function lineJoins(
  nc: NatsConnection,
  room: string,
  count: number,
  window: number,
): Promise<PipelineResult> {
  const js = jetstream(nc, { timeout: 30_000 });
  const { acked, seconds } = await publishAll(count, window, (index) =>
    js.publish(`onsale.v1.line.${room}.line-${index}`, ''),
  );
  return { ok: acked, others: {}, seconds };
}

export interface DurableResult {
  readonly publishedPerSecond: number;
  /** From the first publish to the last ack of the program. */
  readonly carriedOutPerSecond: number;
}

/** Charges through the work queue: published as fast as JetStream acks them, carried out meanwhile. */
export async function durableCharges(
  nc: NatsConnection,
  round: number,
  count: number,
  window: number,
): Promise<DurableResult> {
  const js = jetstream(nc, { timeout: 30_000 });
  const jsm = await jetstreamManager(nc);
  const amount = JSON.stringify({ amount: 1 });
  const startedMs = performance.now();
  const { seconds } = await publishAll(count, window, (index) => {
    const keyed = headers();
    keyed.set('Idempotency-Key', `durable-${round}-${index}`);
    return js.publish(`onsale.v1.do.charge.durable-${index % users}`, amount, { headers: keyed });
  });
  while ((await jsm.streams.info('ONSALE_COMMANDS')).state.messages > 0) await sleep(pollMs);
  return {
    publishedPerSecond: count / seconds,
    carriedOutPerSecond: count / ((performance.now() - startedMs) / 1000),
  };
}

/** Events in the feed's stream. */
export async function feedEvents(nc: NatsConnection): Promise<number> {
  return (await (await jetstreamManager(nc)).streams.info('ONSALE_EVENTS')).state.messages;
}

/** Resolves when the feed has so many events, ms after `startedMs`. */
export async function untilFed(nc: NatsConnection, events: number, startedMs: number): Promise<number> {
  while ((await feedEvents(nc)) < events) await sleep(pollMs);
  return performance.now() - startedMs;
}

async function publishAll(count: number, window: number, publish: (index: number) => Promise<PubAck>) {
  let next = 0;
  let acked = 0;
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: window }, async () => {
      while (next < count) {
        await publish(next++);
        acked++;
      }
    }),
  );
  return { acked, seconds: (performance.now() - startedMs) / 1000 };
}
