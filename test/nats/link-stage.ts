import assert from 'node:assert/strict';
import { NatsLink } from '../../api/nats/connection.ts';
import { createLog } from '../../api/log.ts';

export const silentLog = createLog('silent');

/** A link as the program has it. Whoever opens it closes it. */
export function linkTo(url: string, token: string | null = null): NatsLink {
  return new NatsLink({ url, token, log: silentLog });
}

export async function connected(link: NatsLink): Promise<void> {
  assert.ok(await link.connected(10_000), 'NATS is there');
}
