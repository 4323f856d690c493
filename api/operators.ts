/** What operators see of the running program beside its requests: gauges, readiness, and the overview. */
import type { Engine } from '../engine/engine.ts';
import type { HttpDependencies } from './http/dependencies.ts';
import type { Metrics } from './metrics.ts';
import type { CommandDoor } from './nats/commands/command-door.ts';
import type { Feed } from './nats/feed/feed.ts';
import type { Nats } from './nats/open-nats.ts';
import type { Protocols } from './protocols.ts';
import type { Rooms } from './queue/rooms.ts';
import type { ClockWatch } from './system-clock.ts';

export interface OperatedParts {
  readonly engine: Engine<Protocols>;
  readonly journalId: string;
  readonly readModelProgress: HttpDependencies['readModelProgress'];
  readonly rooms: Rooms;
  readonly nats: Nats;
  /** Null without NATS. */
  readonly commands: CommandDoor | null;
  readonly feed: Feed | null;
  readonly clock: ClockWatch;
  readonly draining: () => boolean;
}

/** Adds the gauges to `metrics`. */
export function watchParts(metrics: Metrics, parts: OperatedParts): void {
  const { engine, rooms, nats, commands, feed } = parts;
  metrics.watch({
    waitingCommands: () => engine.waiting,
    readModelLag: () => engine.durableBatch - parts.readModelProgress.through,
    rooms: () => rooms.names().flatMap((name) => rooms.report(name) ?? []),
  });
  const gauges: readonly (readonly [name: string, help: string, read: () => number])[] = [
    ['onsale_actors_in_memory', 'Actors in memory', () => sum(Object.values(engine.actorsInMemory))],
    ['onsale_clock_ahead_seconds', 'Stamped time minus wall time', () => engine.clock.aheadMs() / 1000],
    [
      'onsale_admission_paused',
      'Rooms that let nobody in because the engine has too much to do',
      () => rooms.names().filter((name) => rooms.paused(name)).length,
    ],
    ['onsale_nats_connected', '1 while NATS can be reached', () => (nats.link?.state === 'connected' ? 1 : 0)],
    [
      'onsale_durable_commands_in_flight',
      'Durable commands taken from the work queue and not yet acked',
      () => commands?.stats.durableInFlight ?? 0,
    ],
    ['onsale_feed_lag_batches', 'Durable batches that are not wholly on the feed', () => feed?.lag().batches ?? 0],
    ['onsale_feed_lag_seconds', 'Age of the oldest event not on the feed', () => feed?.lag().seconds ?? 0],
    ['onsale_feed_published', 'Events confirmed by the feed since the start', () => feed?.published() ?? 0],
  ];
  for (const [name, help, read] of gauges) metrics.gauge(name, help, read);
}

export function readinessOf(parts: OperatedParts): ReturnType<HttpDependencies['readiness']> {
  const { clock, nats, commands, feed } = parts;
  const degraded = [
    ...(clock.apart() ? ['clock'] : []),
    ...nats.degraded(),
    ...parts.rooms.degraded(),
    ...(commands?.degraded() ?? []),
    ...(feed === null || feed.problem() === null ? [] : ['feed']),
    ...(parts.readModelProgress.farBehind ? ['readModel'] : []),
  ];
  return { ready: !parts.draining(), degraded };
}

export function overviewOf(parts: OperatedParts): ReturnType<HttpDependencies['overview']> {
  const { engine, readModelProgress, nats, feed } = parts;
  return {
    journal: { id: parts.journalId, position: engine.durableBatch },
    readModel: { lag: engine.durableBatch - readModelProgress.through },
    feed: { lag: feed === null ? null : feed.lag().batches },
    nats: nats.overview(),
    process: {
      pid: process.pid,
      uptimeSeconds: Math.floor(process.uptime()),
      memoryBytes: process.memoryUsage.rss(),
      actorsInMemory: engine.actorsInMemory,
      waitingCommands: engine.waiting,
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
