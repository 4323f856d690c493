/** The NATS door for services: requests and replies, the micro service's answers, and durable commands. */
import { setTimeout as sleep } from 'node:timers/promises';
import { nuid, type NatsConnection } from '@nats-io/transport-node';
import type { Log } from '../../log.ts';
import type { LiveNats, NatsLink } from '../connection.ts';
import { ToldTrouble, troubleOf } from '../trouble.ts';
import { ForeignCommands, openCommandsStream } from './commands-stream.ts';
import { DurableCommands } from './durable-commands.ts';
import { createEndpoints, type EndpointDependencies } from './endpoints.ts';
import { KeptSubscriptions, type Wanted } from './kept-subscriptions.ts';
import { microAnswers, microEndpoints } from './micro-service.ts';
import { RequestDoor } from './request-door.ts';

/** How long after a failure durable commands are tried again, ms. */
const retryMs = 1_000;

export interface CommandDoorOptions extends EndpointDependencies {
  readonly link: Pick<NatsLink, 'onConnect'>;
  /** Streams of another journal are refused. */
  readonly journalId: string;
  /** By the stamped time `atMs`, the durable commands of all batches through this one were acked. */
  readonly noteAcked: (through: number, atMs: number) => void;
  /** One request or durable command; `name` is `cmd-hold`, `query-seats`, `do-pay` …, `outcome` of a bounded set. */
  readonly observe: (name: string, outcome: string, seconds: number) => void;
  readonly log: Log;
}

export interface CommandDoor {
  readonly stats: {
    /** Requests not yet answered. */
    readonly requestsInFlight: number;
    /** Durable commands taken from the queue and not yet acked. */
    readonly durableInFlight: number;
  };
  /** What readiness names: `commands` while durable commands are not carried out, or requests are kept from the engine. */
  degraded(): readonly string[];
  /** Takes nothing new; resolves when what was put to the engine is answered or acked. */
  close(): Promise<void>;
}

/** Begins to serve at the first connecting; does not wait for it. */
export function startCommandDoor(options: CommandDoorOptions): CommandDoor {
  return new ServiceDoor(options);
}

class ServiceDoor implements CommandDoor {
  readonly stats: CommandDoor['stats'];
  readonly #options: CommandDoorOptions;
  readonly #requests: RequestDoor;
  readonly #durable: DurableCommands;
  readonly #micro: readonly Wanted[];
  #microKept: KeptSubscriptions | null = null;
  readonly #closing = new AbortController();
  readonly #forget: () => void;
  #session = new AbortController();
  #served: NatsConnection | null = null;
  #running: Promise<void> = Promise.resolve();
  readonly #told = new ToldTrouble();

  constructor(options: CommandDoorOptions) {
    this.#options = options;
    const requests = new RequestDoor({ ...options, endpoints: createEndpoints(options) });
    const durable = new DurableCommands(options);
    this.#requests = requests;
    this.#durable = durable;
    const id = nuid.next();
    this.#micro = microEndpoints(id, microAnswers(id, new Date(), requests.listed));
    this.stats = {
      get requestsInFlight() {
        return requests.inFlight;
      },
      get durableInFlight() {
        return durable.inFlight;
      },
    };
    this.#forget = options.link.onConnect((live) => this.#connected(live));
  }

  degraded(): readonly string[] {
    return this.#durable.working && this.#requests.allowed ? [] : ['commands'];
  }

  async close(): Promise<void> {
    this.#forget();
    this.#closing.abort();
    this.#silence();
    await this.#running;
    await Promise.all([this.#requests.close(), this.#durable.idle()]);
  }

  #connected(live: LiveNats): void {
    this.#told.over();
    this.#session.abort();
    this.#session = new AbortController();
    const ended = AbortSignal.any([this.#session.signal, this.#closing.signal]);
    this.#running = this.#running.then(() => this.#serve(live, ended));
  }

  async #serve(live: LiveNats, ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      try {
        await this.#serveOnce(live, ended);
      } catch (error) {
        if (ended.aborted) return;
        this.#tellTrouble(error);
      }
      await sleep(retryMs, undefined, { signal: ended }).catch(() => undefined);
    }
  }

  /** Nothing is served beside a stream of another journal; without JetStream, requests are. */
  async #serveOnce(live: LiveNats, ended: AbortSignal): Promise<void> {
    let unreachable: unknown = null;
    try {
      await openCommandsStream(live.jsm, this.#options.journalId);
    } catch (error) {
      if (error instanceof ForeignCommands) {
        this.#silence();
        throw error;
      }
      unreachable = error;
    }
    if (ended.aborted) return;
    this.#listen(live.nc);
    if (unreachable !== null) throw unreachable;
    await this.#durable.run(live, ended);
  }

  /** Once, however often it is tried again. */
  #tellTrouble(error: unknown): void {
    const { log } = this.#options;
    const reason = troubleOf(error);
    this.#told.tell(reason, () => {
      if (error instanceof ForeignCommands) log.error({ error: error.name }, error.message);
      else log.warn({ reason }, 'durable commands wait for JetStream');
    });
  }

  /** Subscriptions live through a reconnect of the same connection. */
  #listen(nc: NatsConnection): void {
    if (nc === this.#served) return;
    this.#silence();
    this.#served = nc;
    this.#requests.listen(nc);
    this.#microKept = new KeptSubscriptions(nc, this.#micro, this.#options.log);
  }

  #silence(): void {
    this.#served = null;
    this.#requests.silence();
    this.#microKept?.close();
    this.#microKept = null;
  }
}
