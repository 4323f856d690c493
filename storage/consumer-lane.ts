/** Feeds a consumer at its own pace: with batches that the follower has just parsed, or, further behind, read again. */
import type { BatchConsumer } from './batch-consumer.ts';
import type { BatchSource, SourcedBatch } from './follower-ports.ts';

/** Bounds of one step. An entry is a turn or an event. */
const stepEntriesMax = 20_000;
const stepMs = 150;
/** Parsed batches kept for a consumer that is a little behind. */
const windowEntriesMax = 40_000;

export class ConsumerLane {
  readonly #consumer: BatchConsumer;
  readonly #source: BatchSource;
  readonly #nowMs: () => number;
  #through: number;
  /** Parsed batches from `#through + 1` on, without gaps. */
  #window: SourcedBatch[] = [];
  #windowEntries = 0;

  constructor(consumer: BatchConsumer, source: BatchSource, nowMs: () => number) {
    this.#consumer = consumer;
    this.#source = source;
    this.#nowMs = nowMs;
    this.#through = consumer.through;
  }

  /** The last batch whose rows are committed. */
  get through(): number {
    return this.#through;
  }

  /** Keeps a parsed batch if it is the next one and there is room. */
  offer(batch: SourcedBatch, entries: number): void {
    if (this.#windowEntries >= windowEntriesMax) return;
    if (batch.batch !== this.#through + this.#window.length + 1) return;
    this.#window.push(batch);
    this.#windowEntries += entries;
  }

  /** Applies some of what is durable, and commits it. */
  step(durableThrough: number): void {
    if (this.#through >= durableThrough) return;
    const startMs = this.#nowMs();
    const fromWindow = this.#window.length > 0;
    const batches = fromWindow ? this.#window : this.#source.sourced(this.#through + 1, durableThrough);
    let entries = 0;
    let applied = 0;
    this.#consumer.begin();
    for (const { stored } of batches) {
      this.#consumer.apply(stored);
      applied += 1;
      for (const turn of stored.turns) entries += 1 + turn.events.length;
      if (entries >= stepEntriesMax || this.#nowMs() - startMs >= stepMs) break;
    }
    this.#consumer.commit();
    this.#through += applied;
    if (!fromWindow) return;
    this.#window = this.#window.slice(applied);
    this.#windowEntries -= entries;
  }
}
