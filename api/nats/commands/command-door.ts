/** The NATS door for services: requests and replies, the micro service's answers, and durable commands. */
import { setTimeout as sleep } from 'node:timers/promises';
import { nuid, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import type { Log } from '../../log.ts';
import type { LiveNats, NatsLink } from '../connection.ts';
import { ForeignCommands, openCommandsStream } from './commands-stream.ts';
import { DurableCommands } from './durable-commands.ts';
import { createEndpoints, type EndpointDependencies } from './endpoints.ts';
import { answerMicro, microAnswers } from './micro-service.ts';
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
  /** What readiness names: `commands` while durable commands are not carried out. */
  degraded(): readonly string[];
  /** Takes nothing new; resolves when what was put to the engine is answered or acked. */
  close(): Promise<void>;
}

/** Begins to serve at the first connecting; does not wait for it. */
export function startCommandDoor(options: CommandDoorOptions): CommandDoor {
  const { link, journalId, observe, log, engine, noteAcked } = options;
  const requests = new RequestDoor({ engine, endpoints: createEndpoints(options), log, observe });
  const durable = new DurableCommands({ engine, noteAcked, log, observe });
  const id = nuid.next();
  const micro = microAnswers(id, new Date(), requests.listed);
  const closing = new AbortController();
  let session = new AbortController();
  let served: NatsConnection | null = null;
  let running: Promise<void> = Promise.resolve();
  let toldTrouble = '';
  let microSubscriptions: readonly Subscription[] = [];

  async function serve(live: LiveNats, ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      try {
        await serveOnce(live, ended);
      } catch (error) {
        if (ended.aborted) return;
        tellTrouble(error);
      }
      await sleep(retryMs, undefined, { signal: ended }).catch(() => undefined);
    }
  }

  /** Once, however often it is tried again. */
  function tellTrouble(error: unknown): void {
    const trouble = String(error);
    if (trouble === toldTrouble) return;
    toldTrouble = trouble;
    if (error instanceof ForeignCommands) log.error({ error: error.name }, error.message);
    else log.warn({ err: error }, 'durable commands wait for JetStream');
  }

  /** Nothing is served beside a stream of another journal; without JetStream, requests are. */
  async function serveOnce(live: LiveNats, ended: AbortSignal): Promise<void> {
    let unreachable: unknown = null;
    try {
      await openCommandsStream(live.jsm, journalId);
    } catch (error) {
      if (error instanceof ForeignCommands) {
        tellTrouble(error);
        silence();
        return;
      }
      unreachable = error;
    }
    if (ended.aborted) return;
    listen(live.nc);
    if (unreachable !== null) throw unreachable;
    await durable.run(live, ended);
  }

  /** Subscriptions live through a reconnect of the same connection. */
  function listen(nc: NatsConnection): void {
    if (nc === served) return;
    silence();
    served = nc;
    requests.listen(nc);
    microSubscriptions = answerMicro(nc, id, micro);
  }

  function silence(): void {
    served = null;
    requests.silence();
    for (const subscription of microSubscriptions) if (!subscription.isClosed()) subscription.unsubscribe();
    microSubscriptions = [];
  }

  const forget = link.onConnect((live) => {
    toldTrouble = '';
    session.abort();
    session = new AbortController();
    const ended = AbortSignal.any([session.signal, closing.signal]);
    running = running.then(() => serve(live, ended));
  });

  return {
    stats: {
      get requestsInFlight() {
        return requests.inFlight;
      },
      get durableInFlight() {
        return durable.inFlight;
      },
    },
    degraded: () => (durable.working ? [] : ['commands']),
    async close() {
      forget();
      closing.abort();
      silence();
      await running;
      await Promise.all([requests.close(), durable.idle()]);
    },
  };
}
