/** The real clocks and the real event loop, as the engine takes them; and an eye on how far stamps and wall time are apart. */
import type { StampClock } from '../engine/clock.ts';
import type { Scheduler } from '../engine/committer.ts';
import type { ClockSource } from '../engine/ports.ts';
import type { Log } from './log.ts';

/** Stamped and wall time may differ by this much before an operator is told, ms (invariant 2). */
const clockDriftMaxMs = 60_000;
const clockCheckMs = 10_000;

export const systemClock: ClockSource = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

export const systemScheduler: Scheduler = {
  soon: (task) => void setImmediate(task),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface ClockWatch {
  /** Whether stamped time and wall time are too far apart. */
  apart(): boolean;
  stop(): void;
}

export function watchClock(clock: StampClock, log: Log): ClockWatch {
  const apart = (): boolean => Math.abs(clock.aheadMs()) > clockDriftMaxMs;
  const timer = setInterval(() => {
    if (apart()) log.warn({ aheadMs: clock.aheadMs() }, 'stamped time and wall time are far apart');
  }, clockCheckMs);
  timer.unref();
  return { apart, stop: () => clearInterval(timer) };
}
