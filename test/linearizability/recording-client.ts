/** One client of the live test: gives commands and asks through one door, and records what it saw. */
import { AssertionError } from 'node:assert/strict';
import { headers as natsHeaders, RequestError, TimeoutError, type NatsConnection } from '@nats-io/transport-node';
import { replyOf } from '../nats/commands-stage.ts';
import { until } from '../until.ts';
import type { Client } from '../system/client.ts';
import * as sale from '../system/sale.ts';
import { type Recorded, type Refused, reservationStatuses, type ReservationStatus } from './recorded.ts';

/** A success, or a refusal, as both doors tell it; null when the connection broke or nothing came in time. */
type Answer = { readonly ok: boolean; readonly body: Readonly<Record<string, unknown>> } | null;

export type Question =
  | { readonly type: 'hold'; readonly scheduleId: string; readonly seatIds: readonly string[] }
  | { readonly type: 'cancel' | 'pay' | 'read'; readonly reservationId: string }
  | { readonly type: 'charge'; readonly amount: number }
  | { readonly type: 'balance' };

export interface Door {
  readonly name: 'http' | 'nats';
  /** Resolves with null when the outcome is unknown. */
  ask(userId: string, question: Question, key: string): Promise<Answer>;
}

const natsTimeoutMs = 2_000;

/** Milliseconds since 1970 by a clock that never goes back, so that they can be compared with the deadlines of holds. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** `current`: the client of the running program; a new program has another one. */
export function httpDoor(current: () => Client): Door {
  let token: string | null = null;
  return {
    name: 'http',
    async ask(userId, question, key) {
      const client = current();
      try {
        token ??= await sale.enter(client, userId);
        const { status, body } = await askOverHttp(client, userId, token, question, key);
        // Somebody else has paid with this user's session, or this client has.
        if (body['code'] === 'queue_token_expired' || question.type === 'pay') token = null;
        return { ok: status < 300, body };
      } catch (error) {
        if (error instanceof AssertionError) throw error;
        return null;
      }
    },
  };
}

async function askOverHttp(client: Client, userId: string, token: string, question: Question, key: string) {
  switch (question.type) {
    case 'hold':
      return await sale.hold(client, token, question.scheduleId, question.seatIds, key);
    case 'pay':
      return await sale.pay(client, token, question.reservationId, key);
    case 'cancel':
      return await client.send('DELETE', `/v1/reservations/${question.reservationId}`, { token });
    case 'read':
      return await client.send('GET', `/v1/reservations/${question.reservationId}`, { token });
    case 'charge':
      return await sale.charge(client, userId, question.amount, key);
    case 'balance':
      return await client.send('GET', `/v1/users/${userId}/balance`);
  }
}

export function natsDoor(nc: NatsConnection): Door {
  return {
    name: 'nats',
    async ask(userId, question, key) {
      const { subject, body } = natsRequest(userId, question);
      const headers = natsHeaders();
      if (question.type !== 'read' && question.type !== 'balance') headers.append('Idempotency-Key', key);
      const timeout = { timeout: natsTimeoutMs, headers };
      return await until('somebody answers on the subject', async () => {
        try {
          const { ok, data, problem } = replyOf(
            await nc.request(`onsale.v1.${subject}`, JSON.stringify(body), timeout),
          );
          return { answer: { ok, body: ok ? data : problem } };
        } catch (error) {
          // The server has told that nobody was there to take it.
          if (error instanceof RequestError && error.isNoResponders()) return null;
          if (error instanceof TimeoutError) return { answer: null };
          throw error;
        }
      }).then(({ answer }) => answer);
    },
  };
}

function natsRequest(userId: string, question: Question): { readonly subject: string; readonly body: object } {
  switch (question.type) {
    case 'hold':
      return { subject: `cmd.hold.${question.scheduleId}`, body: { userId, seatIds: question.seatIds } };
    case 'pay':
    case 'cancel':
    case 'read': {
      const { reservationId, type } = question;
      const scheduleId = reservationId.slice(0, reservationId.lastIndexOf('.'));
      const verb = type === 'read' ? 'query.reservation' : `cmd.${type}`;
      return { subject: `${verb}.${scheduleId}`, body: { userId, reservationId } };
    }
    case 'charge':
      return { subject: `cmd.charge.${userId}`, body: { amount: question.amount } };
    case 'balance':
      return { subject: `query.balance.${userId}`, body: {} };
  }
}

/** Asks once and records it. A key is recorded where the door passes it on. */
export async function askAndRecord(door: Door, userId: string, question: Question, key: string): Promise<Recorded> {
  const callMs = nowMs();
  const answer = await door.ask(userId, question, key);
  const keyed =
    question.type !== 'read' && question.type !== 'balance' && !(door.name === 'http' && question.type === 'cancel');
  const asked = { door: door.name, userId, callMs, returnMs: nowMs(), ...(keyed ? { key } : {}) };
  if (answer === null) return { ...asked, ...question, outcome: { type: 'unknown' } };
  const { ok, body } = answer;
  if (!ok) return { ...asked, ...question, outcome: refusalIn(body) };
  switch (question.type) {
    case 'hold': {
      const reservationId = String(body['id']);
      const expiresAtMs = Date.parse(String(body['expiresAt']));
      const outcome = { type: 'done', reservationId, totalPrice: Number(body['totalPrice']), expiresAtMs } as const;
      return { ...asked, ...question, outcome };
    }
    case 'cancel':
      return { ...asked, type: 'cancel', reservationId: question.reservationId, outcome: { type: 'done' } };
    case 'pay': {
      const outcome = { type: 'done', amount: Number(body['amount']), balance: Number(body['balance']) } as const;
      return { ...asked, type: 'pay', reservationId: question.reservationId, outcome };
    }
    case 'read': {
      const outcome = { type: 'done', status: statusIn(body) } as const;
      return { ...asked, type: 'read', reservationId: question.reservationId, outcome };
    }
    case 'charge': {
      const outcome = { type: 'done', chargeId: String(body['id']), balance: Number(body['balance']) } as const;
      return { ...asked, ...question, outcome };
    }
    case 'balance':
      return { ...asked, ...question, outcome: { type: 'done', balance: Number(body['balance']) } };
  }
}

function refusalIn(body: Readonly<Record<string, unknown>>): Refused {
  const { seatIds, balance, required } = body;
  return {
    type: 'refused',
    code: String(body['code']),
    ...(Array.isArray(seatIds) ? { seatIds: seatIds.map(String) } : {}),
    ...(typeof balance === 'number' ? { balance } : {}),
    ...(typeof required === 'number' ? { required } : {}),
  };
}

function statusIn(body: Readonly<Record<string, unknown>>): ReservationStatus {
  const status = reservationStatuses.find((known) => known === body['status']);
  if (status === undefined) throw new Error(`a reservation is ${String(body['status'])}`);
  return status;
}
