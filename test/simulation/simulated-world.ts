/**
 * Time and the event loop of a simulation. Nothing happens but the tasks in here, one at a time, in an order that the
 * seed decides; time passes only between them.
 *
 * A task belongs to a `Life`: that of a process, or of the world around it. When a process dies, its tasks never run.
 */
import type { ClockSource } from '../../engine/ports.ts';
import type { Timers } from '../../api/timers.ts';
import type { Scheduler } from '../../engine/committer.ts';
import type { Chance } from './chance.ts';

/** Whatever can die. */
export interface Life {
  alive: boolean;
}

interface Task {
  readonly atMs: number;
  /** Of two tasks at the same time: those that waited for it in any order, then those that came up meanwhile in theirs. */
  readonly order: number;
  readonly life: Life;
  readonly run: () => void;
  cancelled: boolean;
}

export const startWallMs = Date.UTC(2026, 0, 1, 12);

export class SimulatedWorld implements ClockSource {
  /** Of what is outside of any process. */
  readonly around: Life = { alive: true };
  readonly #heap: Task[] = [];
  readonly #ties: Chance;
  /** How late a process's timers may fire, ms. */
  readonly #lateMaxMs: number;
  #monotonicMs = 0;
  #wallAheadMs = startWallMs;
  #orders = 0;

  constructor(ties: Chance, lateMaxMs: number) {
    this.#ties = ties;
    this.#lateMaxMs = lateMaxMs;
  }

  wallMs(): number {
    return this.#monotonicMs + this.#wallAheadMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  jumpWall(byMs: number): void {
    this.#wallAheadMs += byMs;
  }

  /** Runs `run` after `delayMs`, unless `life` has ended by then; returns how to cancel it. */
  after(delayMs: number, life: Life, run: () => void): () => void {
    const task: Task = {
      atMs: this.#monotonicMs + Math.max(0, delayMs),
      order: delayMs > 0 ? this.#ties.between(-1_000_000, 0) : ++this.#orders,
      life,
      run,
      cancelled: false,
    };
    this.#push(task);
    return () => {
      task.cancelled = true;
    };
  }

  /** Resolves after `delayMs`; never, when `life` has ended by then. */
  sleep(delayMs: number, life: Life): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, life, resolve);
    });
  }

  schedulerOf(life: Life): Scheduler {
    return {
      soon: (task) => void this.after(0, life, task),
      after: (delayMs, task) => this.after(this.#late(delayMs), life, task),
    };
  }

  timersOf(life: Life): Timers {
    return {
      set: (callback, delayMs) => this.after(this.#late(delayMs), life, callback),
      // True: it only ever gets what `set` returned.
      clear: (timer) => (timer as () => void)(),
      nowMs: () => this.#monotonicMs,
    };
  }

  #late(delayMs: number): number {
    return delayMs + (this.#ties.of(50) ? 0 : this.#ties.delayMs(this.#lateMaxMs));
  }

  /** Runs the next task, and every promise that it moves, to the end; false when nothing is left to happen. */
  async step(): Promise<boolean> {
    for (;;) {
      const task = this.#pop();
      if (task === undefined) return false;
      if (task.cancelled || !task.life.alive) continue;
      this.#monotonicMs = task.atMs;
      task.run();
      await settled();
      return true;
    }
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let child = heap.push(task) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!isBefore(task, heap[parent]!)) break;
      heap[child] = heap[parent]!;
      child = parent;
    }
    heap[child] = task;
  }

  #pop(): Task | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (isBefore(last, heap[child]!)) break;
      heap[parent] = heap[child]!;
      parent = child;
    }
    heap[parent] = last;
    return first;
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Lets every promise that can move, move. The only real wait here: no input or output is ever under way. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
