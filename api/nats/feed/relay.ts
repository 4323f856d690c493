/**
 * Follows the durable journal with the event stream.
 *
 * 1. Only durable batches are read: `advance` says how far.
 * 2. The stream itself says where to go on: after the event of its last message. Where it cannot (empty, deleted, purged,
 *    written to by others), the relay goes on from what was stored as far as it knows, else from the remembered position.
 * 3. Events are published in pipelines, and each only onto the one before it (event-stream.ts). After any failure,
 *    a timeout included, the relay looks again where the stream ends and goes on from there. So the stream has every
 *    public event, at least once, in journal order; more than once only where rule 2 had to fall back.
 * 4. The remembered position never passes an event that the stream has not confirmed. It may lag behind.
 */
import type { StoredBatch } from '../../../engine/ports.ts';
import type { FeedJournal } from '../../../storage/feed-journal.ts';
import { pause, type Timers } from '../../timers.ts';
import { troubleOf } from '../trouble.ts';
import { isBefore, positionAfter, type EventPosition } from './event-id.ts';
import { StreamRefused, type EventStream } from './event-stream.ts';
import { assertNotAhead } from './feed-ahead.ts';
import { publicEvents, type PublicEvent } from './public-events.ts';
import { PublishWindow, type WindowBounds } from './publish-window.ts';

/** A batch of only private events needs no message; after so many, others get their turn on the thread. */
const batchesPerSlice = 256;
const retryMinMs = 50;
const retryMaxMs = 2_000;
/** A stream that is somebody else's is looked at again so often, ms. */
const refusedRetryMs = 10_000;

export interface RelayOptions {
  readonly journal: FeedJournal;
  readonly stream: EventStream;
  readonly bounds: WindowBounds;
  readonly timers: Timers;
  /** Something stands in the way, or (null) no longer does. Told once for each change. */
  readonly onTrouble: (problem: string | null) => void;
}

export class Relay {
  readonly #options: RelayOptions;
  readonly #stopping = new AbortController();
  /** The journal is durable through this batch. */
  #durable: number;
  /** Everything before this is in the stream, as far as this process knows. */
  #reached: EventPosition;
  #publishedTotal = 0;
  /** What the stream's last sequence is at least, unless it has lost messages: seen, and counted from there. */
  #sequenceAtLeast = Infinity;
  /** Stamped time of the oldest batch with an event that is not stored yet, by batch; in order. */
  #open: { readonly batch: number; readonly atMs: number }[] = [];
  #window: PublishWindow | null = null;
  #advanced = Promise.withResolvers<void>();
  /** What was told last; nothing yet. */
  #trouble: string | null | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#durable = options.journal.end();
    this.#reached = { batch: options.journal.position + 1, index: 0 };
  }

  /** Every public event up to this batch is in the stream. */
  get through(): number {
    return Math.min(this.#reached.batch - 1, this.#durable);
  }

  get durable(): number {
    return this.#durable;
  }

  /** Whether something stands in the way of publishing. */
  get troubled(): boolean {
    return this.#trouble !== null;
  }

  /** Events stored since this process started. */
  get publishedTotal(): number {
    return this.#publishedTotal;
  }

  /** Stamped time of the oldest batch that is not wholly in the stream, ms; null when there is none. */
  get oldestAtMs(): number | null {
    return this.#open[0]?.atMs ?? null;
  }

  advance(durableThrough: number): void {
    if (durableThrough <= this.#durable) return;
    this.#durable = durableThrough;
    this.#advanced.resolve();
    this.#advanced = Promise.withResolvers<void>();
  }

  /** The connection is a new one: what was on its way has an unknown outcome. */
  interrupt(): void {
    this.#window?.fail(new Error('the connection was lost'));
  }

  /** Follows until `stop`. Rejects only with what must stop the process: damaged storage, a stream ahead of the journal, a bug. */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      const before = this.#publishedTotal;
      try {
        await this.#follow();
      } catch (error) {
        if (!(error instanceof RelayInterrupted)) throw error;
        failures = this.#publishedTotal > before ? 0 : failures + 1;
        this.#tell(error.message);
        this.#noteOldest();
        const waitMs = error.refused ? refusedRetryMs : Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(failures, 10));
        await pause(this.#options.timers, waitMs, this.#stopping.signal);
      }
    }
  }

  stop(): void {
    this.#stopping.abort();
    this.#window?.fail(new Error('the feed is stopping'));
    this.#advanced.resolve();
  }

  /** From where the stream ends, as far as the journal is durable, and on with it until something goes wrong. */
  async #follow(): Promise<void> {
    const { journal, stream, bounds } = this.#options;
    const end = await interrupting(() => stream.open());
    assertNotAhead(end.lastEvent, journal);
    if (end.lastEvent !== null) {
      const after = positionAfter(end.lastEvent);
      // A stream that has lost nothing ends with an older event only where somebody has published that again.
      if (end.lastSequence < this.#sequenceAtLeast || !isBefore(after, this.#reached)) this.#reached = after;
    }
    this.#sequenceAtLeast = end.lastSequence;
    this.#open = [];
    const window = new PublishWindow(bounds, (position) => this.#reach(position));
    this.#window = window;
    let last: number | PublicEvent = end.lastSequence;
    let from = this.#reached;
    this.#tell(null);
    for (;;) {
      const through = this.#durable;
      let batches = 0;
      for (const batch of journal.batches(from.batch, through)) {
        last = await this.#publishBatch(window, batch, from.batch === batch.number ? from.index : 0, last);
        batches += 1;
        if (batches % batchesPerSlice === 0) await breathe();
      }
      from = through >= from.batch ? { batch: through + 1, index: 0 } : from;
      const advanced = this.#advanced.promise;
      while (this.#durable <= through) {
        this.#check(window);
        await Promise.race([advanced, window.change()]);
      }
    }
  }

  /** Sends what is public from `index` on, after `last`; returns what the next batch comes after. */
  async #publishBatch(
    window: PublishWindow,
    batch: StoredBatch,
    index: number,
    last: number | PublicEvent,
  ): Promise<number | PublicEvent> {
    let after = last;
    let opened = false;
    for (const event of publicEvents(batch)) {
      if (event.index < index) continue;
      if (!opened) this.#open.push({ batch: batch.number, atMs: batch.atMs });
      opened = true;
      this.#check(window);
      while (window.full) {
        await window.change();
        this.#check(window);
      }
      const body = JSON.stringify(event.body);
      const publishing = this.#options.stream.publish(event, body, after).then(() => this.#stored());
      window.add(publishing, body.length, positionAfter(event));
      after = event;
    }
    window.mark({ batch: batch.number + 1, index: 0 });
    return after;
  }

  #stored(): void {
    this.#publishedTotal++;
    this.#sequenceAtLeast++;
  }

  #reach(position: EventPosition): void {
    this.#reached = position;
    let stored = 0;
    while ((this.#open[stored]?.batch ?? Infinity) < position.batch) stored += 1;
    if (stored > 0) this.#open.splice(0, stored);
  }

  /** While nothing can be published, the journal's next batch tells how old the lag is. */
  #noteOldest(): void {
    if (this.#open.length > 0 || this.#reached.batch > this.#durable) return;
    for (const { number, atMs } of this.#options.journal.batches(this.#reached.batch, this.#reached.batch)) {
      this.#open = [{ batch: number, atMs }];
    }
  }

  #check(window: PublishWindow): void {
    if (this.#stopping.signal.aborted) throw new RelayInterrupted('the feed is stopping', false);
    if (window.failure !== null) throw new RelayInterrupted(window.failure.message, false);
  }

  #tell(problem: string | null): void {
    if (problem === this.#trouble || this.#stopping.signal.aborted) return;
    this.#trouble = problem;
    this.#options.onTrouble(problem);
  }
}

/** Not fatal: look again where the stream ends, and go on. */
class RelayInterrupted extends Error {
  readonly refused: boolean;

  constructor(message: string, refused: boolean) {
    super(message);
    this.refused = refused;
  }
}

async function interrupting<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const refused = error instanceof StreamRefused;
    throw new RelayInterrupted(refused ? error.message : troubleOf(error), refused);
  }
}

async function breathe(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
}
