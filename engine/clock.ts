/**
 * The engine's stamped time (invariant 2): wall time at the start, or the journal's last stamp if that is later;
 * from then on advanced by the monotonic clock and drawn towards wall time by at most a tenth of the elapsed time.
 * It never goes back, and a jump of the wall clock makes a hold at most a tenth shorter or longer than told.
 */
import type { ClockSource } from './ports.ts';

/** The share of elapsed time by which the stamp may be drawn towards wall time. */
const drawMax = 0.1;
/** Wall time is looked at this often at most, ms: to read a clock twice for each stamp takes twice as long. */
const wallEveryMs = 1;

export class StampClock {
  readonly #source: ClockSource;
  /** When wall time was looked at last, by the monotonic clock, and the stamp of then. */
  #monotonicMs: number;
  #exactMs: number;
  #lastMs: number;

  /** @param lastStampMs the journal's last stamp, 0 for an empty journal */
  constructor(source: ClockSource, lastStampMs: number) {
    this.#source = source;
    this.#monotonicMs = source.monotonicMs();
    this.#exactMs = Math.max(source.wallMs(), lastStampMs);
    this.#lastMs = Math.floor(this.#exactMs);
  }

  /** Stamped time in whole ms since the epoch; never less than any stamp before. */
  nowMs(): number {
    const monotonicMs = this.#source.monotonicMs();
    const elapsedMs = Math.max(0, monotonicMs - this.#monotonicMs);
    let nowMs = this.#exactMs + elapsedMs;
    if (elapsedMs >= wallEveryMs) {
      const drawBound = elapsedMs * drawMax;
      nowMs += Math.max(-drawBound, Math.min(drawBound, this.#source.wallMs() - nowMs));
      this.#exactMs = nowMs;
      this.#monotonicMs = monotonicMs;
    }
    // Drawn back, it may be before what was given in between.
    this.#lastMs = Math.max(this.#lastMs, Math.floor(nowMs));
    return this.#lastMs;
  }

  /** How far stamped time is ahead of wall time, ms; negative when behind. */
  aheadMs(): number {
    return this.nowMs() - this.#source.wallMs();
  }
}
