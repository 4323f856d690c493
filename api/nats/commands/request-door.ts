/**
 * Request and reply: one subscription an endpoint, one answer a request. A request is looked at when it arrives and
 * never put aside: past the bound it is refused at once, so nothing piles up here.
 */
import { headers as natsHeaders, type Msg, type NatsConnection } from '@nats-io/transport-node';
import type { Answer } from '../../answers/answer.ts';
import { problem } from '../../answers/problems.ts';
import type { Awaitable } from '../../chain.ts';
import { limits } from '../../limits.ts';
import type { Log } from '../../log.ts';
import type { OnsaleEngine } from '../../protocols.ts';
import { Seldom } from '../../seldom.ts';
import { payloadMaxOf } from '../connection.ts';
import type { Endpoint } from './endpoints.ts';
import { KeptSubscriptions } from './kept-subscriptions.ts';
import { EndpointStats, queueGroup, type ListedEndpoint } from './micro-service.ts';
import { mayAnswerOn, toReply } from './reply.ts';

/** At most one line about dropped messages in so long, ms. */
const dropLogEveryMs = 1_000;
const success = 'accepted';

export interface RequestDoorOptions {
  readonly engine: Pick<OnsaleEngine, 'waiting' | 'waitingMax'>;
  readonly endpoints: readonly Endpoint[];
  readonly log: Log;
  /** One answered request; `outcome` is `accepted`, `replayed` or the code of a problem. */
  readonly observe: (endpoint: string, outcome: string, seconds: number) => void;
}

export class RequestDoor {
  readonly listed: readonly ListedEndpoint[];
  readonly #options: RequestDoorOptions;
  readonly #served: readonly { readonly endpoint: Endpoint; readonly stats: EndpointStats }[];
  #subscriptions: KeptSubscriptions | null = null;
  #inFlight = 0;
  #failures = 0;
  readonly #drops = new Seldom(dropLogEveryMs);
  #closed = false;
  #idle: (() => void) | null = null;

  constructor(options: RequestDoorOptions) {
    this.#options = options;
    this.#served = options.endpoints.map((endpoint) => ({ endpoint, stats: new EndpointStats() }));
    this.listed = this.#served.map(({ endpoint, stats }) => ({
      name: endpoint.name,
      subject: endpoint.subject,
      stats,
    }));
  }

  /** Serves this connection, and no other from now on. */
  listen(nc: NatsConnection): void {
    this.silence();
    const wanted = this.#served.map(({ endpoint, stats }) => ({
      subject: endpoint.subject,
      queue: queueGroup,
      serve: (message: Msg) => this.#serve(nc, endpoint, stats, message),
    }));
    this.#subscriptions = new KeptSubscriptions(nc, wanted, this.#options.log);
  }

  /** Whether the server lets the engine listen to all that it serves. */
  get allowed(): boolean {
    return (this.#subscriptions?.refused ?? 0) === 0;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Takes no new request; resolves when those under way are answered. */
  async close(): Promise<void> {
    this.#closed = true;
    this.silence();
    if (this.#inFlight === 0) return;
    await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  /** Listens to nobody. */
  silence(): void {
    this.#subscriptions?.close();
    this.#subscriptions = null;
  }

  #serve(nc: NatsConnection, endpoint: Endpoint, stats: EndpointStats, message: Msg): void {
    const startedMs = performance.now();
    const respond = (answer: Answer): void => this.#respond(nc, endpoint, stats, message, answer, startedMs);
    // Nobody would learn what became of it; whoever wants no answer publishes a durable command.
    if (!mayAnswerOn(message.reply)) {
      this.#drop(endpoint);
      return;
    }
    const refused = this.#refusedUnseen(endpoint);
    if (refused !== null) {
      respond(refused);
      return;
    }
    let answering: Awaitable<Answer>;
    try {
      answering = endpoint.answer(message);
    } catch (error) {
      answering = this.#failed(endpoint, error);
    }
    if (!(answering instanceof Promise)) {
      respond(answering);
      return;
    }
    this.#inFlight++;
    // One promise a request, because there are tens of thousands of them a second.
    void answering.then(
      (answer) => this.#finish(respond, answer),
      (error: unknown) => this.#finish(respond, this.#failed(endpoint, error)),
    );
  }

  /** Never throws: nobody would hear it. */
  #finish(respond: (answer: Answer) => void, answer: Answer): void {
    try {
      respond(answer);
    } catch (error) {
      this.#options.log.error({ err: error }, 'a reply could not be sent over NATS');
    }
    if (--this.#inFlight === 0) this.#idle?.();
  }

  #refusedUnseen({ isCommand }: Endpoint): Answer | null {
    const { engine } = this.#options;
    if (this.#closed) return problem('draining');
    if (this.#inFlight >= limits.natsRequestsInFlightMax) return problem('overloaded');
    return isCommand && engine.waiting >= engine.waitingMax ? problem('overloaded') : null;
  }

  #respond(
    nc: NatsConnection,
    { name }: Endpoint,
    stats: EndpointStats,
    message: Msg,
    answer: Answer,
    startedMs: number,
  ): void {
    const { observe } = this.#options;
    const { payload, headers, error } = toReply(answer, payloadMaxOf(nc));
    if (headers.length === 0) message.respond(payload);
    else {
      const sent = natsHeaders();
      for (const [header, value] of headers) sent.set(header, value);
      message.respond(payload, { headers: sent });
    }
    const elapsedMs = performance.now() - startedMs;
    stats.count(elapsedMs, error);
    const outcome = answer.code ?? (headers.length === 0 ? success : 'replayed');
    observe(name, outcome, elapsedMs / 1000);
  }

  #failed({ name }: Endpoint, error: unknown): Answer {
    const requestId = `nats-${(++this.#failures).toString(36)}`;
    this.#options.log.error({ err: error, requestId, endpoint: name }, 'a request failed unexpectedly');
    return problem('internal', { requestId });
  }

  #drop({ name }: Endpoint): void {
    this.#drops.tell((dropped) =>
      this.#options.log.warn(
        { endpoint: name, dropped },
        'requests without a reply subject, or with one of ours, are dropped',
      ),
    );
  }
}
