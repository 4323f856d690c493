/**
 * Wakes actors when their deadline has come. Expiry is a journaled command like any other (invariant 2): the timer
 * only says when to look.
 */
import type { Address } from './actor.ts';
import type { Cell } from './cells.ts';
import type { StampClock } from './clock.ts';
import type { Scheduler } from './committer.ts';
import { DeadlineQueue, type DueEntry } from './deadline-queue.ts';

/** How long one round of the event loop may be spent on deadlines, ms; what is left over follows in the next round. */
const roundMs = 5;
/** A timer never sleeps longer, ms: stamped time may run a tenth faster than the timer's clock. */
const delayMaxMs = 5_000;
/** How long deadlines wait when the open batch has enough of them, ms; on a slow disk many can be due in the time of one commit. */
const crowdedWaitMs = 5;

export interface DeadlinesOptions {
  readonly clock: StampClock;
  readonly scheduler: Pick<Scheduler, 'after'>;
  readonly monotonicMs: () => number;
  readonly cell: (actor: Address) => Cell;
  /** Whether the open batch takes no more of them now (invariant 8). */
  readonly crowded: () => boolean;
  /** Runs `ExpireDue` on the actor. */
  readonly expire: (actor: Address) => void;
}

export class Deadlines {
  readonly #options: DeadlinesOptions;
  readonly #queue = new DeadlineQueue();
  #timerMs = Infinity;
  #cancelTimer: () => void = () => {};
  #stopped = false;

  constructor(options: DeadlinesOptions) {
    this.#options = options;
  }

  /** An actor at rest, whose summary names a deadline. */
  add(actor: Address, atMs: number): void {
    this.#queue.push(atMs, actor);
    this.#arm();
  }

  /** The actor's state may have changed. Keeps at most one useful entry an actor: a later deadline waits for the earlier. */
  update(cell: Cell): void {
    const atMs = cell.kind.nextDeadline(cell.state);
    if (atMs >= cell.queuedDeadlineMs) return;
    cell.queuedDeadlineMs = atMs;
    this.#queue.push(atMs, cell.address);
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
  }

  #arm(delayMinMs = 0): void {
    const atMs = this.#queue.earliestMs;
    if (this.#stopped || atMs >= this.#timerMs) return;
    this.#cancelTimer();
    this.#timerMs = atMs;
    const delayMs = Math.min(delayMaxMs, Math.max(delayMinMs, atMs - this.#options.clock.nowMs()));
    this.#cancelTimer = this.#options.scheduler.after(delayMs, () => this.#wake());
  }

  #wake(): void {
    this.#timerMs = Infinity;
    const { clock, monotonicMs, crowded } = this.#options;
    const untilMs = monotonicMs() + roundMs;
    do {
      if (crowded()) return this.#arm(crowdedWaitMs);
      const due = this.#queue.popDue(clock.nowMs());
      if (due === undefined) break;
      this.#look(due);
    } while (!this.#stopped && monotonicMs() < untilMs);
    this.#arm();
  }

  #look({ actor, atMs }: DueEntry): void {
    const cell = this.#options.cell(actor);
    // An actor has one entry that counts; one that was pushed before an earlier deadline came up does not.
    if (cell.queuedDeadlineMs !== Infinity && cell.queuedDeadlineMs !== atMs) return;
    cell.queuedDeadlineMs = Infinity;
    if (cell.kind.nextDeadline(cell.state) <= this.#options.clock.nowMs()) this.#options.expire(actor);
    this.update(cell);
  }
}
