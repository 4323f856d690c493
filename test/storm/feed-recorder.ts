/** A consumer of the event feed that never gives up: it goes on after the last sequence that it has seen. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

const stream = 'ONSALE_EVENTS';
const fetchMax = 2_000;
/** How long one pull waits for events, ms; the least that servers of 2.9 take. */
const fetchExpiresMs = 1_000;
const retryMs = 50;

export class FeedRecorder {
  readonly #nc: NatsConnection;
  readonly #receive: (id: string, sequence: number) => void;
  #lastSequence = 0;
  #stopped = false;
  readonly #running: Promise<void>;

  constructor(nc: NatsConnection, receive: (id: string, sequence: number) => void) {
    this.#nc = nc;
    this.#receive = receive;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) await this.#pull().catch(() => sleep(retryMs));
  }

  async #pull(): Promise<void> {
    const from = this.#lastSequence + 1;
    const consumer = await jetstream(this.#nc).consumers.get(stream, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
    });
    while (!this.#stopped) {
      const messages = await consumer.fetch({ max_messages: fetchMax, expires: fetchExpiresMs });
      for await (const message of messages) {
        this.#receive(message.headers?.get('ce-id') ?? '', message.seq);
        this.#lastSequence = Math.max(this.#lastSequence, message.seq);
      }
    }
  }
}
