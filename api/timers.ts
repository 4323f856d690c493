/** Waiting as the drivers do it, so that whoever runs them decides what time is: a test and the simulation give their own. */

export interface Timers {
  set(callback: () => void, delayMs: number): unknown;
  clear(timer: unknown): void;
  /** Monotonic, ms; only differences mean anything. */
  nowMs(): number;
}

export const systemTimers: Timers = {
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  // True: it only ever gets what `set` returned.
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout),
  nowMs: () => performance.now(),
};

/** Resolves after `delayMs`, or when `signal` is aborted. */
export async function pause(timers: Timers, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = timers.set(resolve, delayMs);
  const end = (): void => resolve();
  signal.addEventListener('abort', end, { once: true });
  await promise;
  timers.clear(timer);
  signal.removeEventListener('abort', end);
}
