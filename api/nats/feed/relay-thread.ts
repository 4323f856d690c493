/**
 * The thread in which the relay runs, with connections of its own to the journal and to NATS: the engine's thread only
 * says how far the journal is durable.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { FeedJournal } from '../../../storage/feed-journal.ts';
import { limits } from '../../limits.ts';
import { systemTimers } from '../../timers.ts';
import { createLog } from '../../log.ts';
import { NatsLink } from '../connection.ts';
import { createEventStream } from './event-stream.ts';
import { loadFeedJournal } from './journal-module.ts';
import { Relay } from './relay.ts';

export interface RelayThreadData {
  readonly dataDir: string;
  /** Module that exports `openFeedJournal(dataDir)`. */
  readonly journalModule: string;
  readonly natsUrl: string | null;
  readonly natsToken: string | null;
}

export type ToRelayThread =
  | { readonly type: 'advance'; readonly through: number }
  | { readonly type: 'moveTo'; readonly url: string }
  /** Catch up, for so long at most, remember the position, and end. */
  | { readonly type: 'close'; readonly withinMs: number };

export interface RelayReport {
  /** Every public event up to this batch is in the stream. */
  readonly through: number;
  readonly publishedTotal: number;
  /** Stamped time of the oldest batch not wholly in the stream, ms; null when there is none. */
  readonly oldestAtMs: number | null;
}

export type FromRelayThread =
  | { readonly type: 'opened'; readonly report: RelayReport }
  | { readonly type: 'report'; readonly report: RelayReport }
  | { readonly type: 'trouble'; readonly problem: string | null }
  | { readonly type: 'fatal'; readonly name: string; readonly message: string; readonly stack: string | undefined };

const reportEveryMs = 100;
const rememberEveryMs = 1_000;
const closingLookMs = 5;

if (parentPort === null) throw new Error('relay-thread.ts runs as a worker thread only');
const port = parentPort;

class RelayThread {
  readonly #journal: FeedJournal;
  readonly #link: NatsLink;
  readonly #relay: Relay;
  readonly #timer: NodeJS.Timeout;
  #reported = '';
  #rememberedAtMs = performance.now();
  #running: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(journal: FeedJournal, { natsUrl, natsToken }: RelayThreadData) {
    this.#journal = journal;
    // The connection of the engine's thread logs what there is to say of the server.
    this.#link = new NatsLink({ url: natsUrl, token: natsToken, log: createLog('silent') });
    this.#relay = new Relay({
      journal,
      stream: createEventStream(this.#link, journal.id),
      bounds: { messagesMax: limits.feedInFlightMax, bytesMax: limits.feedInFlightBytesMax },
      timers: systemTimers,
      onTrouble: (problem) => tell({ type: 'trouble', problem }),
    });
    this.#link.onConnect(() => this.#relay.interrupt());
    this.#timer = setInterval(() => this.#guarded(() => this.#look()), reportEveryMs);
  }

  start(): void {
    port.on('message', (message: ToRelayThread) => this.#hear(message));
    tell({ type: 'opened', report: this.#report() });
    this.#running = this.#relay.run().catch((error: unknown) => this.#fail(error));
  }

  #hear(message: ToRelayThread): void {
    switch (message.type) {
      case 'advance':
        this.#relay.advance(message.through);
        return;
      case 'moveTo':
        this.#link.moveTo(message.url);
        return;
      case 'close':
        void this.#close(message.withinMs);
        return;
    }
  }

  async #close(withinMs: number): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    // With NATS away nothing more will be published: the next start does it.
    while (!this.#ended && !this.#relay.troubled && this.#relay.through < this.#relay.durable) {
      if (performance.now() >= deadlineMs) break;
      await sleep(closingLookMs);
    }
    this.#relay.stop();
    await this.#running;
    this.#guarded(() => {
      this.#remember();
      this.#look();
    });
    await this.#end();
  }

  #report(): RelayReport {
    const { through, publishedTotal, oldestAtMs } = this.#relay;
    return { through, publishedTotal, oldestAtMs };
  }

  #look(): void {
    const report = this.#report();
    const text = JSON.stringify(report);
    if (text !== this.#reported) tell({ type: 'report', report });
    this.#reported = text;
    if (performance.now() - this.#rememberedAtMs >= rememberEveryMs) this.#remember();
  }

  #remember(): void {
    this.#rememberedAtMs = performance.now();
    if (this.#relay.through > this.#journal.position) this.#journal.remember(this.#relay.through);
  }

  #guarded(work: () => void): void {
    if (this.#ended) return;
    try {
      work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    tellFatal(error);
    this.#relay.stop();
    void this.#end();
  }

  async #end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    await this.#link.close();
    this.#journal.close();
    port.close();
  }
}

function tell(message: FromRelayThread): void {
  port.postMessage(message);
}

function tellFatal(error: unknown): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  tell({ type: 'fatal', name, message, stack });
}

try {
  // The main side starts this thread with exactly this value.
  const data = workerData as RelayThreadData;
  new RelayThread(await loadFeedJournal(data.journalModule, data.dataDir), data).start();
} catch (error) {
  tellFatal(error);
  port.close();
}
