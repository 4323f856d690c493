/** People and services who buy: each a closed loop that sends its next command when it has heard of the last one. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../system/seeded.ts';
import type { Desk } from './desk.ts';
import { bodyOf, type Command, type Door } from './entry.ts';
import { insist, type Operator } from './operator.ts';

/** Reservations that one buyer still remembers as held. */
const heldMax = 6;
const chargeMax = 800;
const publishRestMs = 20;

export interface Hall {
  readonly desk: Desk;
  readonly operator: Operator;
  readonly random: Random;
  /** Reads that were answered; they are in no ledger. */
  readonly reads: { count: number };
  /** The storm's load is over for this round. */
  over: boolean;
}

/** Someone at a ticket shop's front end: everything over HTTP. */
export async function shop(hall: Hall, userId: string): Promise<void> {
  const { desk, random } = hall;
  const held: string[] = [];
  let inside = false;
  while (!hall.over) {
    if (!inside) {
      const { answer } = await desk.give('http', { type: 'join', userId, room: 'main' }, false);
      inside = answer !== null && bodyOf(answer)['status'] === 'active';
      continue;
    }
    const die = random.below(100);
    if (die < 20) await charge(hall, 'http', userId);
    else if (die < 55) inside = await hold(hall, 'http', userId, held);
    else if (die < 75 && held.length > 0) inside = !(await pay(hall, 'http', userId, held));
    else if (die < 85 && held.length > 0) await cancel(hall, 'http', userId, held);
    else if (die < 88) {
      await desk.give('http', { type: 'leave', userId, token: desk.ledger.latestToken.get(userId) ?? '' }, false);
      inside = false;
    } else await look(hall, userId);
  }
}

/** A box office: request and reply over NATS. */
export async function serve(hall: Hall, userId: string): Promise<void> {
  const { desk, random } = hall;
  const held: string[] = [];
  while (!hall.over) {
    const die = random.below(100);
    if (die < 20) await charge(hall, 'cmd', userId);
    else if (die < 60) await hold(hall, 'cmd', userId, held);
    else if (die < 75 && held.length > 0) await pay(hall, 'cmd', userId, held);
    else if (die < 85 && held.length > 0) await cancel(hall, 'cmd', userId, held);
    else {
      const subject = die < 92 ? `seats.${hall.operator.seats().scheduleId}` : `balance.${userId}`;
      if (desk.nats.connected && (await desk.nats.query(subject, {})) !== null) hall.reads.count += 1;
      else await insist(async () => void (await desk.http.client.send('GET', '/health/live')));
    }
  }
}

/** A payment back end: durable commands, for which it waits no longer than for JetStream's ack. */
export async function publish(hall: Hall, userId: string): Promise<void> {
  const { random } = hall;
  const held: string[] = [];
  while (!hall.over) {
    const die = random.below(100);
    if (die < 35) await charge(hall, 'do', userId);
    else if (die < 60) await hold(hall, 'do', userId, held);
    // To pay for one it must know of it: held by request, paid for durably.
    else if (die < 75) await hold(hall, 'cmd', userId, held);
    else if (die < 90 && held.length > 0) await pay(hall, 'do', userId, held);
    else if (held.length > 0) await cancel(hall, 'do', userId, held);
    // JetStream's ack costs no disk: without a rest these few would be most of the load.
    await sleep(publishRestMs);
  }
}

async function charge({ desk, random }: Hall, door: Door, userId: string): Promise<void> {
  const command: Command = { type: 'charge', userId, amount: 1 + random.below(chargeMax) };
  await desk.give(door, command, true, random.below(8) === 0);
}

/** Whether the buyer is still inside: its session has not ended. */
async function hold({ desk, operator, random }: Hall, door: Door, userId: string, held: string[]): Promise<boolean> {
  const keyed = door === 'do' || random.below(10) < 7;
  const command: Command = { type: 'hold', userId, ...operator.seats() };
  const { state, answer } = await desk.give(door, command, keyed, keyed && random.below(8) === 0);
  if (state === 'done' && answer !== null && door !== 'do') {
    held.push(String(bodyOf(answer)['id']));
    if (held.length > heldMax) held.shift();
  }
  return answer?.code !== 'queue_token_expired';
}

/** Whether it is paid. */
async function pay({ desk, random }: Hall, door: Door, userId: string, held: string[]): Promise<boolean> {
  const reservationId = take(held, random);
  const { state } = await desk.give(door, { type: 'pay', userId, reservationId }, true, random.below(8) === 0);
  return state === 'done';
}

async function cancel({ desk, random }: Hall, door: Door, userId: string, held: string[]): Promise<void> {
  const reservationId = take(held, random);
  await desk.give(door, { type: 'cancel', userId, reservationId }, door !== 'http');
}

function take(held: string[], random: Random): string {
  return held.splice(random.below(held.length), 1)[0] ?? '';
}

async function look({ desk, operator, random, reads }: Hall, userId: string): Promise<void> {
  const token = desk.ledger.latestToken.get(userId) ?? '';
  const paths = [
    `/v1/schedules/${operator.seats().scheduleId}/seats`,
    '/v1/concerts?available=true',
    `/v1/users/${userId}/balance`,
    '/v1/queue/tokens/current',
    `/v1/users/${userId}/reservations?limit=5`,
  ];
  const path = paths[random.below(paths.length)] ?? '';
  const reply = await insist(() => desk.http.client.send('GET', path, { token }));
  if (reply.status === 500) desk.ledger.find('broken-answer', `${path}: ${JSON.stringify(reply.body)}`);
  reads.count += 1;
}
