/** What a sale needs before the first hold: a room that lets everyone in, a concert, its dates, and people inside. */
import assert from 'node:assert/strict';
import { until } from '../until.ts';
import type { Client, Reply } from './client.ts';
import { adminKey } from './program.ts';

const hourMs = 60 * 60 * 1000;

export interface RoomPolicyBody {
  readonly admitPerSecond: number;
  readonly maxActive: number;
  readonly sessionSeconds: number;
  readonly maxSessionSeconds: number;
  readonly concertIds?: readonly string[];
}

/** Lets in as many as come. */
export const openDoors: RoomPolicyBody = {
  admitPerSecond: 1_000_000,
  maxActive: 1_000_000,
  sessionSeconds: 3_600,
  maxSessionSeconds: 7_200,
};

/** The answer, which must have this status. */
export async function expecting(status: number, sent: Promise<Reply>): Promise<Reply> {
  const reply = await sent;
  assert.equal(reply.status, status, JSON.stringify(reply.body));
  return reply;
}

export async function putRoom(client: Client, room: string, body: RoomPolicyBody): Promise<void> {
  await expecting(200, client.send('PUT', `/v1/admin/rooms/${room}`, { bearer: adminKey, body }));
}

export async function createConcert(client: Client, id: string): Promise<void> {
  const body = { id, name: `Concert ${id}` };
  await expecting(201, client.send('POST', '/v1/admin/concerts', { bearer: adminKey, body }));
}

/** One section `A` at `price`, with so many rows `1` … of so many seats: ids are `A-<row>-<number>`. */
export async function createSchedule(
  client: Client,
  concertId: string,
  id: string,
  size: { readonly rows: number; readonly seats: number; readonly price: number },
): Promise<void> {
  const rows = Array.from({ length: size.rows }, (_, index) => ({ name: String(index + 1), seats: size.seats }));
  const body = {
    id,
    venue: 'Hall',
    startsAt: new Date(Date.now() + 48 * hourMs).toISOString(),
    salesOpenAt: new Date(Date.now() - hourMs).toISOString(),
    salesCloseAt: new Date(Date.now() + 24 * hourMs).toISOString(),
    sections: [{ name: 'A', price: size.price, rows }],
  };
  const path = `/v1/admin/concerts/${concertId}/schedules`;
  await expecting(201, client.send('POST', path, { bearer: adminKey, body }));
}

/** Joins, waits until let in, and gives the token. */
export async function enter(client: Client, userId: string, room = 'main'): Promise<string> {
  return await until(`${userId} is let into ${room}`, async () => {
    const joined = await client.send('POST', '/v1/queue/tokens', { body: { userId, room } });
    assert.ok(joined.status === 201 || joined.status === 200, JSON.stringify(joined.body));
    return joined.body['status'] === 'active' ? String(joined.body['token']) : null;
  });
}

/** The tokens of `<prefix>0` … `<prefix><count - 1>`, all inside. */
export async function enterMany(client: Client, prefix: string, count: number): Promise<string[]> {
  return await Promise.all(Array.from({ length: count }, (_, index) => enter(client, `${prefix}${index}`)));
}

export async function charge(client: Client, userId: string, amount: number, key?: string): Promise<Reply> {
  return await client.send('POST', `/v1/users/${userId}/charges`, {
    body: { amount },
    ...(key === undefined ? {} : { key }),
  });
}

export async function hold(
  client: Client,
  token: string,
  scheduleId: string,
  seatIds: readonly string[],
  key?: string,
): Promise<Reply> {
  return await client.send('POST', '/v1/reservations', {
    token,
    body: { scheduleId, seatIds },
    ...(key === undefined ? {} : { key }),
  });
}

export async function pay(client: Client, token: string, reservationId: string, key?: string): Promise<Reply> {
  return await client.send('POST', '/v1/payments', {
    token,
    body: { reservationId },
    ...(key === undefined ? {} : { key }),
  });
}

export async function balanceOf(client: Client, userId: string): Promise<number> {
  return Number((await expecting(200, client.send('GET', `/v1/users/${userId}/balance`))).body['balance']);
}

/** Status of every seat by id. */
export async function seatStatuses(client: Client, token: string, scheduleId: string): Promise<Map<string, string>> {
  const { body } = await expecting(200, client.send('GET', `/v1/schedules/${scheduleId}/seats`, { token }));
  const statuses = new Map<string, string>();
  // The shape is that of the API; a wrong one fails in the comparisons that follow.
  for (const seat of body['items'] as { id: string; status: string }[]) statuses.set(seat.id, seat.status);
  return statuses;
}

/** How often each status code came; a refusal counts under its problem code. */
export function tally(replies: readonly Reply[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of replies) {
    const name = status < 400 ? String(status) : String(body['code']);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
