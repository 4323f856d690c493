/**
 * At most so many requests a second for each name (a user, an address), as a token bucket that holds one second's worth:
 * whoever was quiet may send that many at once, and then one whenever the rate allows. Kept as GCRA (ITU-T I.371), which
 * needs one number a name: the time when its bucket is full again. That is never more than a second ahead, so an entry
 * older than a second says nothing and is forgotten, and a wait is never longer than a second: `Retry-After` is always 1.
 */
import { limits } from '../limits.ts';

/** Old entries looked at for each request that passes: more than are added, so that what is over goes away. */
const sweepSteps = 2;

export interface RateLimitOptions {
  readonly perSecond: number;
  /** Names remembered. When more are live, the one seen longest ago is forgotten, which gives it a full bucket. */
  readonly entriesMax?: number;
  /** Monotonic, ms. */
  readonly nowMs?: () => number;
}

export class RateLimit {
  readonly perSecond: number;
  readonly #entriesMax: number;
  readonly #nowMs: () => number;
  /**
   * When each bucket is full again, in units of 1/perSecond ms, in which one request is exactly 1,000: no rate is
   * rounded. The name that passed longest ago comes first.
   */
  readonly #fullAt = new Map<string, number>();
  /**
   * The sweep's own place in the map, and the name it looks at next. A new iterator for each sweep would walk over what
   * was deleted in front every time: measured at 100,000 names, that is most of the cost of a request.
   */
  #names = this.#fullAt.keys();
  #oldest: string | null = null;

  constructor({ perSecond, entriesMax = limits.rateEntriesMax, nowMs = () => performance.now() }: RateLimitOptions) {
    this.perSecond = perSecond;
    this.#entriesMax = entriesMax;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#fullAt.size;
  }

  /** Takes one request of `name` if it may pass now. A refused one costs its sender nothing of what comes later. */
  passes(name: string): boolean {
    const now = Math.floor(this.#nowMs() * this.perSecond);
    const fullAt = Math.max(this.#fullAt.get(name) ?? 0, now) + 1000;
    if (fullAt - now > this.perSecond * 1000) return false;
    this.#fullAt.delete(name);
    // It goes to the end, where the sweep meets it again.
    if (name === this.#oldest) this.#oldest = null;
    this.#sweep(now);
    this.#fullAt.set(name, fullAt);
    return true;
  }

  #sweep(now: number): void {
    let steps = sweepSteps;
    for (;;) {
      this.#oldest ??= this.#next();
      if (this.#oldest === null) return;
      const fullAt = this.#fullAt.get(this.#oldest) ?? 0;
      if (this.#fullAt.size < this.#entriesMax && (steps === 0 || fullAt > now)) return;
      this.#fullAt.delete(this.#oldest);
      this.#oldest = null;
      steps = Math.max(0, steps - 1);
    }
  }

  /** Null when the map is empty: all that the iterator has passed is deleted, or stands ahead of it again. */
  #next(): string | null {
    const next = this.#names.next();
    if (next.done !== true) return next.value;
    // An iterator that has ended never goes on.
    this.#names = this.#fullAt.keys();
    return null;
  }
}
