/** The follower as the main side sees it: told how far the journal is durable, reporting what it has made of it. */
import { Worker } from 'node:worker_threads';
import type { Address } from '../engine/actor.ts';
import type { FollowerReport, JournalFollower } from '../engine/ports.ts';
import { errorOf } from './failure.ts';
import type { FollowerThreadData, FromFollowerThread, ToFollowerThread } from './follower-thread.ts';

type Listener = (report: FollowerReport) => void;

/**
 * Starts the follower's thread. It loads its modules and touches no file before `open`, so that this goes on beside the
 * opening of the journal.
 *
 * @param onFatal called at most once, when the follower can no longer go on after it was open
 */
export function startFollower(data: FollowerThreadData, onFatal: (error: Error) => void): ThreadedFollower {
  return new ThreadedFollower(
    new Worker(new URL('./follower-thread.ts', import.meta.url), { workerData: data }),
    onFatal,
  );
}

export class ThreadedFollower implements JournalFollower {
  /** Resolves when the key index is caught up with the journal as it was found. Rejects with the fatal error. */
  readonly ready: Promise<void>;
  readonly #thread: Worker;
  readonly #onFatal: (error: Error) => void;
  readonly #listeners: Listener[] = [];
  readonly #opening = Promise.withResolvers<readonly Address[]>();
  readonly #readying = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  #durableThrough = 0;
  /** What the message on its way says; later ones are summed up in the next. Undefined when none is on its way. */
  #told: number | undefined;
  /** The last batch that somebody was in a hurry for. */
  #hurriedThrough = 0;
  #isOpen = false;
  #failed = false;
  #closing: Promise<boolean> | undefined;
  #caughtUp = false;

  constructor(thread: Worker, onFatal: (error: Error) => void) {
    this.#thread = thread;
    this.#onFatal = onFatal;
    this.ready = this.#readying.promise;
    // Whoever starts the engine awaits it; a stop before that is told through `onFatal`, or by `open`.
    this.ready.catch(() => undefined);
    this.#opening.promise.catch(() => undefined);
    thread.on('message', (message: FromFollowerThread) => this.#hear(message));
    thread.on('error', (error: Error) => this.#fail(error));
    thread.once('exit', () => {
      if (this.#closing === undefined) this.#fail(new Error('the thread of the follower has ended by itself'));
      this.#exited.resolve();
    });
  }

  /**
   * To be called once, when the journal is open. Resolves when positions are checked and damaged snapshots made again,
   * with the actors whose snapshots those were.
   *
   * @param durableThrough the journal's end
   * @throws StorageDamaged, StorageUnavailable
   */
  open(durableThrough: number): Promise<readonly Address[]> {
    this.#durableThrough = durableThrough;
    this.#tell({ type: 'open' });
    return this.#opening.promise;
  }

  advance(durableThrough: number): void {
    this.#durableThrough = durableThrough;
    if (this.#told === undefined) this.#tellAdvance();
  }

  /**
   * Every durable command whose key was bound in the batches through this one has been acked by the stamped time
   * `atMs`, ms: their keys may go 24 h later. A note that is lost only keeps them longer.
   */
  noteAcked(through: number, atMs: number): void {
    if (this.#closing === undefined && !this.#failed) this.#tell({ type: 'acked', through, atMs });
  }

  /** Somebody waits until the read model includes all that is durable now: the pause that it makes under load ends soon. */
  hurry(): void {
    if (this.#closing !== undefined || this.#failed || this.#hurriedThrough === this.#durableThrough) return;
    this.#hurriedThrough = this.#durableThrough;
    this.#told = this.#durableThrough;
    this.#tell({ type: 'hurry', through: this.#durableThrough });
  }

  subscribe(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /**
   * Lets it catch up with `durableThrough` and take the last snapshots, then ends its thread.
   *
   * @param withinMs after so long it ends with what it has; the rest is made at the next start
   * @returns whether it caught up
   */
  close(withinMs: number): Promise<boolean> {
    this.#closing ??= (async () => {
      this.#tell({ type: 'close', through: this.#durableThrough, withinMs });
      await this.#exited.promise;
      return this.#caughtUp;
    })();
    return this.#closing;
  }

  #tellAdvance(): void {
    this.#told = this.#durableThrough;
    this.#tell({ type: 'advance', through: this.#durableThrough });
  }

  #tell(message: ToFollowerThread): void {
    this.#thread.postMessage(message);
  }

  #hear(message: FromFollowerThread): void {
    switch (message.type) {
      case 'opened':
        this.#isOpen = true;
        this.#opening.resolve(message.rebuilt);
        return;
      case 'ready':
        this.#readying.resolve();
        return;
      case 'report':
        if (this.#told !== undefined && message.seen >= this.#told) {
          this.#told = undefined;
          if (message.seen < this.#durableThrough) this.#tellAdvance();
        }
        if (message.report !== undefined) for (const listener of this.#listeners) listener(message.report);
        return;
      case 'fatal':
        this.#fail(errorOf(message.failure));
        return;
      case 'closed':
        this.#caughtUp = message.caughtUp;
        return;
    }
  }

  #fail(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#readying.reject(error);
    if (this.#isOpen) this.#onFatal(error);
    else this.#opening.reject(error);
  }
}
