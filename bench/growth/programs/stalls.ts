/** Watches how long the event loop of this process is kept from its next round, and by what. */
import { constants, PerformanceObserver, type NodeGCPerformanceDetail } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Stalls {
  /** The longest time that a timer of 1 ms was late, ms: work of this thread, or other processes that had the cores. */
  readonly longestMs: number;
  /** The most processor time that this thread took between two looks, ms: what the program itself did at one stretch. */
  readonly longestWorkMs: number;
  /** The longest pause of the garbage collector on this thread, ms; it is part of both. */
  readonly longestGcMs: number;
  /** Of a full collection; 0 when there was none. */
  readonly longestFullGcMs: number;
}

const lookEveryMs = 1;

export async function stallsWhile(work: () => Promise<void>): Promise<Stalls> {
  let longestMs = 0;
  let longestWorkMs = 0;
  let longestGcMs = 0;
  let longestFullGcMs = 0;
  const startedMs = performance.now();
  let lastMs = startedMs;
  let lastWorkMs = workedMs();
  const look = (): void => {
    const nowMs = performance.now();
    const nowWorkMs = workedMs();
    longestMs = Math.max(longestMs, nowMs - lastMs - lookEveryMs);
    longestWorkMs = Math.max(longestWorkMs, nowWorkMs - lastWorkMs);
    lastMs = nowMs;
    lastWorkMs = nowWorkMs;
  };
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration, startTime } = entry;
      // Entries of before come late.
      if (startTime < startedMs) continue;
      longestGcMs = Math.max(longestGcMs, duration);
      // True: entries of type `gc` have this detail.
      const { detail } = entry as typeof entry & { readonly detail: NodeGCPerformanceDetail };
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) longestFullGcMs = Math.max(longestFullGcMs, duration);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const timer = setInterval(look, lookEveryMs);
  await work();
  // So that a stall at the very end is seen, and what the collector has told arrives.
  await sleep(20);
  clearInterval(timer);
  observer.disconnect();
  return { longestMs, longestWorkMs, longestGcMs, longestFullGcMs };
}

function workedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
