/**
 * The newest changes of the seats of one date, and the frames that tell them. Positions are values of the schedule's
 * `changes`; a version is a position under the random id of its process, so that none ever names two lists.
 */
import type { Seat, SeatStatus } from '../../actors/schedule/messages.ts';

/** Frames of one stand that are kept encoded while anybody watches; beyond it, one is encoded for each who asks. */
const framesBytesMax = 1024 * 1024;
/** Forgotten sets leave their array when they are so many, and half of it. */
const compactFrom = 1_024;

const encoder = new TextEncoder();

/** What one event did to its seats. */
export interface ChangeSet {
  /** The schedule's `changes` after it. */
  readonly through: number;
  readonly batch: number;
  readonly status: SeatStatus;
  readonly seats: readonly Seat[];
}

export class ScheduleChanges {
  /** False once it is forgotten: its streams end. */
  followed = true;
  /** Asked for again since it was followed, or since somebody had to be forgotten. */
  used = false;
  /** Seats in all sets that are kept. */
  kept = 0;
  /** The position of the newest change, durable or not. */
  through: number;
  /** Changes after this position are kept. */
  #from: number;
  readonly #sets: ChangeSet[] = [];
  /** Index of the oldest set that is kept, and of the first that is not known to be durable. */
  #oldest = 0;
  #undurable = 0;
  readonly #frames = new Map<number, Uint8Array>();
  #framesBytes = 0;
  #streams = 0;
  readonly #bootId: string;

  constructor(changes: number, bootId: string) {
    this.#bootId = bootId;
    this.through = changes;
    this.#from = changes;
  }

  /** Whether it has open streams: then it is not forgotten. */
  get watched(): boolean {
    return this.#streams > 0;
  }

  watch(): void {
    this.#streams++;
  }

  unwatch(): void {
    this.#streams--;
    if (this.#streams === 0) this.#clearFrames();
  }

  add(seats: readonly Seat[], status: SeatStatus, batch: number): void {
    this.through += seats.length;
    this.kept += seats.length;
    this.#sets.push({ through: this.through, batch, status, seats });
  }

  /** Forgets the oldest set; its number of seats, 0 when there is none. */
  forgetOldest(): number {
    const set = this.#sets[this.#oldest];
    if (set === undefined) return 0;
    this.#oldest++;
    this.#undurable = Math.max(this.#undurable, this.#oldest);
    this.#from = set.through;
    this.kept -= set.seats.length;
    if (this.#oldest >= compactFrom && this.#oldest * 2 >= this.#sets.length) {
      this.#sets.splice(0, this.#oldest);
      this.#undurable -= this.#oldest;
      this.#oldest = 0;
    }
    return set.seats.length;
  }

  /** Whether every change after `position` is known. */
  covers(position: number): boolean {
    return position >= this.#from && position <= this.through;
  }

  /** The position up to which changes may be told, when the journal is durable through this batch. */
  durableThrough(durableBatch: number): number {
    const before = this.#undurable;
    for (let set = this.#sets[before]; set !== undefined && set.batch <= durableBatch;) {
      set = this.#sets[++this.#undurable];
    }
    if (this.#undurable !== before) this.#clearFrames();
    return this.#sets[this.#undurable - 1]?.through ?? this.#from;
  }

  /**
   * The event `seats` that leads from `position`, which must be covered and behind, to what `durableThrough` gave last:
   * each seat once, with what it has become. The same bytes for everyone who stands at `position`.
   */
  frame(position: number): Uint8Array {
    const known = this.#frames.get(position);
    if (known !== undefined) return known;
    let first = this.#undurable;
    while (first > this.#oldest && this.#sets[first - 1]!.through > position) first--; // In bounds by the condition.
    const become = new Map<string, SeatStatus>();
    let through = position;
    for (let i = first; i < this.#undurable; i++) {
      const set = this.#sets[i]!; // In bounds by the loop.
      for (const seat of set.seats) become.set(seat.id, set.status);
      through = set.through;
    }
    const version = versionAt(through, this.#bootId);
    const changes = Array.from(become, ([id, status]) => ({ id, status }));
    const frame = encoder.encode(`id: ${version}\nevent: seats\ndata: ${JSON.stringify({ version, changes })}\n\n`);
    if (this.#framesBytes + frame.length <= framesBytesMax) {
      this.#frames.set(position, frame);
      this.#framesBytes += frame.length;
    }
    return frame;
  }

  #clearFrames(): void {
    this.#frames.clear();
    this.#framesBytes = 0;
  }
}

export function versionAt(position: number, bootId: string): string {
  return `${bootId}.${position}`;
}
