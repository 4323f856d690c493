/** Durable commands and an engine that is full, slow or stopping: nothing is lost, nothing overtakes, nothing piles up. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Outcome } from '../../engine/asker.ts';
import type { ProblemCode } from '../../api/answers/problems.ts';
import { limits } from '../../api/limits.ts';
import { openCommandsStream } from '../../api/nats/commands/commands-stream.ts';
import { DurableCommands } from '../../api/nats/commands/durable-commands.ts';
import type { NatsLink } from '../../api/nats/connection.ts';
import type { OnsaleEngine } from '../../api/protocols.ts';
import { ServiceClient } from './commands-stage.ts';
import { connected, linkTo, silentLog } from './link-stage.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

type Scripted = Outcome<never, ProblemCode>;

/** An engine that does as it is told. */
class ScriptedEngine {
  waiting = 0;
  readonly waitingMax = 100;
  readonly durableBatch = 0;
  readonly asked: string[] = [];
  answer: (name: string) => Promise<Scripted> = () => Promise.resolve(accepted);

  nowMs(): number {
    return 0;
  }

  ask(to: string, _command: unknown, options: { readonly key: { readonly key: string } }): Promise<Scripted> {
    const name = `${to.slice(to.indexOf(':') + 1)}.${options.key.key}`;
    this.asked.push(name);
    return this.answer(name);
  }
}

// What the reply is does not matter here: nobody waits for it.
const accepted = { type: 'accepted', reply: null as never, replayed: false } as const;
const overloaded = { type: 'rejected', code: 'overloaded', details: {} } as const;

let nats: NatsUnderTest;
let link: NatsLink;
let client: ServiceClient;
let engine: ScriptedEngine;
let durable: DurableCommands;
let running: Promise<void>;
const ended = { controller: new AbortController() };

beforeEach(async () => {
  nats = await NatsUnderTest.start();
  link = linkTo(nats.url);
  await connected(link);
  client = new ServiceClient(await nats.connect());
  engine = new ScriptedEngine();
  durable = new DurableCommands({
    // It asks these members only.
    engine: engine as unknown as OnsaleEngine,
    noteAcked: () => undefined,
    log: silentLog,
    observe: () => undefined,
  });
  const live = link.live();
  await openCommandsStream(live.jsm, 'journal');
  ended.controller = new AbortController();
  running = durable.run(live, ended.controller.signal);
  await client.untilServed();
});
afterEach(async () => {
  ended.controller.abort();
  await running;
  await client.nc.close();
  await link.close();
  await nats.close();
});

const charge = (userId: string, key: number) =>
  client.command(`charge.${userId}`, { amount: 1 }, { 'Idempotency-Key': String(key) });

test('commands that found the engine full come again in their order, and hold up no other subject', async () => {
  const carriedOut: string[] = [];
  let full = true;
  engine.answer = (name) => {
    if (full && name.startsWith('a')) return Promise.resolve(overloaded);
    carriedOut.push(name);
    return Promise.resolve(accepted);
  };
  await charge('a', 1);
  await until('it was refused', () => engine.asked.length === 1);
  for (const key of [2, 3, 4]) await charge('a', key);
  await charge('b', 1);
  await until('the other subject goes on', () => carriedOut.includes('b.1'));
  await until('it was refused again', () => engine.asked.filter((name) => name === 'a.1').length === 3);
  assert.deepEqual(engine.asked.filter((name) => name !== 'b.1').slice(0, 2), ['a.1', 'a.1']);
  // Like the engine's own, this bound does not move within a round of the event loop.
  full = false;
  await charge('a', 5);
  await client.untilCarriedOut();
  assert.deepEqual(carriedOut, ['b.1', 'a.1', 'a.2', 'a.3', 'a.4', 'a.5']);
});

test('a stopping engine gives no outcome', async () => {
  engine.answer = () => Promise.resolve({ type: 'rejected', code: 'draining', details: {} });
  await charge('a', 1);
  await until('it was asked twice', () => engine.asked.length === 2);
  assert.equal((await (await client.jsm()).streams.info('ONSALE_COMMANDS')).state.messages, 1);
});

test('a slow engine slows the pull: no more are taken than may be unacked', async () => {
  const waiting: (() => void)[] = [];
  engine.answer = () => new Promise((resolve) => waiting.push(() => resolve(accepted)));
  const extra = 100;
  await Promise.all(Array.from({ length: limits.durableInFlightMax + extra }, (_, key) => charge('a', key)));
  await until('all that may be are under way', () => durable.inFlight === limits.durableInFlightMax);
  const jsm = await client.jsm();
  const { num_ack_pending, num_pending } = await jsm.consumers.info('ONSALE_COMMANDS', 'onsale-engine');
  assert.deepEqual([num_ack_pending, num_pending], [limits.durableInFlightMax, extra]);
  engine.answer = () => Promise.resolve(accepted);
  for (const release of waiting) release();
  await client.untilCarriedOut();
  assert.deepEqual(
    engine.asked,
    Array.from({ length: limits.durableInFlightMax + extra }, (_, key) => `a.${key}`),
    'each once, in order',
  );
});

test('an engine that is three quarters full is not asked until it has room', async () => {
  engine.waiting = 75;
  await charge('a', 1);
  await until('it is taken', () => durable.inFlight === 1);
  assert.deepEqual(engine.asked, []);
  engine.waiting = 74;
  await client.untilCarriedOut();
  assert.deepEqual(engine.asked, ['a.1']);
});
