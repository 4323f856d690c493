/**
 * The running program under contention at both doors, killed in the middle: everything that anyone saw of it must have
 * an order. Seats are few, holds last a second, wallets are shared, and a command cut off by the kill is tried again.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { NatsUnderTest } from '../nats/nats-under-test.ts';
import { Client } from '../system/client.ts';
import { Program, temporaryDataDir } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { seeded, type Random } from '../system/seeded.ts';
import { checkHistory } from './check-history.ts';
import type { Recorded } from './recorded.ts';
import { askAndRecord, type Door, httpDoor, natsDoor, type Question } from './recording-client.ts';

const seed = process.env['SEED'] ?? String(Date.now());
const operationsMax = 4_000;
const clientsPerDoor = 12;
const usersCount = 6;
/** One after the other, because sold seats stay sold. */
const schedulesCount = 5;
const seatsCount = 20;
/** Of each user, the newest reservations. */
const rememberedMax = 8;
const price = 100;
const holdTtlMs = 1_000;
/** A client's pause is random, up to so long: with it the test outlasts a few lives of a hold. */
const pauseMsMax = 60;
const options = { toleranceMs: 100, holdTtlMs };

const dataDir = temporaryDataDir();
let nats: NatsUnderTest;
let connections: NatsConnection[] = [];
let program: Program;
let client: Client;
/** Pending while there is no program. */
let running: Promise<void> = Promise.resolve();
let restarted = false;

async function start(): Promise<void> {
  const env = { NATS_URL: nats.url, HOLD_TTL_SECONDS: String(holdTtlMs / 1_000), MAX_SEATS_PER_USER: '1000' };
  program = await Program.start(dataDir.path, env);
  client = new Client(program.port);
}

async function restart(): Promise<void> {
  restarted = true;
  await program.kill();
  client.close();
  await start();
}

before(async () => {
  nats = await NatsUnderTest.start();
  await start();
  await sale.putRoom(client, 'main', sale.openDoors);
  await sale.createConcert(client, 'c');
  for (let index = 0; index < schedulesCount; index++) {
    await sale.createSchedule(client, 'c', `s${index}`, { rows: 1, seats: seatsCount, price });
  }
  connections = await Promise.all(Array.from({ length: clientsPerDoor }, () => nats.connect()));
});
after(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  client.close();
  await program.kill();
  await nats.close();
  dataDir.remove();
});

class Crowd {
  readonly history: Recorded[] = [];
  /** By user. */
  readonly #reservations = new Map<string, string[]>();
  readonly #random: Random;
  readonly #onHalf: () => void;
  #given = 0;

  /** @param onHalf called when half of the operations are given and the last of them has been asked for */
  constructor(random: Random, onHalf: () => void) {
    this.#random = random;
    this.#onHalf = onHalf;
  }

  /** One client, until the crowd has done all its operations. What gets no answer is asked again, with the same key. */
  async act(name: string, door: Door, userId: string): Promise<void> {
    for (let count = 0; this.#given < operationsMax; count++) {
      this.#given += 1;
      const isHalf = this.#given === operationsMax / 2;
      const question = this.#next(userId);
      for (let tries = 1; ; tries++) {
        await running;
        const asked = askAndRecord(door, userId, question, `${name}-${count}`);
        // One command at least is under way then; the others may just have been answered, all by one commit.
        if (isHalf && tries === 1) this.#onHalf();
        const recorded = await asked;
        this.history.push(recorded);
        this.#remember(recorded);
        if (recorded.outcome.type !== 'unknown') break;
        assert.ok(tries < 10, `${name} gets no answer`);
      }
      // Without pauses shortly before the kill, so that it cuts off commands of nearly all clients.
      if (this.#given < (operationsMax * 9) / 20 || restarted) {
        await sleep(this.#random.below(pauseMsMax));
      }
    }
  }

  #next(userId: string): Question {
    const random = this.#random;
    const known = this.#reservationsOf(userId);
    const reservationId = known[random.below(Math.max(1, known.length))];
    const die = random.below(100);
    if (die < 15) return { type: 'balance' };
    if (die < 30) return { type: 'charge', amount: 1 + random.below(20) };
    if (reservationId !== undefined && die < 44) return { type: 'read', reservationId };
    if (reservationId !== undefined && die < 56) return { type: 'cancel', reservationId };
    if (reservationId !== undefined && die < 60) return { type: 'pay', reservationId };
    const scheduleId = `s${Math.min(schedulesCount - 1, Math.floor((this.#given * schedulesCount) / operationsMax))}`;
    const first = 1 + random.below(seatsCount - 2);
    const seatIds = Array.from({ length: 1 + random.below(3) }, (_, index) => `A-1-${first + index}`);
    return { type: 'hold', scheduleId, seatIds };
  }

  #reservationsOf(userId: string): string[] {
    const known = this.#reservations.get(userId) ?? [];
    this.#reservations.set(userId, known);
    return known;
  }

  #remember({ type, userId, outcome }: Recorded): void {
    if (type !== 'hold' || outcome.type !== 'done') return;
    const known = this.#reservationsOf(userId);
    known.push(outcome.reservationId);
    if (known.length > rememberedMax) known.shift();
  }
}

function countsOf(history: readonly Recorded[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type, outcome } of history) {
    const detail = outcome.type === 'refused' ? outcome.code : 'status' in outcome ? outcome.status : outcome.type;
    counts[`${type} ${detail}`] = (counts[`${type} ${detail}`] ?? 0) + 1;
  }
  return counts;
}

/**
 * The history with one entry changed, of those that `change` knows how to corrupt: one from well before the kill, of whose
 * commands nobody knows what became, so that some order with them could explain much.
 */
function corrupted(history: readonly Recorded[], change: (recorded: Recorded) => Recorded[] | null): Recorded[] {
  const fit = history.filter((recorded) => change(recorded) !== null);
  const chosen = fit[Math.floor(fit.length / 4)];
  assert.ok(chosen, 'nothing in the history can be corrupted in this way');
  return history.flatMap((recorded) => (recorded === chosen ? (change(recorded) ?? []) : [recorded]));
}

/** Amounts are whole, so nobody ever had this; one less could be the balance before a charge of 1 that was under way. */
function readsHalfLess(recorded: Recorded): Recorded[] | null {
  if (recorded.type !== 'balance' || recorded.outcome.type !== 'done' || recorded.outcome.balance === 0) return null;
  return [{ ...recorded, outcome: { type: 'done', balance: recorded.outcome.balance - 0.5 } }];
}

function forgetsACharge(recorded: Recorded): Recorded[] | null {
  if (recorded.type !== 'charge' || recorded.outcome.type !== 'done') return null;
  const { balance } = recorded.outcome;
  return [{ ...recorded, outcome: { ...recorded.outcome, balance: balance - recorded.amount } }];
}

function givesItsSeatsTwice(recorded: Recorded): Recorded[] | null {
  if (recorded.type !== 'hold' || recorded.outcome.type !== 'done') return null;
  const { key: _, ...twin } = recorded;
  return [recorded, { ...twin, userId: 'twin', outcome: { ...recorded.outcome, reservationId: 'twin.1' } }];
}

test(`what ${2 * clientsPerDoor} clients saw at both doors has an order (SEED=${seed})`, async (context) => {
  const crowd = new Crowd(seeded(seed), () => {
    running = restart();
  });
  const acting = connections.flatMap((connection, index) => {
    const userId = `u${index % usersCount}`;
    const http = httpDoor(() => client);
    return [crowd.act(`h${index}`, http, userId), crowd.act(`n${index}`, natsDoor(connection), userId)];
  });
  await Promise.all(acting);
  await running;

  const { history } = crowd;
  const counts = countsOf(history);
  const startedAt = performance.now();
  const verdict = checkHistory(history, options);
  context.diagnostic(`${JSON.stringify(verdict)} in ${(performance.now() - startedAt).toFixed(0)} ms`);
  context.diagnostic(JSON.stringify(counts));
  assert.equal(verdict.type, 'ok', verdict.type === 'violation' ? `${verdict.object}: ${verdict.why}` : verdict.type);

  const expectedAtLeast: Readonly<Record<string, number>> = {
    'hold done': 60,
    'hold seat_unavailable': 200,
    'cancel done': 50,
    'pay done': 5,
    'pay insufficient_balance': 1,
    'read expired': 5,
    'read held': 20,
    'charge done': 300,
    'balance done': 300,
  };
  for (const [name, least] of Object.entries(expectedAtLeast)) {
    assert.ok((counts[name] ?? 0) >= least, `${name}: ${counts[name] ?? 0}, too few to say anything`);
  }
  const unknown = history.filter(({ outcome }) => outcome.type === 'unknown').length;
  assert.ok(unknown > 0, 'the kill cut off nothing');

  for (const change of [readsHalfLess, forgetsACharge, givesItsSeatsTwice]) {
    assert.equal(checkHistory(corrupted(history, change), options).type, 'violation', change.name);
  }
});
