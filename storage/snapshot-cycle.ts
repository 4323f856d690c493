/** When the follower takes snapshots: in cycles, each of which stores every actor that had waited when it began. */

/**
 * A cycle begins when so many entries are in no snapshot, and so many times as much has been journaled as the last
 * snapshots took: then they never cost more writing than half of the journal's. `Max` bounds the replay at a start. An
 * entry is a turn or an event.
 */
const cycleEntriesMin = 20_000;
const cycleEntriesMax = 200_000;
const journaledPerStored = 2;
/** … and when nothing has come for so long, or the last snapshots are so old. */
const cycleIdleMs = 1_000;
const cycleAgeMs = 10_000;

export class SnapshotCycle {
  /** Runs until every event through this batch is in a snapshot. */
  #through: number | undefined;
  #bytes = 0;
  #lastBytes = 0;
  #lastEndedMs: number;
  #lastAppliedMs: number;
  #entries = 0;
  #chars = 0;

  constructor(nowMs: number) {
    this.#lastEndedMs = nowMs;
    this.#lastAppliedMs = nowMs;
  }

  /** The batch through which the running cycle stores; undefined while none runs. */
  get through(): number | undefined {
    return this.#through;
  }

  /** Batches have been applied. `chars` is the length of their JSON. */
  applied(entries: number, chars: number, nowMs: number): void {
    this.#entries += entries;
    this.#chars += chars;
    this.#lastAppliedMs = nowMs;
  }

  isDue(nowMs: number): boolean {
    return (
      this.#entries >= cycleEntriesMax ||
      (this.#entries >= cycleEntriesMin && this.#chars >= journaledPerStored * this.#lastBytes) ||
      nowMs - this.#lastAppliedMs >= cycleIdleMs ||
      nowMs - this.#lastEndedMs >= cycleAgeMs
    );
  }

  begin(through: number): void {
    this.#through = through;
    this.#bytes = 0;
    this.#entries = 0;
    this.#chars = 0;
  }

  /** Snapshots of so many bytes have been stored; with `completeThrough` the running cycle may have ended. */
  stored(bytes: number, completeThrough: number, nowMs: number): void {
    this.#bytes += bytes;
    if (this.#through === undefined || completeThrough < this.#through) return;
    this.#through = undefined;
    this.#lastBytes = this.#bytes;
    this.#lastEndedMs = nowMs;
  }
}
