/**
 * Follows the durable journal and makes from it what can be made again: snapshots, the index of bound keys, and
 * whatever a consumer keeps. It runs the same `evolve` on its own copy of the actors, so snapshots cost the engine
 * nothing, and sees durable batches only, so nothing that it stores can be ahead of the disk.
 *
 * 1. Rows and the position that they stand for commit together.
 * 2. `completeThrough` is one less than the first batch with an event that is in no snapshot yet (invariant 11).
 * 3. A snapshot is taken between batches, so it includes a batch wholly or not at all.
 * 4. Keys and snapshots go before the consumer: when the machine is busy, only the consumer falls behind.
 *
 * No thread, no clock of its own: `step` does one bounded piece of work.
 */
import type { ErasedKind } from '../engine/actor.ts';
import type { FollowerReport, StoredBatch, StoredNow } from '../engine/ports.ts';
import type { BatchConsumer } from './batch-consumer.ts';
import { ConsumerLane } from './consumer-lane.ts';
import { FollowedActors } from './followed-actors.ts';
import type { BatchSource, FollowerStore, JournalPosition } from './follower-ports.ts';
import { SnapshotCycle } from './snapshot-cycle.ts';

export interface FollowerOptions {
  readonly source: BatchSource;
  readonly store: FollowerStore;
  readonly consumer: BatchConsumer | null;
  readonly kinds: Readonly<Record<string, ErasedKind>>;
  /** How long a key stays bound, ms of stamped time. */
  readonly keyTtlMs: number;
  /** Monotonic clock, ms. */
  readonly nowMs: () => number;
}

export interface StepOutcome {
  /** Turns read for snapshots and keys. */
  readonly turns: number;
  /** Whether `step` would find more to do at once. */
  readonly more: boolean;
  /** What has become durable, when anything has. */
  readonly report: FollowerReport | undefined;
}

/** Bounds of one step. An entry is a turn or an event. */
const stateEntriesMax = 40_000;
const stateMs = 150;
const snapshotBytesMax = 4 * 1024 * 1024;
/** As long as what it applies: a cycle that takes long leaves a long tail to the next start. */
const snapshotMs = 50;
const expiredKeysMin = 500;

export class Follower {
  readonly #source: BatchSource;
  readonly #store: FollowerStore;
  readonly #consumer: ConsumerLane | null;
  readonly #keyTtlMs: number;
  readonly #nowMs: () => number;
  readonly #actors: FollowedActors;
  readonly #cycle: SnapshotCycle;
  /** The last batch applied to the actors. */
  #last: JournalPosition;
  #lastAtMs = 0;
  #keysThrough: number;
  #completeThrough: number;
  #stored: StoredNow[] = [];

  constructor(options: FollowerOptions) {
    this.#source = options.source;
    this.#store = options.store;
    this.#consumer =
      options.consumer === null ? null : new ConsumerLane(options.consumer, options.source, options.nowMs);
    this.#keyTtlMs = options.keyTtlMs;
    this.#nowMs = options.nowMs;
    this.#actors = new FollowedActors(options.kinds, options.store);
    const complete = options.store.position('complete_through');
    this.#last = complete ?? { batch: 0, checksum: new Uint8Array() };
    this.#completeThrough = this.#last.batch;
    this.#keysThrough = options.store.position('keys_through')?.batch ?? 0;
    this.#cycle = new SnapshotCycle(options.nowMs());
  }

  /** The last batch applied to the actors' copies. */
  get through(): number {
    return this.#last.batch;
  }

  /** The last batch whose keys are committed to the index. */
  get keysThrough(): number {
    return this.#keysThrough;
  }

  /** Whether everything through this batch is in snapshots, key index and consumer. */
  isDone(durableThrough: number): boolean {
    return this.#completeThrough >= durableThrough && this.#readModelThrough >= durableThrough;
  }

  /**
   * Brings the key index alone up to `through`, which is what a start waits for; the rest follows while the engine
   * recovers or already runs.
   */
  indexKeysThrough(through: number): void {
    while (this.#keysThrough < through) {
      let entries = 0;
      let last: JournalPosition | undefined;
      this.#store.begin();
      for (const sourced of this.#source.sourced(this.#keysThrough + 1, through)) {
        this.#indexKeys(sourced.stored);
        last = sourced;
        entries += sourced.stored.turns.length;
        if (entries >= stateEntriesMax) break;
      }
      if (last === undefined) throw new Error(`the journal ends before batch ${through}`);
      this.#store.setPosition('keys_through', last);
      this.#store.commit();
      this.#keysThrough = last.batch;
    }
  }

  /**
   * One bounded piece of work.
   *
   * @param durableThrough the journal is durable through this batch
   * @param finishing take snapshots whenever an event is in none
   */
  step(durableThrough: number, finishing = false): StepOutcome {
    const before = `${this.#completeThrough}|${this.#keysThrough}|${this.#readModelThrough}`;
    const turns = this.#stepState(durableThrough, finishing);
    this.#consumer?.step(durableThrough);
    const after = `${this.#completeThrough}|${this.#keysThrough}|${this.#readModelThrough}`;
    const changed = before !== after || this.#stored.length > 0;
    const more =
      this.#last.batch < durableThrough ||
      this.#cycle.through !== undefined ||
      this.#readModelThrough < durableThrough ||
      (finishing && this.#actors.dirtyCount > 0);
    return { turns, more, report: changed ? this.report() : undefined };
  }

  report(): FollowerReport {
    const stored = this.#stored;
    this.#stored = [];
    return {
      completeThrough: this.#completeThrough,
      keysThrough: this.#keysThrough,
      readModelThrough: this.#readModelThrough,
      stored,
    };
  }

  get #readModelThrough(): number {
    return this.#consumer === null ? this.#keysThrough : this.#consumer.through;
  }

  #stepState(durableThrough: number, finishing: boolean): number {
    this.#startCycleIfDue(finishing);
    if (this.#last.batch >= durableThrough && this.#cycle.through === undefined) return 0;
    this.#store.begin();
    const { turns, keys } = this.#applyBatches(durableThrough);
    if (this.#cycle.through !== undefined) this.#storeSnapshots(this.#cycle.through);
    if (keys > 0) this.#store.expireKeys(this.#lastAtMs - this.#keyTtlMs, expiredKeysMin + 2 * keys);
    // Never back: at a start, batches are applied again that the key index has already.
    if (this.#last.batch > this.#keysThrough) {
      this.#store.setPosition('keys_through', this.#last);
      this.#keysThrough = this.#last.batch;
    }
    this.#store.commit();
    return turns;
  }

  #applyBatches(durableThrough: number): { turns: number; keys: number } {
    const startMs = this.#nowMs();
    let entries = 0;
    let turns = 0;
    let keys = 0;
    let chars = 0;
    for (const sourced of this.#source.sourced(this.#last.batch + 1, durableThrough)) {
      const { stored } = sourced;
      if (stored.number > this.#keysThrough) keys += this.#indexKeys(stored);
      const batchEntries = stored.turns.length + this.#actors.apply(stored);
      this.#last = sourced;
      this.#lastAtMs = stored.atMs;
      this.#consumer?.offer(sourced, batchEntries);
      entries += batchEntries;
      turns += stored.turns.length;
      chars += sourced.chars;
      if (entries >= stateEntriesMax || this.#nowMs() - startMs >= stateMs) break;
    }
    if (turns > 0) this.#cycle.applied(entries, chars, this.#nowMs());
    return { turns, keys };
  }

  #indexKeys(batch: StoredBatch): number {
    let keys = 0;
    for (let index = 0; index < batch.turns.length; index += 1) {
      const turn = batch.turns[index];
      if (turn === undefined) continue;
      if (turn.pending !== undefined) this.#store.addPending(turn.to, turn.pending);
      if (turn.released !== undefined) this.#store.releasePending(turn.released);
      if (turn.binding !== undefined) {
        this.#store.bindKey(batch.number, index, turn.atMs, turn.binding);
        keys += 1;
      }
    }
    return keys;
  }

  #startCycleIfDue(finishing: boolean): void {
    if (this.#cycle.through !== undefined) return;
    if (this.#actors.dirtyCount === 0 && this.#completeThrough === this.#last.batch) return;
    if (finishing || this.#cycle.isDue(this.#nowMs())) this.#cycle.begin(this.#last.batch);
  }

  #storeSnapshots(cycleThrough: number): void {
    const startMs = this.#nowMs();
    let bytes = 0;
    while (this.#actors.firstUnstored() <= cycleThrough) {
      const stored = this.#actors.storeOldest(this.#last.batch);
      bytes += stored.bytes;
      this.#stored.push(stored);
      if (bytes >= snapshotBytesMax || this.#nowMs() - startMs >= snapshotMs) break;
    }
    this.#moveCompleteThrough();
    this.#cycle.stored(bytes, this.#completeThrough, this.#nowMs());
  }

  /** To the batch before the first event that is in no snapshot. */
  #moveCompleteThrough(): void {
    const through = Math.min(this.#last.batch, this.#actors.firstUnstored() - 1);
    if (through === this.#completeThrough) return;
    this.#store.setPosition('complete_through', this.#source.positionOf(through));
    this.#completeThrough = through;
  }
}
