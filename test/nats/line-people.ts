/** Someone at the queue, over HTTP, and an operator who looks at the line's stream. */
import assert from 'node:assert/strict';
import { jetstreamManager, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream';
import type { Client, Reply } from '../system/client.ts';
import * as sale from '../system/sale.ts';
import type { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

/** Lets nobody in. */
export const shut = { ...sale.openDoors, admitPerSecond: 0 };

export function join(client: Client, userId: string, room: string): Promise<Reply> {
  return client.send('POST', '/v1/queue/tokens', { body: { userId, room } });
}

/** What the owner of a token reads. */
export async function tokenOf(client: Client, token: unknown): Promise<Reply['body']> {
  const sent = client.send('GET', '/v1/queue/tokens/current', { token: String(token) });
  return (await sale.expecting(200, sent)).body;
}

/** Joins once the line can be reached again; only `queue_unavailable` may stand in the way. */
export async function joinWhenPossible(client: Client, userId: string, room: string): Promise<Reply> {
  return await until('the line can be joined', async () => {
    const reply = await join(client, userId, room);
    if (reply.status === 200 || reply.status === 201) return reply;
    assert.equal(reply.body['code'], 'queue_unavailable', JSON.stringify(reply.body));
    return null;
  });
}

/** Whether readiness names NATS; the process is ready all the same. */
export async function natsDegraded(client: Client): Promise<boolean> {
  const reply = await sale.expecting(200, client.send('GET', '/health/ready'));
  return String(reply.body['degraded']).split(',').includes('nats');
}

export async function withManager<T>(nats: NatsUnderTest, work: (jsm: JetStreamManager) => Promise<T>): Promise<T> {
  const connection = await nats.connect();
  try {
    return await work(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

export function lineInfo(nats: NatsUnderTest, room: string): Promise<StreamInfo> {
  return withManager(nats, (jsm) => jsm.streams.info(`ONSALE_LINE_${room}`));
}

/** The epoch of a room's stream as its description has it. */
export async function epochOf(nats: NatsUnderTest, room: string): Promise<string> {
  const epoch = /epoch (\S+)$/.exec((await lineInfo(nats, room)).config.description ?? '')?.[1];
  assert.ok(epoch !== undefined);
  return epoch;
}
