/**
 * A connection to NATS. The waiting line and the commands share one, on the engine's thread; the feed's thread has its own.
 *
 * 1. It is tried for ever: before the first success by us, afterwards by the client, and by us again if the client gives
 *    up. Nobody outside sees the difference.
 * 2. While it is away every use fails at once (`NatsAway`): what the client would buffer meanwhile it would drop on
 *    reconnecting, so nothing is handed to it.
 * 3. Every connecting, the first and each later one, is told to the listeners of `onConnect`. Core subscriptions live
 *    through a reconnect of the same `NatsConnection`; the object itself may be a new one, so compare it.
 */
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Log } from '../log.ts';
import { Seldom } from '../seldom.ts';
import { RequestsUnderWay } from './requests-under-way.ts';
import { credentialsOf, serversOf, withoutCredentials } from './server-url.ts';

const connectTimeoutMs = 2_000;
const retryMs = 250;
/** A connection that does not answer two pings is given up: half-open ones are noticed within seconds. */
const pingIntervalMs = 2_000;
/** At most one line about errors in so long, ms. */
const errorLogEveryMs = 1_000;
/** How long JetStream may take to answer one request, ms. */
export const jetStreamTimeoutMs = 5_000;

export type NatsState = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** NATS cannot be reached now; the connection comes back by itself. */
export class NatsAway extends Error {
  override readonly name = 'NatsAway';
}

/** What is usable while connected. JetStream calls reject after `jetStreamTimeoutMs`, with an unknown outcome. */
export interface LiveNats {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
}

export interface ConnectionOptions {
  /** Where the server is; null until it is known (`moveTo`). May carry credentials. */
  readonly url: string | null;
  readonly token: string | null;
  readonly log: Log;
  /** Looks at the server when it is first reached, before anybody else may use it; where this rejects, nobody ever does. */
  readonly beforeUse?: (nats: LiveNats) => Promise<void>;
}

export class NatsLink {
  readonly #options: ConnectionOptions;
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<(nats: LiveNats) => void>();
  readonly #requests = new RequestsUnderWay();
  #url: string | null;
  #live: LiveNats | null = null;
  #state: NatsState = 'connecting';
  #running: Promise<void> = Promise.resolve();
  #toldAway = false;
  #looked = false;
  readonly #errors = new Seldom(errorLogEveryMs);
  /** Cuts the wait before the next attempt short. */
  #wake: () => void = () => undefined;

  /** Begins to connect; does not wait for it. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#url = options.url;
    this.#running = this.#run();
  }

  get state(): NatsState {
    return this.#state;
  }

  /** Where the server is, without credentials; null while unknown. For logs and operators. */
  get url(): string | null {
    return this.#url === null ? null : withoutCredentials(this.#url);
  }

  /** What another thread of this process needs to connect to the same server. Holds credentials: never to be logged. */
  get target(): { readonly url: string | null; readonly token: string | null } {
    return { url: this.#url, token: this.#options.token };
  }

  /** The live connection. Throws `NatsAway`. */
  live(): LiveNats {
    if (this.#live === null || this.#state !== 'connected') throw new NatsAway('NATS is away');
    return this.#live;
  }

  /**
   * Runs requests against the live connection. Rejects with `NatsAway` as soon as the connection is lost, instead of
   * after the request's timeout; whether the server carried the request out is then unknown.
   */
  use<T>(work: (nats: LiveNats) => Promise<T>): Promise<T> {
    return this.#requests.run(() => work(this.live()));
  }

  /** Calls back at once when connected, and at every connecting from then on. Returns how to stop that. */
  onConnect(listener: (nats: LiveNats) => void): () => void {
    this.#listeners.add(listener);
    if (this.#live !== null && this.#state === 'connected') listener(this.#live);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves to true when connected, to false after `waitMs`. */
  async connected(waitMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const stop = this.onConnect(() => resolve(true));
    const timer = setTimeout(() => resolve(false), waitMs);
    const connected = await promise;
    clearTimeout(timer);
    stop();
    return connected;
  }

  /** The server is (also) somewhere else now: the next attempt goes there. */
  moveTo(url: string): void {
    if (url === this.#url) return;
    this.#url = url;
    this.#live?.nc.setServers([...serversOf(url)]);
    this.#wake();
  }

  /** Closes; what is still being published is abandoned, so whoever publishes stops before. */
  async close(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#live?.nc.close().catch(() => undefined);
    await this.#running;
    this.#state = 'closed';
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const nc = await this.#connectOnce();
      if (nc !== null) await this.#serve(nc);
      this.#live = null;
      this.#endWaiting();
      if (this.#state !== 'connecting') this.#state = 'reconnecting';
      if (!this.#stopping.signal.aborted) await this.#pause();
    }
  }

  #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, retryMs);
    this.#wake = resolve;
    return promise.finally(() => clearTimeout(timer));
  }

  async #connectOnce(): Promise<NatsConnection | null> {
    const url = this.#url;
    if (url === null) return null;
    try {
      const nc = await connect({
        servers: [...serversOf(url)],
        ...credentialsOf(url, this.#options.token),
        // Asked for in the URL it is demanded; else it is used where the server offers it.
        ...(url.includes('tls://') ? { tls: {} } : {}),
        name: 'onsale',
        timeout: connectTimeoutMs,
        pingInterval: pingIntervalMs,
        maxReconnectAttempts: -1,
        reconnectTimeWait: retryMs,
        ignoreAuthErrorAbort: true,
        noAsyncTraces: true,
      });
      if (!this.#stopping.signal.aborted) return nc;
      await nc.close();
    } catch (error) {
      this.#tellAway(error);
    }
    return null;
  }

  /** Resolves when the client has given the connection up, which it does only when it is closed or something is wrong. */
  async #serve(nc: NatsConnection): Promise<void> {
    const options = { timeout: jetStreamTimeoutMs };
    const live = { nc, js: jetstream(nc, options), jsm: await jetstreamManager(nc, { ...options, checkAPI: false }) };
    // From now on, so that nothing that happens during the look is missed.
    const statuses = nc.status();
    if (!(await this.#mayUse(live))) return;
    this.#live = live;
    this.#tellConnected(live);
    for await (const status of statuses) {
      if (status.type === 'disconnect') {
        this.#state = 'reconnecting';
        this.#tellAway(status.server);
        this.#endWaiting();
      } else if (status.type === 'reconnect') {
        this.#tellConnected(live);
      } else if (status.type === 'error') {
        this.#tellError(status.error);
      }
    }
    const error = await nc.closed();
    if (error !== undefined && !this.#stopping.signal.aborted) this.#tellAway(error);
  }

  /** False when it must not: the connection is closed for good. */
  async #mayUse(live: LiveNats): Promise<boolean> {
    if (this.#looked) return true;
    try {
      await this.#options.beforeUse?.(live);
      this.#looked = true;
      return true;
    } catch {
      this.#stopping.abort();
      await live.nc.close();
      return false;
    }
  }

  #tellConnected(live: LiveNats): void {
    this.#state = 'connected';
    this.#toldAway = false;
    const { info } = live.nc;
    this.#options.log.info({ url: this.url, version: info?.version, server: info?.server_id }, 'connected to NATS');
    for (const listener of this.#listeners) listener(live);
  }

  /** A client can cause as many as it likes, by reply subjects on which the engine may not publish. */
  #tellError(error: Error): void {
    this.#errors.tell((errors) =>
      this.#options.log.warn({ reason: `${error.name}: ${error.message}`, errors }, 'NATS reports an error'),
    );
  }

  #endWaiting(): void {
    this.#requests.endAll(new NatsAway('NATS went away; whether it carried this out is unknown'));
  }

  /** Once an outage, not once an attempt. */
  #tellAway(reason: unknown): void {
    if (this.#toldAway || this.#stopping.signal.aborted) return;
    this.#toldAway = true;
    this.#options.log.warn({ url: this.url, reason: String(reason) }, 'NATS is away; trying again until it is back');
  }
}

/** The longest message that the server takes, bytes; its own default where it has not said. */
export function payloadMaxOf(nc: NatsConnection): number {
  return nc.info?.max_payload ?? 1024 * 1024;
}
