/** Waits until nothing is under way any more: both servers whole, durable commands carried out, the feed caught up. */
import { jetstreamManager } from '@nats-io/jetstream';
import { until } from '../until.ts';
import type { Client } from '../system/client.ts';
import { adminKey } from '../system/program.ts';
import type { NatsDoor } from './nats-door.ts';
import { patienceMs } from './patience.ts';

/** Rejects, naming what does not come to rest. */
export async function untilQuiet(client: Client, nats: NatsDoor): Promise<{ readonly journalId: string }> {
  await until('the client of NATS is connected', () => nats.connected, patienceMs);
  await until('engine and NATS are ready, and nothing is degraded', () => isWhole(client), patienceMs);
  // What this connection published before has reached the engine once it answers this: messages keep their order.
  await until('requests are answered over NATS', () => nats.query('balance.nobody', {}), patienceMs);
  const jsm = await jetstreamManager(nats.nc);
  await until(
    'the work queue is empty',
    async () => (await jsm.streams.info('ONSALE_COMMANDS').catch(() => null))?.state.messages === 0,
    patienceMs,
  );
  return await until('the overview is there', () => overview(client), patienceMs);
}

async function isWhole(client: Client): Promise<boolean> {
  const reply = await client.send('GET', '/health/ready').catch(() => null);
  return reply?.status === 200 && isUndegraded(reply.body);
}

/** Whether an answer of `/health/ready` names nothing that is missing. */
export function isUndegraded(body: object): boolean {
  return 'degraded' in body && Array.isArray(body.degraded) && body.degraded.length === 0;
}

async function overview(client: Client): Promise<{ readonly journalId: string } | null> {
  const reply = await client.send('GET', '/v1/admin/overview', { bearer: adminKey }).catch(() => null);
  if (reply?.status !== 200) return null;
  const { id } = reply.body['journal'] as { readonly id: string }; // The API's shape; a wrong one throws here.
  return { journalId: id };
}
