import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until `look` finds something that is neither null nor false, with a rest of `pollMs` between two looks; throws
 * after `maxMs`, naming what was awaited.
 */
export async function until<T>(
  what: string,
  look: () => T | null | false | Promise<T | null | false>,
  maxMs = 20_000,
  pollMs = 10,
): Promise<T> {
  const deadline = performance.now() + maxMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`not within ${maxMs} ms: ${what}`);
    await sleep(pollMs);
  }
}
