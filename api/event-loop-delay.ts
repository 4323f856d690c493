/** How late the event loop is: the engine, the doors and the timers all wait for it. */
import { monitorEventLoopDelay, type Histogram as DelayHistogram } from 'node:perf_hooks';

/** How often the event loop's lateness is measured, ms. */
const loopTickMs = 100;
const delayResolutionMs = 10;
const delayWindowMs = 30_000;

export interface EventLoopWatch {
  /** From here on only: a recovery holds the loop for seconds, and is over. */
  start(): void;
  /** By how much the event loop was late at the last look, ms; 0 before `start`. */
  lateMs(): number;
  close(): void;
}

/**
 * Two looks at the loop: quantiles for operators, of the last half minute at least and the last minute at most, and the
 * latest lateness for the door, which sheds load by it.
 */
export function watchEventLoop(gauge: (name: string, help: string, read: () => number) => void): EventLoopWatch {
  const delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
  /** Of the window before, ms by name. */
  const before = new Map<string, number>();
  const quantiles: { readonly name: string; readonly lateMs: () => number }[] = [];
  const quantile = (name: string, read: (histogram: DelayHistogram) => number): void => {
    // The histogram is of the time between two looks, which is the resolution where nothing delays them. Empty, it is NaN.
    const lateMs = (): number => Math.max(0, read(delay) / 1e6 - delayResolutionMs) || 0;
    quantiles.push({ name, lateMs });
    const help = `How late the event loop was, ${name}: the worse of this half minute and the one before`;
    gauge(`onsale_event_loop_delay_${name}_seconds`, help, () => {
      return Math.max(lateMs(), before.get(name) ?? 0) / 1000;
    });
  };
  quantile('p50', (histogram) => histogram.percentile(50));
  quantile('p99', (histogram) => histogram.percentile(99));
  quantile('max', (histogram) => histogram.max);

  let lateMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let windowTimer: NodeJS.Timeout | undefined;
  return {
    start() {
      delay.enable();
      windowTimer = setInterval(() => {
        for (const { name, lateMs: late } of quantiles) before.set(name, late());
        delay.reset();
      }, delayWindowMs).unref();
      let lastMs = performance.now();
      timer = setInterval(() => {
        const nowMs = performance.now();
        lateMs = Math.max(0, nowMs - lastMs - loopTickMs);
        lastMs = nowMs;
      }, loopTickMs).unref();
    },
    lateMs: () => lateMs,
    close() {
      clearInterval(timer);
      clearInterval(windowTimer);
      delay.disable();
    },
  };
}
