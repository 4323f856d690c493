/** What the HTTP door needs from the rest of the program, declared by its consumer; `api/main.ts` brings it together. */
import type { PlaceInLine } from '../../actors/admission/messages.ts';
import type { FreeSeats } from '../../actors/catalog/free-seats.ts';
import type { JsonObject } from '../../engine/actor.ts';
import type { ReadModelReader } from '../../storage/read-model/reader.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { OnsaleEngine } from '../protocols.ts';
import type { QueueDesk } from '../queue/queue-desk.ts';
import type { Rooms } from '../queue/rooms.ts';
import type { ReadModelProgress } from '../read-model-progress.ts';
import type { SeatChanges } from '../seats/seat-changes.ts';
import type { SeatLists } from '../seats/seat-list.ts';
import type { RequestLimitRules } from './request-limits.ts';

export interface HttpDependencies {
  readonly engine: OnsaleEngine;
  readonly desk: QueueDesk;
  readonly rooms: Pick<Rooms, 'names' | 'put' | 'report'>;
  /** The place that a genuine token names, else null. */
  readonly verifyQueueToken: (token: string) => PlaceInLine | null;
  /** Random for each process: request ids never come twice. */
  readonly bootId: string;
  /** Told of the engine's events by its hook. */
  readonly seatChanges: SeatChanges;
  /** Shared by all doors, so that a version means the same at each. */
  readonly seatLists: SeatLists;
  readonly freeSeats: Pick<FreeSeats, 'page' | 'dates'>;
  readonly readModel: Pick<ReadModelReader, 'reservation' | 'reservationsOf'>;
  readonly readModelProgress: ReadModelProgress;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly adminKey: string;
  /** Null: callers name their user, for development. */
  readonly jwtSecret: string | null;
  readonly requestLimits: RequestLimitRules;
  readonly draining: () => boolean;
  /** `ready`: recovered, journal writable. `degraded` names what does not work as it should. */
  readonly readiness: () => { readonly ready: boolean; readonly degraded: readonly string[] };
  /** What the operator's overview tells beside rooms and schedules: `journal`, `readModel`, `feed`, `nats`, `process`. */
  readonly overview: () => JsonObject;
}
