/** What the storm and its load say to each other, as messages between their processes. */
import type { Door } from './entry.ts';
import type { Finding } from './finding.ts';

export interface LoadSetUp {
  readonly dataDir: string;
  readonly port: number;
  readonly natsUrl: string;
  readonly seed: string;
}

export type ToLoad =
  | ({ readonly type: 'set-up' } & LoadSetUp)
  | { readonly type: 'go'; readonly round: number }
  /** Stops sending, gets an outcome for all that is unknown, and checks everything. `last`: all that ever was. */
  | { readonly type: 'settle'; readonly last: boolean }
  | { readonly type: 'end' };

export interface DoorCounts {
  readonly sent: number;
  readonly answered: number;
  /** Broken at first, and answered when they were sent again. */
  readonly settledLater: number;
  /** Without a key, so that nobody will ever know, but for the journal. */
  readonly unknown: number;
}

export interface LoadCounts {
  readonly byDoor: Readonly<Record<Door, DoorCounts>>;
  readonly reads: number;
  readonly reservations: number;
  readonly paid: number;
  /** Concert dates that were put on sale. */
  readonly dates: number;
  readonly places: number;
  /** Keyed commands that were repeated for a comparison. */
  readonly repeated: number;
  /** Public events compared with the feed. */
  readonly feedEvents: number;
}

export type FromLoad =
  | { readonly type: 'ready' }
  | { readonly type: 'going' }
  | { readonly type: 'checked'; readonly findings: readonly Finding[]; readonly counts: LoadCounts }
  | { readonly type: 'failed'; readonly error: string };
