/** What the engine tells the rest of the program while it works; all of it on the engine's thread, before it is durable. */
import type { FreeSeats } from '../actors/catalog/free-seats.ts';
import type { EngineHooks } from '../engine/options.ts';
import { countingHooks } from './catalog-counters.ts';
import type { Metrics } from './metrics.ts';
import type { Feed } from './nats/feed/feed.ts';
import type { Rooms } from './queue/rooms.ts';
import type { SeatChanges } from './seats/seat-changes.ts';

export interface ToldParts {
  readonly freeSeats: FreeSeats;
  readonly seatChanges: SeatChanges;
  readonly metrics: Metrics;
  /** Null until they are there: they need the engine themselves. */
  readonly late: { readonly rooms: Rooms | null; readonly feed: Feed | null };
  /** Number of the last durable batch. */
  readonly durableBatch: () => number;
}

export function engineHooks({ freeSeats, seatChanges, metrics, late, durableBatch }: ToldParts): EngineHooks {
  const counting = countingHooks(freeSeats);
  return {
    ...counting,
    onEvents(events, batch) {
      counting.onEvents(events);
      seatChanges.onEvents(events, batch);
    },
    onCommand: (command, code, elapsedMs) => metrics.observeCommand(command, code, elapsedMs / 1000),
    onBatch(turns, commitMs) {
      late.feed?.advance(durableBatch());
      metrics.observeBatch(turns, commitMs / 1000);
    },
    onChanged(actor, kind, state) {
      counting.onChanged(actor, kind, state);
      if (kind.kind === 'admission') late.rooms?.onChanged(actor);
    },
  };
}
