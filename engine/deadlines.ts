/**
 * Wakes actors when their deadline has come. Expiry is a journaled command like any other (invariant 2): the timer
 * only says when to look.
 */
import type { Address } from './actor.ts';
import type { Cell } from './cells.ts';
import type { StampClock } from './clock.ts';
import type { Scheduler } from './committer.ts';
import { DeadlineQueue } from './deadline-queue.ts';

/** Actors woken in one round of the event loop; the others follow in the next. */
const wakesPerRoundMax = 100;
/** The longest delay that timers take, ms. */
const delayMaxMs = 2_000_000_000;

export interface DeadlinesOptions {
  readonly clock: StampClock;
  readonly scheduler: Scheduler;
  /** Runs `ExpireDue` on the actor, and calls `update` with its cell afterwards. */
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

  #arm(): void {
    const atMs = this.#queue.earliestMs;
    if (this.#stopped || atMs >= this.#timerMs) return;
    this.#cancelTimer();
    this.#timerMs = atMs;
    const delayMs = Math.min(delayMaxMs, Math.max(0, atMs - this.#options.clock.nowMs()));
    this.#cancelTimer = this.#options.scheduler.after(delayMs, () => this.#wake());
  }

  #wake(): void {
    this.#timerMs = Infinity;
    const nowMs = this.#options.clock.nowMs();
    for (let woken = 0; woken < wakesPerRoundMax && !this.#stopped; woken++) {
      const actor = this.#queue.popDue(nowMs);
      if (actor === undefined) break;
      this.#options.expire(actor);
    }
    this.#arm();
  }
}
