/**
 * Subscriptions of one connection, asked for again while the server refuses them: its permissions may be mended while
 * both run. The client lets a refused one go for good, through reconnects too.
 */
import { PermissionViolationError, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import type { Log } from '../../log.ts';

/** How long after a refusal all refused ones are asked for again, ms. */
const retryMs = 2_000;

export interface Wanted {
  readonly subject: string;
  readonly queue?: string;
  readonly serve: (message: Msg) => void;
}

export class KeptSubscriptions {
  readonly #nc: NatsConnection;
  readonly #log: Log;
  readonly #open = new Map<Wanted, Subscription>();
  readonly #refused = new Set<Wanted>();
  /** Refused since they were asked for last. */
  readonly #refusedAgain = new Set<Wanted>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(nc: NatsConnection, wanted: readonly Wanted[], log: Log) {
    this.#nc = nc;
    this.#log = log;
    for (const one of wanted) this.#subscribe(one);
    void this.#hearRemovals();
  }

  /**
   * A reload of the server's permissions takes subscriptions away by an error that names no queue, and the client calls back
   * those of its subject and queue only.
   */
  async #hearRemovals(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (this.#closed) return;
      if (status.type !== 'error' || !(status.error instanceof PermissionViolationError)) continue;
      const { operation, subject, queue } = status.error;
      if (operation !== 'subscription' || queue !== undefined) continue;
      for (const one of this.#open.keys()) {
        if (one.subject === subject && one.queue !== undefined) this.#fail(one, status.error);
      }
    }
  }

  /** How many the server does not allow now. */
  get refused(): number {
    return this.#refused.size;
  }

  /** Listens to nobody any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const subscription of this.#open.values()) if (!subscription.isClosed()) subscription.unsubscribe();
    this.#open.clear();
    this.#refused.clear();
  }

  #subscribe(one: Wanted): void {
    const { subject, queue, serve } = one;
    const callback = (error: Error | null, message: Msg): void => {
      if (error === null) serve(message);
      else this.#fail(one, error);
    };
    this.#open.set(one, this.#nc.subscribe(subject, queue === undefined ? { callback } : { queue, callback }));
  }

  #fail(one: Wanted, error: Error): void {
    if (this.#closed) return;
    this.#refusedAgain.add(one);
    if (!this.#refused.has(one)) {
      this.#refused.add(one);
      this.#log.error({ err: error, subject: one.subject }, 'a NATS subscription failed; it is tried again');
    }
    this.#timer ??= this.#retryLater();
  }

  #retryLater(): NodeJS.Timeout {
    return setTimeout(() => void this.#again(), retryMs).unref();
  }

  async #again(): Promise<void> {
    this.#refusedAgain.clear();
    try {
      for (const one of this.#refused) {
        const before = this.#open.get(one);
        if (before?.isClosed() === false) before.unsubscribe();
        this.#subscribe(one);
      }
      // The server answers in order: a refusal is here before this is.
      await this.#nc.flush();
      for (const one of this.#refused) {
        if (this.#refusedAgain.has(one)) continue;
        this.#refused.delete(one);
        this.#log.info({ subject: one.subject }, 'a NATS subscription is allowed now');
      }
    } catch {
      // Not connected just now.
    }
    this.#timer = undefined;
    if (this.#closed || this.#nc.isClosed() || this.#refused.size === 0) return;
    this.#timer = this.#retryLater();
  }
}
