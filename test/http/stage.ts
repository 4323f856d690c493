/** A whole program on a directory of its own, and a client that keeps what the HTTP API promises about every answer. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import type { DestinationStream } from 'pino';
import { parseConfig } from '../../api/config.ts';
import { createLog } from '../../api/log.ts';
import { startOnsale, type Onsale } from '../../api/main.ts';

export const adminKey = 'admin-key-of-the-tests';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed where it is JSON; tests compare what is in it. */
  readonly body: Record<string, unknown>;
}

export interface Sent {
  readonly token?: string | undefined;
  readonly key?: string | undefined;
  readonly bearer?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Uint8Array | ReadableStream;
}

export interface Stage {
  readonly url: string;
  readonly onsale: Onsale;
  /** Everything that was logged. */
  readonly logged: string[];
  send(method: string, path: string, sent?: Sent): Promise<Reply>;
  stop(): Promise<void>;
}

/** The program with an empty catalog, its bounds as given in `env`. */
export async function startStage(env: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const dataDir = mkdtempSync(joinPath(tmpdir(), 'onsale-http-'));
  const parsed = parseConfig({
    PORT: '0',
    DATA_DIR: dataDir,
    DEMO: 'off',
    NATS_URL: 'off',
    ADMIN_KEY: adminKey,
    ...env,
  });
  assert.ok(parsed.ok);
  const logged: string[] = [];
  const destination: DestinationStream = { write: (line) => void logged.push(line) };
  const onsale = await startOnsale(parsed.config, createLog('info', destination), (error) => {
    throw error;
  });
  return {
    url: onsale.url,
    onsale,
    logged,
    send: (method, path, sent) => send(onsale.url, method, path, sent),
    async stop() {
      await onsale.stop();
      rmSync(dataDir, { recursive: true });
    },
  };
}

export async function send(url: string, method: string, path: string, sent: Sent = {}): Promise<Reply> {
  const headers = new Headers(sent.headers);
  const body = sent.raw ?? (sent.body === undefined ? null : JSON.stringify(sent.body));
  if (body !== null && !headers.has('content-type')) headers.set('content-type', 'application/json');
  if (sent.token !== undefined) headers.set('queue-token', sent.token);
  if (sent.key !== undefined) headers.set('idempotency-key', sent.key);
  if (sent.bearer !== undefined) headers.set('authorization', `Bearer ${sent.bearer}`);
  const response = await fetch(`${url}${path}`, { method, headers, body, duplex: 'half' });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const reply = { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} };
  keepsPromises(reply);
  return reply;
}

/** What holds of every answer, whatever was asked. */
export function keepsPromises({ status, headers, body }: Omit<Reply, 'text'>): void {
  assert.match(headers.get('x-request-id') ?? '', /^[\w-]+$/);
  if (status < 400) return;
  if (!/problem/.test(headers.get('content-type') ?? '')) return;
  assert.equal(headers.get('content-type'), 'application/problem+json');
  for (const name of ['type', 'title', 'code', 'detail']) assert.equal(typeof body[name], 'string', name);
  assert.equal(body['status'], status);
  if (status === 429 || status === 503) assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/);
}

export const openDoors = {
  admitPerSecond: 1_000_000,
  maxActive: 1_000_000,
  sessionSeconds: 300,
  maxSessionSeconds: 1_800,
};

const hourMs = 60 * 60 * 1000;

export function inHours(hours: number): string {
  return new Date(Date.now() + hours * hourMs).toISOString();
}

export function scheduleBody(id: string, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id,
    venue: 'Hall',
    startsAt: inHours(48),
    salesOpenAt: inHours(-1),
    salesCloseAt: inHours(24),
    sections: [{ name: 'A', price: 10_000, rows: [{ name: '1', seats: 20 }] }],
    ...changes,
  };
}

export async function expecting(status: number, sending: Promise<Reply>): Promise<Reply> {
  const reply = await sending;
  assert.equal(reply.status, status, reply.text);
  return reply;
}

/** The answer must be this problem; gives its body. */
export async function refused(code: string, sending: Promise<Reply>): Promise<Record<string, unknown>> {
  const reply = await sending;
  assert.equal(reply.body['code'], code, `${reply.status} ${reply.text}`);
  return reply.body;
}

export async function createConcert(stage: Pick<Stage, 'send'>, id: string): Promise<void> {
  await expecting(201, stage.send('POST', '/v1/admin/concerts', { bearer: adminKey, body: { id, name: id } }));
}

export async function createSchedule(
  stage: Pick<Stage, 'send'>,
  concertId: string,
  id: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const path = `/v1/admin/concerts/${concertId}/schedules`;
  await expecting(201, stage.send('POST', path, { bearer: adminKey, body: scheduleBody(id, changes) }));
}

export async function putRoom(
  stage: Pick<Stage, 'send'>,
  room: string,
  changes: Readonly<Record<string, unknown>> = {},
) {
  const body = { ...openDoors, ...changes };
  return await expecting(200, stage.send('PUT', `/v1/admin/rooms/${room}`, { bearer: adminKey, body }));
}

/** A token of the user, of any status. */
export async function join(stage: Pick<Stage, 'send'>, userId: string, room?: string): Promise<string> {
  const body = room === undefined ? { userId } : { userId, room };
  const joined = await stage.send('POST', '/v1/queue/tokens', { body });
  assert.ok(joined.status === 200 || joined.status === 201, joined.text);
  return String(joined.body['token']);
}

export async function hold(
  stage: Pick<Stage, 'send'>,
  token: string,
  scheduleId: string,
  seatIds: readonly string[],
  key?: string,
): Promise<Reply> {
  return await stage.send('POST', '/v1/reservations', { token, key, body: { scheduleId, seatIds } });
}

export async function charge(stage: Pick<Stage, 'send'>, userId: string, amount: number, key?: string): Promise<Reply> {
  return await stage.send('POST', `/v1/users/${userId}/charges`, { key, body: { amount } });
}

export async function pay(
  stage: Pick<Stage, 'send'>,
  token: string,
  reservationId: string,
  key?: string,
): Promise<Reply> {
  return await stage.send('POST', '/v1/payments', { token, key, body: { reservationId } });
}
