/**
 * The thread in which the follower runs. Between steps it listens to the main side, which tells how far the journal is
 * durable and when to stop. It also copies the journal's WAL in small pieces, and scrubs when there is nothing to do.
 */
import { once } from 'node:events';
import { constants, getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { Address, ErasedKind } from '../engine/actor.ts';
import type { FollowerReport } from '../engine/ports.ts';
import type { BatchConsumer, BatchConsumerModule } from './batch-consumer.ts';
import { checkPositions, checkSummaries, verifyRecent } from './check-positions.ts';
import { failureOf } from './failure.ts';
import type { Failure } from './failure.ts';
import { Follower } from './follower.ts';
import { JournalCheckpointer } from './journal-appender.ts';
import { JournalReader } from './journal-reader.ts';
import { rebuildDamagedSnapshots } from './rebuild-snapshots.ts';
import { Scrub } from './scrub.ts';
import { setAsideIfMarked } from './set-aside.ts';
import { StateWriter } from './state-writer.ts';

export interface FollowerThreadData {
  readonly journalFile: string;
  readonly stateFile: string;
  /** Module that exports `createKinds(rules)`. */
  readonly kindsModule: string;
  readonly rules: unknown;
  readonly keyTtlMs: number;
  readonly consumer: { readonly module: string; readonly file: string } | null;
}

export type ToFollowerThread =
  /** The journal is there, so the files may be opened. The first message, unless that is `close`. */
  | { readonly type: 'open' }
  | { readonly type: 'advance'; readonly through: number }
  /** Somebody waits until the consumer has this batch, which is durable. */
  | { readonly type: 'hurry'; readonly through: number }
  /** By the stamped time `atMs`, the messages of all durable keys of batches through this one were acked. */
  | { readonly type: 'acked'; readonly through: number; readonly atMs: number }
  /** Catch up through this batch, take the last snapshots, and end; give up after `withinMs`. */
  | { readonly type: 'close'; readonly through: number; readonly withinMs: number };

export type FromFollowerThread =
  /** Positions are checked and damaged snapshots made again; the files may be read. */
  | { readonly type: 'opened'; readonly rebuilt: readonly Address[] }
  /** Keys are caught up with the journal's end as it was at open. */
  | { readonly type: 'ready' }
  /** `seen`: the highest `advance` that it answers. */
  | { readonly type: 'report'; readonly seen: number; readonly report: FollowerReport | undefined }
  | { readonly type: 'fatal'; readonly failure: Failure }
  | { readonly type: 'closed'; readonly caughtUp: boolean };

/**
 * After each step there is a pause, so that the next takes more at once: a commit of few rows costs as much, and a page
 * of an index is written once in a transaction, however many of its rows are new. Nobody waits for the end of the long
 * one: whoever needs the newest batches in the read model says so (`hurry`), and then it is short.
 */
const pauseMs = 10;
const pauseAfterMuchMs = 500;
const pauseHurriedMs = 100;
const muchTurns = 200;
/** With nothing to do, looks so often whether snapshots are due by time. */
const restMs = 250;
const checkpointEveryMs = 100;
/** Scrub: one piece so often while there is nothing else to do, seldom while there is, and an hour between passes. */
const scrubEveryMs = 50;
const scrubBusyEveryMs = 1_000;
const scrubPassEveryMs = 3_600_000;

/**
 * Nicer than the engine's thread by so much, once no start waits for it: who answers is to have a core first. Measured
 * on 2 cores, p99 of holds at half load: 0.74 of before. Not nicer yet, so that on one core a quarter is left for it.
 */
const nicerBy = 5;

if (parentPort === null) throw new Error('follower-thread.ts runs as a worker thread only');
const port = parentPort;

class FollowerLoop {
  readonly #reader: JournalReader;
  readonly #store: StateWriter;
  readonly #consumer: BatchConsumer | null;
  readonly #follower: Follower;
  readonly #scrub: Scrub;
  readonly #checkpointer: JournalCheckpointer;
  #durableThrough: number;
  #reportedSeen = 0;
  #timer: NodeJS.Timeout | undefined;
  #resting = false;
  /** When the pause under load began, ms; undefined outside of one. */
  #pausedSinceMs: number | undefined;
  #ended = false;
  #nextScrubMs = 0;
  #nextCheckpointMs = 0;
  #checkpointedThrough = 0;

  constructor(
    data: FollowerThreadData,
    kinds: Readonly<Record<string, ErasedKind>>,
    consumers: BatchConsumerModule | null,
  ) {
    this.#reader = new JournalReader(data.journalFile);
    setAsideIfMarked(data.stateFile);
    this.#store = new StateWriter(data.stateFile, this.#reader.id);
    const consumerFile = data.consumer?.file ?? '';
    this.#consumer = consumers?.openConsumer(consumerFile, this.#reader.id, this.#reader.end().batch) ?? null;
    checkPositions(this.#reader, this.#store, this.#consumer, consumerFile);
    const rebuilt = rebuildDamagedSnapshots(this.#reader, this.#store, kinds);
    checkSummaries(this.#reader, this.#store);
    this.#follower = new Follower({
      source: this.#reader,
      store: this.#store,
      consumer: this.#consumer,
      kinds,
      keyTtlMs: data.keyTtlMs,
      nowMs: () => performance.now(),
    });
    this.#scrub = new Scrub(this.#reader, this.#store.audit);
    this.#checkpointer = new JournalCheckpointer(data.journalFile);
    this.#durableThrough = this.#reader.end().batch;
    tell({ type: 'opened', rebuilt });
  }

  start(): void {
    port.on('message', (message: ToFollowerThread) => this.#guarded(() => this.#hear(message)));
    this.#guarded(() => {
      this.#store.audit.verifyNames('index');
      verifyRecent(this.#reader, this.#follower.keysThrough);
      this.#follower.indexKeysThrough(this.#durableThrough);
      beNice();
      tell({ type: 'ready' });
      tell({ type: 'report', seen: 0, report: this.#follower.report() });
      // The engine starts now: what is left to follow can wait until it appends, or a little.
      this.#rest(restMs);
    });
  }

  #hear(message: ToFollowerThread): void {
    if (this.#ended || message.type === 'open') return;
    switch (message.type) {
      case 'advance':
        this.#durableThrough = message.through;
        if (this.#resting) this.#schedule(0);
        return;
      case 'hurry':
        this.#durableThrough = message.through;
        this.#hurry();
        return;
      case 'acked':
        // Between two steps, so no transaction is open.
        this.#store.noteAcked(message.through, message.atMs);
        return;
      case 'close':
        this.#durableThrough = message.through;
        this.#finish(message.withinMs);
        return;
    }
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#resting = false;
    this.#pausedSinceMs = undefined;
    this.#timer = setTimeout(() => this.#guarded(() => this.#work()), delayMs);
  }

  #work(): void {
    const seen = this.#durableThrough;
    const { turns, more, report } = this.#follower.step(seen);
    if (report !== undefined || seen !== this.#reportedSeen) tell({ type: 'report', seen, report });
    this.#reportedSeen = seen;
    this.#maintain(seen, more || turns > 0);
    if (more) this.#schedule(0);
    else if (turns >= muchTurns) this.#pause(pauseAfterMuchMs, performance.now());
    else if (turns > 0) this.#schedule(pauseMs);
    else this.#rest(Math.min(restMs, Math.max(1, this.#nextScrubMs - performance.now())));
  }

  /** Waits, though the journal advances, unless somebody is in a hurry. */
  #pause(delayMs: number, sinceMs: number): void {
    this.#schedule(delayMs);
    this.#pausedSinceMs = sinceMs;
  }

  #hurry(): void {
    if (this.#resting) this.#schedule(0);
    const sinceMs = this.#pausedSinceMs;
    if (sinceMs !== undefined) this.#pause(Math.max(0, sinceMs + pauseHurriedMs - performance.now()), sinceMs);
  }

  /** Waits, unless the journal advances. */
  #rest(delayMs: number): void {
    this.#schedule(delayMs);
    this.#resting = true;
  }

  #maintain(through: number, busy: boolean): void {
    const nowMs = performance.now();
    if (nowMs >= this.#nextCheckpointMs && through > this.#checkpointedThrough) {
      this.#checkpointer.checkpoint();
      this.#checkpointedThrough = through;
      this.#nextCheckpointMs = nowMs + checkpointEveryMs;
    }
    if (nowMs < this.#nextScrubMs) return;
    const passEnded = this.#scrub.step(through);
    const pieceMs = busy ? scrubBusyEveryMs : scrubEveryMs;
    this.#nextScrubMs = nowMs + (passEnded ? scrubPassEveryMs : pieceMs);
  }

  #finish(withinMs: number): void {
    const deadlineMs = performance.now() + withinMs;
    while (!this.#follower.isDone(this.#durableThrough) && performance.now() < deadlineMs) {
      const { report } = this.#follower.step(this.#durableThrough, true);
      if (report !== undefined) tell({ type: 'report', seen: this.#durableThrough, report });
    }
    tell({ type: 'closed', caughtUp: this.#follower.isDone(this.#durableThrough) });
    this.#end();
  }

  /** Nothing follows: what is not committed is made again from the journal. */
  #end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#checkpointer.close();
    this.#consumer?.close();
    this.#store.close();
    this.#reader.close();
    port.close();
  }

  #guarded(work: () => void): void {
    if (this.#ended) return;
    try {
      work();
    } catch (error) {
      tell({ type: 'fatal', failure: failureOf(error) });
      this.#end();
    }
  }
}

function beNice(): void {
  // Elsewhere a priority is the whole process's.
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, Math.min(constants.priority.PRIORITY_LOW, getPriority(0) + nicerBy));
  } catch {
    // A sandbox may forbid it; then the two share alike.
  }
}

function tell(message: FromFollowerThread): void {
  port.postMessage(message);
}

/** Modules come by URL, so that storage imports no value of another layer. */
async function load(data: FollowerThreadData): Promise<() => FollowerLoop> {
  // Both are named by the composition root, which is typed against the same interfaces.
  const kinds = (await import(data.kindsModule)) as {
    createKinds(rules: unknown): Readonly<Record<string, ErasedKind>>;
  };
  const consumers = data.consumer === null ? null : ((await import(data.consumer.module)) as BatchConsumerModule);
  return () => new FollowerLoop(data, kinds.createKinds(data.rules), consumers);
}

try {
  // The main side starts this thread with exactly this value, and sends such messages.
  const open = await load(workerData as FollowerThreadData);
  const [first] = (await once(port, 'message')) as [ToFollowerThread];
  if (first.type === 'open') open().start();
  else port.close();
} catch (error) {
  tell({ type: 'fatal', failure: failureOf(error) });
  port.close();
}
