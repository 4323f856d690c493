/** The consumers of examples/ as their own processes, against a real feed. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Turn } from '../../engine/ports.ts';
import * as given from '../read-model/journal-of.ts';
import { FeedUnderTest } from './feed-under-test.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

const examples = join(import.meta.dirname, '../../examples');
const linesMax = 40;
let nats: NatsUnderTest;
let nc: NatsConnection;

before(async () => {
  nats = await NatsUnderTest.start();
  nc = await nats.connect();
});
beforeEach(async () => {
  const jsm = await jetstreamManager(nc);
  await jsm.streams.delete('ONSALE_EVENTS').catch(() => undefined);
});
after(async () => {
  await nc.close();
  await nats.close();
});

interface Running {
  readonly child: ChildProcess;
  out(): string;
  kill(): Promise<void>;
}

function start(context: TestContext, example: string, argument: string): Running {
  const child = spawn(process.execPath, [join(examples, example), argument], {
    env: { PATH: process.env['PATH'], NATS_URL: nats.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let out = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  context.after(kill);
  return { child, out: () => out, kill };
}

const seats = [given.seat('A', '1', 1), given.seat('A', '1', 2)];

/** The life of reservation `n`: held, paid; every third is given up instead. */
function reservationTurns(n: number, scheduleId = 's1'): Turn[] {
  const held = given.reservation(`${scheduleId}.${n}`, `u${n}`, seats);
  const to = `schedule:${scheduleId}` as const;
  const atMs = Date.now();
  const first: Turn = {
    atMs,
    to,
    command: 'HoldSeats',
    events: [given.schedule(scheduleId, { type: 'SeatsHeld', v: 1, reservation: held })],
  };
  if (n % 3 === 0) {
    const reservation = { ...held, status: 'cancelled' as const };
    const cancelled = given.schedule(scheduleId, { type: 'HoldCancelled', v: 1, reservation, cancelledAt: atMs });
    return [first, { atMs, to, command: 'CancelHold', events: [cancelled] }];
  }
  const reservation = { ...held, status: 'paid' as const, paidAt: atMs };
  const amount = held.totalPrice;
  const payment = { id: `pay.${held.id}`, reservationId: held.id, userId: `u${n}`, amount, balance: 0, paidAt: atMs };
  const paid = given.schedule(scheduleId, { type: 'ReservationPaid', v: 1, reservation, payment });
  return [first, { atMs, to, command: 'PayReservation', events: [paid] }];
}

function add(under: FeedUnderTest, ...turns: readonly Turn[]): void {
  under.durable += 1;
  under.journal.append(under.durable, Date.now(), Buffer.from(JSON.stringify(turns)));
  under.feed.advance(under.durable);
}

/** The part of a line that the test looks at. */
interface PaymentLine {
  readonly payment: { readonly id: string };
}

function paymentsIn(file: string): string[] {
  if (!existsSync(file)) return [];
  // What follows the last line's end is still being written.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as PaymentLine).payment.id);
}

describe('the data-platform sink', () => {
  test('writes every payment once and in order, killed three times on the way, once in the middle of a line', async (context) => {
    const under = new FeedUnderTest(context);
    const file = join(under.dataDir, 'payments.jsonl');
    await under.start(nats.url);
    const expected: string[] = [];
    for (let n = 1; n <= 300; n++) {
      add(under, ...reservationTurns(n));
      if (n % 3 !== 0) expected.push(`pay.s1.${n}`);
    }
    await until('the feed has caught up', () => under.feed.lag().batches === 0);
    for (let round = 1; round <= 3; round++) {
      const sink = start(context, 'payments-sink.ts', file);
      const goal = round * 30;
      await until(`${goal} payments`, () => paymentsIn(file).length >= goal);
      await sink.kill();
      if (round === 2) appendFileSync(file, '{"id":"cut-off-1-0","reserv');
    }
    start(context, 'payments-sink.ts', file);
    await until('all payments', () => paymentsIn(file).length >= expected.length);
    assert.deepEqual(paymentsIn(file), expected);
  });
});

test('the data-platform sink ends with an error when its consumer was deleted, because it would miss payments', async (context) => {
  const under = new FeedUnderTest(context);
  await under.start(nats.url);
  add(under, ...reservationTurns(1));
  const file = join(under.dataDir, 'payments.jsonl');
  const sink = start(context, 'payments-sink.ts', file);
  const exited = once(sink.child, 'exit');
  await until('a payment', () => paymentsIn(file).length === 1);
  await (await jetstreamManager(nc)).consumers.delete('ONSALE_EVENTS', 'payments-sink');
  const [code] = await exited;
  assert.equal(code, 1);
});

describe('the live-seat listener', () => {
  test('prints what becomes of the seats of its schedule from now on', async (context) => {
    const under = new FeedUnderTest(context);
    await under.start(nats.url);
    add(under, ...reservationTurns(1));
    await until('the feed has caught up', () => under.feed.lag().batches === 0);
    const listener = start(context, 'live-seats.ts', 's1');
    await until('it watches', () => listener.out().includes('watching the seats of s1\n'));
    add(under, ...reservationTurns(3), ...reservationTurns(5, 's2'), ...reservationTurns(7));
    await until('it has printed all', () => listener.out().split('\n').length === 10);
    assert.deepEqual(listener.out().trimEnd().split('\n').slice(1), [
      'A-1-1 held',
      'A-1-2 held',
      'A-1-1 available',
      'A-1-2 available',
      'A-1-1 held',
      'A-1-2 held',
      'A-1-1 sold',
      'A-1-2 sold',
    ]);
  });

  test('goes on by itself after NATS was killed, without a gap', async (context) => {
    const under = new FeedUnderTest(context);
    await under.start(nats.url);
    add(under, ...reservationTurns(1));
    await until('the feed has caught up', () => under.feed.lag().batches === 0);
    const listener = start(context, 'live-seats.ts', 's1');
    await until('it watches', () => listener.out().includes('watching the seats of s1\n'));
    add(under, ...reservationTurns(3));
    await until('it has printed the first', () => listener.out().split('\n').length === 6);
    await nats.kill();
    add(under, ...reservationTurns(4));
    await nats.start();
    add(under, ...reservationTurns(5));
    await until('it has printed all', () => listener.out().split('\n').length === 14);
    assert.equal(listener.out().match(/ held\n/g)?.length, 6);
    assert.equal(listener.out().match(/ sold\n/g)?.length, 4);
  });
});

test(`each example is under ${linesMax} lines and imports nothing of ours`, () => {
  for (const example of ['payments-sink.ts', 'live-seats.ts']) {
    const source = readFileSync(join(examples, example), 'utf8');
    assert.ok(source.split('\n').length - 1 < linesMax, example);
    assert.doesNotMatch(source, /from '\./);
  }
});
