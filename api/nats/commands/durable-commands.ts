/**
 * Durable commands: taken from the work queue, carried out once, acked after the outcome is durable.
 *
 * 1. A message is acked only when the engine has released its outcome; whatever happens before, it comes again, and its
 *    key gives the outcome that it had (invariants 3 and 6). Refusals of the rules are outcomes; a full or stopping
 *    engine is none: the message goes back and comes again.
 * 2. Commands of one subject are put to the engine in the order of the stream, and the engine judges them in the order
 *    in which they are put to it; none waits for another's commit. One that is sent back holds up its subject only.
 * 3. The server gives no more than `durableInFlightMax` unacked messages, and none is put to the engine while it is
 *    three quarters full: a slow engine slows the pull.
 * 4. Each connection begins with a consumer made anew, so that what was under way comes again at once and in order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { headers as natsHeaders } from '@nats-io/transport-node';
import type { Outcome } from '../../../engine/asker.ts';
import type { Answer } from '../../answers/answer.ts';
import { problem, type ProblemCode } from '../../answers/problems.ts';
import { limits } from '../../limits.ts';
import type { Log } from '../../log.ts';
import type { OnsaleEngine } from '../../protocols.ts';
import { Seldom } from '../../seldom.ts';
import { type LiveNats, payloadMaxOf } from '../connection.ts';
import { AckedThrough } from './acked-through.ts';
import type { Verb } from './actor-commands.ts';
import { commandsConsumer, commandsStream, renewConsumer } from './commands-stream.ts';
import { readDurable } from './durable-message.ts';
import { rejectedReport, rejectedSubject } from './rejected-report.ts';
import { SubjectOrder } from './subject-order.ts';

/** How often it is looked which commands are acked, ms. */
const ackedLookEveryMs = 30_000;
/** How often it is looked whether those that were sent back and stay away are still in the stream, ms. */
const awayLookEveryMs = 1_000;
/** One that is there comes again sooner, ms. */
const awayAfterMs = 2_000;
const awayLooksMax = 32;
/** How often a pull is renewed, ms; a pull that hears nothing for twice half of it is broken. */
const pullExpiresMs = 5_000;
/** At most one line about terminated commands in so long, ms: any client may publish what is none. */
const terminatedLogEveryMs = 1_000;
/** How long the queue rests while the engine is busy, ms. */
const busyRestMs = 5;
const engineShareMax = 0.75;

export interface DurableOptions {
  readonly engine: OnsaleEngine;
  readonly noteAcked: (through: number, atMs: number) => void;
  readonly log: Log;
  /** `outcome`: `accepted`, `replayed`, the code of a refusal, `sent-back`, or `terminated`. */
  readonly observe: (name: string, outcome: string, seconds: number) => void;
}

/** One connection's consumer, until it ends. */
interface Session {
  readonly live: LiveNats;
  readonly waiting: JsMsg[];
  readonly order: SubjectOrder;
  messages: ConsumerMessages | null;
  /** The engine is busy; what waits is looked at again soon. */
  resting: boolean;
  over: boolean;
}

export class DurableCommands {
  readonly #options: DurableOptions;
  readonly #acked: AckedThrough;
  #session: Session | null = null;
  #inFlight = 0;
  readonly #terminated = new Seldom(terminatedLogEveryMs);
  #idle: (() => void) | null = null;

  constructor(options: DurableOptions) {
    this.#options = options;
    const { engine, noteAcked } = options;
    this.#acked = new AckedThrough({
      durableBatch: () => engine.durableBatch,
      nowMs: () => engine.nowMs(),
      note: noteAcked,
    });
  }

  /** Whether commands are taken from the queue now. */
  get working(): boolean {
    return (this.#session?.messages ?? null) !== null;
  }

  /** Taken from the queue and not yet acked or sent back. */
  get inFlight(): number {
    return this.#inFlight + (this.#session?.waiting.length ?? 0);
  }

  /**
   * Carries out commands of the stream, which is ours, until `ended` is aborted or the consumer breaks; resolves then.
   * Rejects when JetStream does not answer.
   */
  async run(live: LiveNats, ended: AbortSignal): Promise<void> {
    await renewConsumer(live.jsm);
    const consumer = await live.js.consumers.get(commandsStream, commandsConsumer);
    if (ended.aborted) return;
    const session: Session = {
      live,
      waiting: [],
      order: new SubjectOrder(),
      messages: null,
      resting: false,
      over: false,
    };
    this.#session = session;
    const lookTimer = setInterval(() => this.#lookAcked(live), ackedLookEveryMs);
    void forgetGone(session);
    this.#lookAcked(live);
    const stop = (): void => session.messages?.stop();
    try {
      session.messages = await consumer.consume({
        max_messages: limits.durableInFlightMax,
        expires: pullExpiresMs,
        callback: (message) => this.#arrived(session, message),
      });
      ended.addEventListener('abort', stop, { once: true });
      if (ended.aborted) stop();
      void endAtBreak(session.messages);
      await session.messages.closed();
    } finally {
      ended.removeEventListener('abort', stop);
      clearInterval(lookTimer);
      // What has not been put to the engine comes again with the next session.
      session.over = true;
      session.waiting.length = 0;
      this.#session = null;
    }
  }

  /** Resolves when what was put to the engine is acked or sent back. `run` must have ended. */
  async idle(): Promise<void> {
    if (this.#inFlight === 0) return;
    await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  #lookAcked({ jsm }: LiveNats): void {
    // A look that fails only keeps keys longer.
    this.#acked.look(() => jsm.streams.info(commandsStream)).catch(() => undefined);
  }

  #arrived(session: Session, message: JsMsg): void {
    if (session.over) return;
    session.waiting.push(message);
    this.#takeUp(session);
  }

  /** Puts what waits to the engine, in order, as far as the engine has room. */
  #takeUp(session: Session): void {
    const { engine } = this.#options;
    for (;;) {
      if (session.over || session.waiting.length === 0) return;
      if (engine.waiting >= engine.waitingMax * engineShareMax) {
        if (session.resting) return;
        session.resting = true;
        setTimeout(() => {
          session.resting = false;
          this.#takeUp(session);
        }, busyRestMs);
        return;
      }
      const message = session.waiting.shift();
      if (message !== undefined) this.#guarded(session, message);
    }
  }

  /** One that meets a bug holds up its own subject, and is heard of; what the client's loop gets is heard by nobody. */
  #guarded(session: Session, message: JsMsg): void {
    try {
      this.#carryOut(session, message);
    } catch (error) {
      const { subject, seq } = message;
      this.#options.log.error({ err: error, subject, sequence: seq }, 'a durable command failed unexpectedly');
      this.#sendBack(session, message, performance.now());
    }
  }

  #carryOut(session: Session, message: JsMsg): void {
    const startedMs = performance.now();
    const { subject, seq } = message;
    session.order.arrived(subject, seq);
    const read = readDurable(message);
    if (!read.ok) {
      this.#terminate(session, message, read.answer, startedMs);
      return;
    }
    if (session.order.mustWait(subject, seq)) {
      this.#sendBack(session, message, startedMs);
      return;
    }
    const { verb, ask } = read;
    this.#inFlight++;
    ask(this.#options.engine)
      .then((outcome) => this.#settle(session, message, verb, outcome, startedMs))
      .catch((error: unknown) => {
        // Not acked, so it comes again; the key remembers the outcome.
        this.#options.log.debug({ err: error, sequence: seq }, 'a durable command could not be acked');
      })
      .finally(() => {
        if (--this.#inFlight === 0) this.#idle?.();
      });
  }

  async #settle(
    session: Session,
    message: JsMsg,
    verb: Verb,
    outcome: Outcome<unknown, ProblemCode>,
    startedMs: number,
  ): Promise<void> {
    const name = outcome.type === 'rejected' ? outcome.code : outcome.replayed ? 'replayed' : 'accepted';
    if (name === 'overloaded' || name === 'draining') {
      this.#sendBack(session, message, startedMs);
      return;
    }
    if (name === 'idempotency_key_reused') {
      // The key has another command's outcome; this one can have none.
      this.#terminate(session, message, problem(name), startedMs);
      return;
    }
    await message.ackAck();
    this.#options.observe(`do-${verb}`, name, (performance.now() - startedMs) / 1000);
  }

  #sendBack({ order }: Session, message: JsMsg, startedMs: number): void {
    order.sendBack(message.subject, message.seq, performance.now());
    message.nak(limits.durableRetryMs);
    this.#options.observe('do', 'sent-back', (performance.now() - startedMs) / 1000);
  }

  /** Reports first: over one connection, the report cannot be lost with the message gone. */
  #terminate({ live }: Session, message: JsMsg, refusal: Answer, startedMs: number): void {
    const { payload, headers } = rejectedReport(message, message.seq, refusal, payloadMaxOf(live.nc));
    const sent = natsHeaders();
    for (const [name, value] of headers) sent.append(name, value);
    live.nc.publish(rejectedSubject, payload, { headers: sent });
    // Without a reason: servers before 2.11 take no other spelling.
    message.term();
    const { subject, seq } = message;
    this.#terminated.tell((terminated) =>
      this.#options.log.warn(
        { subject, sequence: seq, code: refusal.code, terminated },
        'a durable command was terminated',
      ),
    );
    this.#options.observe('do', 'terminated', (performance.now() - startedMs) / 1000);
  }
}

/** Until the session is over, whatever somebody has deleted or purged meanwhile is waited for no longer. */
async function forgetGone(session: Session): Promise<void> {
  const { live, order } = session;
  while (!session.over) {
    await sleep(awayLookEveryMs, undefined, { ref: false });
    const away = [...order.away(performance.now() - awayAfterMs)].slice(0, awayLooksMax);
    for (const { subject, sequence } of away) {
      // A look that fails only waits on.
      const found = await live.jsm.streams.getMessage(commandsStream, { seq: sequence }).catch(() => undefined);
      if (found === null) order.arrived(subject, sequence);
    }
  }
}

/** Stops a consumer that is gone or silent: the next session makes it anew. */
async function endAtBreak(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) {
    if (type === 'consumer_deleted' || type === 'consumer_not_found' || type === 'stream_not_found') messages.stop();
    if (type === 'heartbeats_missed') messages.stop();
  }
}
