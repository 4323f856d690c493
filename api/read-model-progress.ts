/** Lets a reader of the SQL tables see what it wrote itself: it waits until they include the batch of its write. */
import type { FollowerReport } from '../engine/ports.ts';

/** A reader that waited this long gets what there is, ms. */
const waitMaxMs = 1_000;
/** So many batches are followed in less than that. */
const soonFollowedBatches = 1_000;
/** Beyond this many, readers are not made to wait. */
const waitersMax = 1_000;

/** How far the read model is behind the journal. */
export interface ReadModelProgress {
  /** Number of the last batch that it includes. */
  readonly through: number;
  /** Batches that the journal held at the start and that it does not include yet: what it tells meanwhile may be long over. */
  readonly missing: number;
  /** Whether these are too many to wait for. */
  readonly farBehind: boolean;
  /** Resolves when `through` has reached `batch`, or after a bounded wait. */
  reached(batch: number): Promise<void>;
}

interface Waiter {
  readonly batch: number;
  readonly resolve: () => void;
}

/** The journal's follower, as far as it is needed here. */
export interface FollowedReadModel {
  subscribe(listener: (report: FollowerReport) => void): void;
  /** Somebody waits for the batches that are durable now. */
  hurry(): void;
}

/** At the start the read model stands at batch `through`, and the journal ends at `journalEnd`. */
export function followReadModel(follower: FollowedReadModel, through: number, journalEnd: number): ReadModelProgress {
  const waiters = new Set<Waiter>();
  let reachedBatch = through;
  follower.subscribe((report) => {
    reachedBatch = report.readModelThrough;
    for (const waiter of waiters) {
      if (waiter.batch <= reachedBatch) waiter.resolve();
    }
  });
  const missing = (): number => Math.max(0, journalEnd - reachedBatch);
  return {
    get through() {
      return reachedBatch;
    },
    get missing() {
      return missing();
    },
    get farBehind() {
      return missing() > soonFollowedBatches;
    },
    reached(batch) {
      if (batch <= reachedBatch || waiters.size >= waitersMax) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(done, waitMaxMs);
        const waiter: Waiter = { batch, resolve: done };
        waiters.add(waiter);
        follower.hurry();
        function done(): void {
          clearTimeout(timer);
          waiters.delete(waiter);
          resolve();
        }
      });
    },
  };
}
