/** People who come to buy: join, are let in, look around, hold a free seat, charge, pay. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AnswerCounts } from './answer-counts.ts';
import type { LoopResult } from './closed-loop.ts';
import { AskingConnection, type AskedReply } from './connection.ts';
import { seededRandom } from './random.ts';
import { textOf } from './request-bytes.ts';

/**
 * Places in the result's answers, in order: latencies of the steps, of whole journeys, and holds refused because another
 * was quicker.
 */
export const journeySteps = [
  'join',
  'let in',
  'concerts',
  'dates',
  'seats',
  'hold',
  'charge',
  'pay',
  'whole journey',
  'seat was taken',
] as const;
export type JourneyStep = (typeof journeySteps)[number];

export interface JourneysOptions {
  readonly port: number;
  readonly clients: number;
  readonly count: number;
  readonly concert: string;
  readonly userPrefix: string;
  readonly onStart?: () => void;
  readonly onEnd?: () => void;
}

/** Someone who waits looks again so often, ms; the API asks for a second and more, which would hide what it costs. */
const pollMs = 10;
const price = 10_000;
const freeStatus = '"status":"available"';

/** `clients` go on their way at once, and again until `count` have paid. Throws on any answer that is none of the plan. */
export async function runJourneys(options: JourneysOptions): Promise<LoopResult> {
  const counts = new AnswerCounts();
  const connections = await Promise.all(
    Array.from({ length: options.clients }, () => AskingConnection.open(options.port)),
  );
  const random = seededRandom(1);
  let next = 0;
  options.onStart?.();
  const startedMs = performance.now();
  try {
    await Promise.all(
      connections.map(async (connection) => {
        while (next < options.count) {
          const person = { userId: `${options.userPrefix}-${next++}`, concert: options.concert };
          await new Journey(connection, person, counts, random).run();
        }
      }),
    );
  } finally {
    for (const connection of connections) connection.close();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  options.onEnd?.();
  return { answers: namedSteps(counts), seconds, secondsToLastSuccess: seconds };
}

/** By step instead of by its number. */
function namedSteps(counts: AnswerCounts): LoopResult['answers'] {
  const entries = Object.entries(counts.answers());
  return Object.fromEntries(entries.map(([step, answered]) => [journeySteps[Number(step)] ?? step, answered]));
}

interface Person {
  readonly userId: string;
  readonly concert: string;
}

class Journey {
  readonly #connection: AskingConnection;
  readonly #userId: string;
  readonly #concert: string;
  readonly #counts: AnswerCounts;
  readonly #random: () => number;
  #token = '';

  constructor(connection: AskingConnection, { userId, concert }: Person, counts: AnswerCounts, random: () => number) {
    this.#connection = connection;
    this.#userId = userId;
    this.#concert = concert;
    this.#counts = counts;
    this.#random = random;
  }

  async run(): Promise<void> {
    const startedMs = performance.now();
    await this.#enter();
    await this.#timed('concerts', this.#get('/v1/concerts?available=true'));
    const dates = await this.#timed('dates', this.#get(`/v1/concerts/${this.#concert}/schedules?available=true`));
    const reservationId = await this.#hold(dates.body);
    const charge = this.#post(`/v1/users/${this.#userId}/charges`, { amount: price }, 'charge');
    await this.#timed('charge', charge, 201);
    await this.#timed('pay', this.#post('/v1/payments', { reservationId }, 'pay'), 201);
    this.#count('whole journey', startedMs);
  }

  async #enter(): Promise<void> {
    const startedMs = performance.now();
    const joined = await this.#timed('join', this.#post('/v1/queue/tokens', { userId: this.#userId }), 201);
    this.#token = fieldOf(joined.body, 'token');
    let { body } = joined;
    while (fieldOf(body, 'status') !== 'active') {
      await sleep(pollMs);
      ({ body } = await this.#get('/v1/queue/tokens/current'));
    }
    this.#count('let in', startedMs);
  }

  /** Tries seats of random dates until one is held; gives the reservation's id. */
  async #hold(dates: string): Promise<string> {
    const ids = [...dates.matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id ?? '');
    for (;;) {
      const scheduleId = ids[Math.floor(this.#random() * ids.length)] ?? '';
      const list = await this.#timed('seats', this.#get(`/v1/schedules/${scheduleId}/seats`));
      const seatId = freeSeat(list.body, this.#random());
      if (seatId === null) continue;
      const startedMs = performance.now();
      const held = await this.#post('/v1/reservations', { scheduleId, seatIds: [seatId] }, `hold-${seatId}`);
      if (held.status === 409) {
        this.#count('seat was taken', startedMs);
        continue;
      }
      expectStatus(held, 201);
      this.#count('hold', startedMs);
      return fieldOf(held.body, 'id');
    }
  }

  async #timed(step: JourneyStep, asked: Promise<AskedReply>, status = 200): Promise<AskedReply> {
    const startedMs = performance.now();
    const reply = await asked;
    expectStatus(reply, status);
    this.#count(step, startedMs);
    return reply;
  }

  #count(step: JourneyStep, startedMs: number): void {
    this.#counts.add(journeySteps.indexOf(step), performance.now() - startedMs);
  }

  #get(path: string): Promise<AskedReply> {
    return this.#connection.ask(textOf({ method: 'GET', path, headers: { 'queue-token': this.#token } }));
  }

  #post(path: string, body: object, key?: string): Promise<AskedReply> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (this.#token !== '') headers['queue-token'] = this.#token;
    if (key !== undefined) headers['idempotency-key'] = `${this.#userId}-${key}`.replaceAll(' ', '_');
    return this.#connection.ask(textOf({ method: 'POST', path, headers, body: JSON.stringify(body) }));
  }
}

function expectStatus({ status, body }: AskedReply, expected: number): void {
  if (status !== expected) throw new Error(`a step of a journey was answered ${status} ${body}`);
}

/** Read by search: the generator has no time to parse a list of 500 seats. */
function fieldOf(body: string, name: string): string {
  return new RegExp(`"${name}":"([^"]+)"`).exec(body)?.[1] ?? '';
}

/** A free seat near a random place of the list; null when there is none. */
function freeSeat(body: string, random: number): string | null {
  const from = Math.floor(random * body.length);
  let at = body.indexOf(freeStatus, from);
  if (at === -1) at = body.indexOf(freeStatus);
  if (at === -1) return null;
  const id = body.lastIndexOf('"id":"', at) + '"id":"'.length;
  return body.slice(id, body.indexOf('"', id));
}
