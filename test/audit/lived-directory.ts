/** A data directory that the real program has made in two lives, with something of everything in it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { parseConfig } from '../../api/config.ts';
import { createLog } from '../../api/log.ts';
import { startOnsale } from '../../api/main.ts';
import * as stage from '../http/stage.ts';
import { until } from '../until.ts';

export interface Life {
  readonly send: stage.Stage['send'];
  stop(): Promise<void>;
}

export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(joinPath(tmpdir(), 'onsale-audit-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export async function startLife(dataDir: string, holdTtlSeconds: number): Promise<Life> {
  const parsed = parseConfig({
    PORT: '0',
    DATA_DIR: dataDir,
    DEMO: 'off',
    NATS_URL: 'off',
    ADMIN_KEY: stage.adminKey,
    HOLD_TTL_SECONDS: String(holdTtlSeconds),
  });
  assert.ok(parsed.ok);
  const onsale = await startOnsale(parsed.config, createLog('silent'), (error) => {
    throw error;
  });
  return {
    send: (method, path, sent) => stage.send(onsale.url, method, path, sent),
    stop: () => onsale.stop(),
  };
}

/** A user inside, let in through room `main`. */
async function enter(life: Life, userId: string): Promise<string> {
  return await until(`${userId} is let in`, async () => {
    const token = await stage.join(life, userId);
    const { body } = await life.send('GET', '/v1/queue/tokens/current', { token });
    return body['status'] === 'active' ? token : null;
  });
}

async function held(life: Life, token: string, seatIds: readonly string[]): Promise<string> {
  const { body } = await stage.expecting(201, stage.hold(life, token, 's', seatIds, seatIds.join()));
  return String(body['id']);
}

/** Holds of one second: one expires, one is cancelled, one is paid, one is refused for want of money. */
export async function firstLife(life: Life): Promise<void> {
  await stage.putRoom(life, 'main');
  await stage.createConcert(life, 'c');
  await stage.createConcert(life, 'd');
  await stage.createSchedule(life, 'c', 's');
  await stage.createSchedule(life, 'd', 'u');
  await stage.putRoom(life, 'slow', { admitPerSecond: 0, concertIds: ['d'] });
  const leaver = await stage.join(life, 'leaver', 'slow');
  await stage.join(life, 'waiter', 'slow');
  await stage.expecting(204, life.send('DELETE', '/v1/queue/tokens/current', { token: leaver }));

  const [ann, bob, cat, dan] = await Promise.all(['ann', 'bob', 'cat', 'dan'].map((user) => enter(life, user)));
  assert.ok(ann !== undefined && bob !== undefined && cat !== undefined && dan !== undefined);
  await stage.expecting(201, stage.charge(life, 'ann', 50_000, 'k'));
  await stage.expecting(201, stage.pay(life, ann, await held(life, ann, ['A-1-1', 'A-1-2']), 'p'));
  const cancelled = await held(life, bob, ['A-1-3']);
  await stage.expecting(200, life.send('DELETE', `/v1/reservations/${cancelled}`, { token: bob }));
  await stage.refused('insufficient_balance', stage.pay(life, cat, await held(life, cat, ['A-1-4'])));
  const expiring = await held(life, dan, ['A-1-5']);
  await until('the hold of dan has expired', async () => {
    return (await life.send('GET', `/v1/reservations/${expiring}`, { token: dan })).body['status'] === 'expired';
  });
}

/** Long holds: one is paid, one stays held. */
export async function secondLife(life: Life): Promise<void> {
  const [eve, fay] = await Promise.all(['eve', 'fay'].map((user) => enter(life, user)));
  assert.ok(eve !== undefined && fay !== undefined);
  await stage.expecting(201, stage.charge(life, 'eve', 10_000, 'k'));
  await stage.expecting(201, stage.pay(life, eve, await held(life, eve, ['A-1-6']), 'p'));
  await held(life, fay, ['A-1-7', 'A-1-8']);
}
