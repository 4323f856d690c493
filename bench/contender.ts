/**
 * What the bench can put under load: a system that serves the hold of our contract over HTTP, in processes of its own.
 * Each contender answers `GET /health/ready` with 200, and
 * `POST /v1/reservations {scheduleId, seatIds}` with headers `queue-token` and `idempotency-key`: 201 with the reservation
 * when every seat is now the asker's, 409 when one of them is somebody else's. All get the same bytes.
 */

/** What is on sale: dates `bench-0` …, each of so many rows `1` … of 100 seats; ids are `A-<row>-<number>`. */
export interface Catalogue {
  readonly schedules: number;
  readonly rowsPerSchedule: number;
  /** People who are inside; they are called `bench-user-0` …. */
  readonly users: number;
}

export const seatsPerRow = 100;

export interface Contender {
  /** As in results and on the command line: `onsale`, `postgres-row-lock`. */
  readonly name: string;
  /** As in tables. */
  readonly label: string;
  /** Whether an answer 201 survives a kill of everything that was started. */
  readonly durable: boolean;
  /** It stores nothing and says yes to everything: what others are measured against. Neither probed nor ranked. */
  readonly baseline?: true;
  /** Null when it can run here; else one line that says what is missing and how to get it. */
  readonly missing: () => Promise<string | null>;
  /** Starts it with an empty store in directories of its own, on ports that are free. */
  readonly start: (catalogue: Catalogue) => Promise<RunningContender>;
}

export interface RunningContender {
  readonly port: number;
  /** One a user, in the order of their names; a contender without a line takes any. */
  readonly tokens: readonly string[];
  /** Everything that works for it, for CPU and memory. */
  readonly processes: () => readonly { readonly name: string; readonly pid: number }[];
  /** Seats that its store says are somebody's; throws when one of them has two owners. */
  readonly seatsHeld: () => Promise<number>;
  /** How far what follows its store is behind, in batches; null where nothing follows. */
  readonly lag?: () => Promise<Lag>;
  /** Ends all processes that it started, and removes its directories. */
  readonly stop: () => Promise<void>;
}

export interface Lag {
  readonly readModel: number;
  /** Null where there is no feed. */
  readonly feed: number | null;
}
