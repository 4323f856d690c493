import type { Scheduler } from '../../engine/committer.ts';
import type { ClockSource } from '../../engine/ports.ts';

/** A clock and an event loop that move when told. */
export class ManualWorld implements ClockSource, Scheduler {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #soon: (() => void)[] = [];
  #timers: { readonly atMs: number; readonly task: () => void }[] = [];

  constructor(wallMs: number) {
    this.#wallMs = wallMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  setWall(wallMs: number): void {
    this.#wallMs = wallMs;
  }

  soon(task: () => void): void {
    this.#soon.push(task);
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = { atMs: this.#monotonicMs + delayMs, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Runs what is scheduled for now, and whatever that schedules, until nothing is left. */
  async settle(): Promise<void> {
    for (;;) {
      const tasks = this.#soon.splice(0);
      for (const task of tasks) task();
      await settled();
      if (this.#soon.length === 0) return;
    }
  }

  /** Lets time pass, with its timers in order. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      const stepMs = Math.max(0, (due?.atMs ?? untilMs) - this.#monotonicMs);
      this.#monotonicMs += stepMs;
      this.#wallMs += stepMs;
      if (due === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      due.task();
      await this.settle();
    }
    await this.settle();
  }
}

/** Lets every promise that can move, move. */
export async function settled(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
