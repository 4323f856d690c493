/** The event feed as the engine's thread sees it: told how far the journal is durable, asked how far behind it is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Log } from '../../log.ts';
import type { NatsLink } from '../connection.ts';
import type { FromRelayThread, RelayReport, RelayThreadData, ToRelayThread } from './relay-thread.ts';

/** Batches that become durable within this time are told together, ms. */
const advanceEveryMs = 10;
/** What the thread may take to end once its time is up, ms. */
const endingMs = 250;

export interface FeedOptions {
  readonly dataDir: string;
  /** storage/feed-journal.ts, as the composition root names it. */
  readonly journalModule: URL;
  /** The process's connection: the feed has one of its own to the same server, and moves when it moves. */
  readonly link: Pick<NatsLink, 'target' | 'onConnect'>;
  /** The journal's end. */
  readonly durableThrough: number;
  /** Stamped time, ms. */
  readonly nowMs: () => number;
  readonly log: Log;
  /** Called at most once: damaged storage, a stream ahead of the journal, or a bug. The process must stop. */
  readonly onFatal: (error: Error) => void;
}

export interface FeedLag {
  /** Durable batches that are not wholly in the stream. */
  readonly batches: number;
  /** Age of the oldest of them with a public event, s; 0 when there is none. */
  readonly seconds: number;
}

export interface Feed {
  /** The journal is durable through this batch. Cheap; may be called after every batch. */
  advance(durableThrough: number): void;
  lag(): FeedLag;
  /** Events that the stream has confirmed to this process. */
  published(): number;
  /** What stands in the way of publishing; null when nothing does. */
  problem(): string | null;
  /** Publishes what is durable, for at most so long, remembers the position and ends. The next start does the rest. */
  close(withinMs: number): Promise<void>;
}

/**
 * Starts the relay's thread. Resolves when the remembered position is checked; NATS may be away.
 *
 * @throws an error named StorageDamaged or StorageUnavailable, as those of storage
 */
export async function startFeed(options: FeedOptions): Promise<Feed> {
  const { dataDir, journalModule, link } = options;
  const workerData: RelayThreadData = {
    dataDir,
    journalModule: journalModule.href,
    natsUrl: link.target.url,
    natsToken: link.target.token,
  };
  const thread = new Worker(new URL('./relay-thread.ts', import.meta.url), { workerData });
  const feed = new ThreadedFeed(thread, options);
  await feed.opened;
  return feed;
}

class ThreadedFeed implements Feed {
  readonly opened: Promise<void>;
  readonly #thread: Worker;
  readonly #options: FeedOptions;
  readonly #opening = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  #report: RelayReport = { through: 0, publishedTotal: 0, oldestAtMs: null };
  #durable: number;
  #told: number;
  #timer: NodeJS.Timeout | undefined;
  #problem: string | null = 'not connected yet';
  #isOpen = false;
  #failed = false;
  #closing = false;
  readonly #leave: () => void;

  constructor(thread: Worker, options: FeedOptions) {
    this.#thread = thread;
    this.#options = options;
    this.#durable = options.durableThrough;
    this.#told = options.durableThrough;
    this.opened = this.#opening.promise;
    this.#leave = options.link.onConnect(() => {
      const { url } = options.link.target;
      if (url !== null) this.#tell({ type: 'moveTo', url });
    });
    thread.on('message', (message: FromRelayThread) => this.#hear(message));
    thread.on('error', (error: Error) => this.#fail(error));
    thread.once('exit', () => {
      if (!this.#closing) this.#fail(new Error('the thread of the event feed has ended by itself'));
      this.#exited.resolve();
    });
  }

  advance(durableThrough: number): void {
    this.#durable = durableThrough;
    this.#timer ??= setTimeout(() => this.#tellAdvance(), advanceEveryMs);
  }

  lag(): FeedLag {
    const batches = Math.max(0, this.#durable - this.#report.through);
    const { oldestAtMs } = this.#report;
    const ageMs = batches === 0 || oldestAtMs === null ? 0 : this.#options.nowMs() - oldestAtMs;
    return { batches, seconds: Math.max(0, ageMs) / 1000 };
  }

  published(): number {
    return this.#report.publishedTotal;
  }

  problem(): string | null {
    return this.#problem;
  }

  async close(withinMs: number): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#leave();
      this.#tellAdvance();
      this.#tell({ type: 'close', withinMs });
    }
    // What it has under way with a server that answers nothing ends later, and by itself.
    await Promise.race([this.#exited.promise, sleep(withinMs + endingMs, undefined, { ref: false })]);
  }

  #tellAdvance(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#durable > this.#told) this.#tell({ type: 'advance', through: this.#durable });
    this.#told = this.#durable;
  }

  #tell(message: ToRelayThread): void {
    this.#thread.postMessage(message);
  }

  #hear(message: FromRelayThread): void {
    switch (message.type) {
      case 'opened':
        this.#isOpen = true;
        this.#report = message.report;
        this.#opening.resolve();
        return;
      case 'report':
        this.#report = message.report;
        return;
      case 'trouble':
        this.#heed(message.problem);
        return;
      case 'fatal': {
        const error = new Error(message.message);
        error.name = message.name;
        if (message.stack !== undefined) error.stack = message.stack;
        this.#fail(error);
        return;
      }
    }
  }

  #heed(problem: string | null): void {
    this.#problem = problem;
    const { log } = this.#options;
    if (problem === null) log.info({ through: this.#report.through }, 'the event feed is publishing');
    else log.warn({ reason: problem }, 'the event feed waits');
  }

  #fail(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    if (this.#isOpen) this.#options.onFatal(error);
    else this.#opening.reject(error);
  }
}
