/**
 * Group commit. While one batch is being written, the next one fills; a batch leaves when the writer is idle and a round
 * of the event loop has brought it nothing more, or it is large, never on a timer (invariant 4). What rests on a batch is
 * released only after that batch is durable (invariant 3). A failed commit is fatal: its outcome is unknown (invariant 5).
 * After `endOfBatch` of the LMAX Disruptor.
 */
import type { Journal } from './ports.ts';

/**
 * A batch that still grows waits for so many rounds of the event loop at most. What a commit costs hardly depends on how
 * much it holds, so under load a few rounds save most commits; without load, one empty round takes microseconds.
 */
const roundsMax = 4;
/**
 * A batch of so many turns waits for nothing but the writer: its commit costs each of them little already. It leaves in
 * the middle of a round, so that the disk works on it while the next turns are judged, once it has grown for as long as
 * the last commit took. Of 64 connections two halves are then on their way in turns; else all would wait for the same
 * commit, and the engine with them. On a disk that takes longer than judging all of them, halves would only double the
 * commits.
 */
const largeTurns = 32;

/** Deadlines take so much of a batch: one part in so many. */
const crowdedShare = 8;

/** Runs when the batch that it rests on is durable. */
export type Release = () => void;

/** The event loop as the engine needs it; a simulation passes its own. */
export interface Scheduler {
  /** Runs `task` after the work of this round of the event loop. */
  soon(task: () => void): void;
  /** Runs `task` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, task: () => void): () => void;
}

interface OpenBatch {
  readonly number: number;
  /** When its first turn came, by the monotonic clock. */
  sinceMs: number;
  atMs: number;
  readonly turns: string[];
  /** Of all turns together. */
  chars: number;
  readonly releases: Release[];
}

export interface CommitterOptions {
  readonly journal: Journal;
  readonly scheduler: Scheduler;
  readonly batchTurnsMax: number;
  readonly batchCharsMax: number;
  /** Called once; afterwards nothing is released any more. */
  readonly onFatal: (error: unknown) => void;
  /** Called after each durable batch: turns in it, and ms from append to durable. */
  readonly onDurable: (batch: number, turns: number, commitMs: number) => void;
  readonly monotonicMs: () => number;
}

export class Committer {
  readonly #options: CommitterOptions;
  #open: OpenBatch;
  #writing: OpenBatch | null = null;
  #durable: number;
  #flushScheduled = false;
  #lastCommitMs = 0;
  #stopped = false;
  readonly #idleWaiters: (() => void)[] = [];

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#durable = options.journal.end.batch;
    this.#open = emptyBatch(this.#durable + 1);
  }

  /** Number of the last durable batch. */
  get durableBatch(): number {
    return this.#durable;
  }

  /** Number of the batch that is filling, and the index that its next turn will have. */
  get openBatch(): number {
    return this.#open.number;
  }

  get openTurns(): number {
    return this.#open.turns.length;
  }

  get full(): boolean {
    const { batchTurnsMax, batchCharsMax } = this.#options;
    return this.#open.turns.length >= batchTurnsMax || this.#open.chars >= batchCharsMax;
  }

  /**
   * Whether the open batch takes no more of what nobody waits for: it keeps room for clients, and is written while they
   * wait. Else a slow disk would get a larger batch each time, because more is due when it is done.
   */
  get crowded(): boolean {
    return this.full || this.#open.chars >= this.#options.batchCharsMax / crowdedShare;
  }

  /** Adds one encoded turn to the open batch. */
  add(turnJson: string, atMs: number): void {
    const batch = this.#open;
    if (batch.turns.length === 0) batch.sinceMs = this.#options.monotonicMs();
    batch.turns.push(turnJson);
    batch.chars += turnJson.length;
    batch.atMs = atMs;
    if (this.#writing === null && this.#isWorthACommit(batch)) this.#flush();
    else this.#scheduleFlush();
  }

  /** Runs `release` when this batch is durable: at once where it is. */
  whenDurable(batch: number, release: Release): void {
    if (batch <= this.#durable) release();
    else if (this.#writing !== null && batch <= this.#writing.number) this.#writing.releases.push(release);
    else this.#open.releases.push(release);
  }

  /** Resolves when everything added so far is durable. */
  async idle(): Promise<void> {
    if (this.#writing === null && this.#open.turns.length === 0) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Nothing more is written or released: the process is about to stop. */
  stop(): void {
    this.#stopped = true;
  }

  #isWorthACommit(batch: OpenBatch): boolean {
    return batch.turns.length >= largeTurns && this.#options.monotonicMs() - batch.sinceMs >= this.#lastCommitMs;
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#writing !== null) return;
    this.#flushScheduled = true;
    this.#flushAfterRound(0, 1);
  }

  #flushAfterRound(turnsBefore: number, round: number): void {
    this.#options.scheduler.soon(() => {
      const turns = this.#open.turns.length;
      if (turns > turnsBefore && round < roundsMax) {
        this.#flushAfterRound(turns, round + 1);
        return;
      }
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#stopped || this.#writing !== null || this.#open.turns.length === 0) return;
    const batch = this.#open;
    this.#writing = batch;
    this.#open = emptyBatch(batch.number + 1);
    const startedMs = this.#options.monotonicMs();
    this.#options.journal
      .append({ number: batch.number, atMs: batch.atMs, turns: batch.turns })
      .then(() => this.#durableNow(batch, startedMs))
      .catch((error: unknown) => {
        if (this.#stopped) return;
        this.#stopped = true;
        this.#options.onFatal(error);
      });
  }

  #durableNow(batch: OpenBatch, startedMs: number): void {
    if (this.#stopped) return;
    this.#durable = batch.number;
    this.#writing = null;
    this.#lastCommitMs = this.#options.monotonicMs() - startedMs;
    // A large one goes before the replies, so that the disk works while they are sent.
    if (this.#open.turns.length >= largeTurns) this.#flush();
    this.#options.onDurable(batch.number, batch.turns.length, this.#lastCommitMs);
    // Else the replies go first: whoever gets one may ask again at once, and then is part of the next batch.
    for (const release of batch.releases) release();
    if (this.#open.turns.length > 0) this.#scheduleFlush();
    if (this.#writing === null && this.#open.turns.length === 0) {
      for (const resolve of this.#idleWaiters.splice(0)) resolve();
    }
  }
}

function emptyBatch(number: number): OpenBatch {
  return { number, sinceMs: 0, atMs: 0, turns: [], chars: 0, releases: [] };
}
