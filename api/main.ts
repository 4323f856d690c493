/**
 * The composition root: the only place where values of all folders meet. `npm start` runs it.
 *
 * Order of a start: configuration, lock of the data directory, secrets, storage (checked), engine (recovered), rooms,
 * HTTP door. Order of a stop: the door takes nothing new, drivers and engine finish, final snapshots, lock released.
 */
import './require-node.ts';
import { randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import type { Address, ErasedKind } from '../engine/actor.ts';
import { createKinds } from '../actors/kinds.ts';
import { FreeSeats } from '../actors/catalog/free-seats.ts';
import type { ScheduleSummary } from '../actors/schedule/messages.ts';
import type { Rules } from '../actors/rules.ts';
import { Engine } from '../engine/engine.ts';
import type { JournaledEvent } from '../engine/ports.ts';
import { acquireDirectoryLock } from '../storage/directory-lock.ts';
import { openStorage, type Storage } from '../storage/open.ts';
import { ReadModelReader } from '../storage/read-model/reader.ts';
import { parseConfig, type Config } from './config.ts';
import { firstSteps, loadDemo } from './demo.ts';
import { createHttpApp } from './http/http-app.ts';
import { createHttpMetrics } from './http/metrics.ts';
import { followReadModel } from './http/read-model-progress.ts';
import { startHttpServer } from './http/http-server.ts';
import { limits } from './limits.ts';
import { createLog, type Log } from './log.ts';
import { systemTimers } from './queue/admission-driver.ts';
import { openEngineLine } from './queue/engine-line.ts';
import { createQueueDesk } from './queue/queue-desk.ts';
import { createQueueTokens } from './queue/queue-token.ts';
import { Rooms } from './queue/rooms.ts';
import type { Protocols } from './protocols.ts';
import { openSecrets } from './secrets.ts';

/** Stamped and wall time may differ by this much before an operator is told, ms (invariant 2). */
const clockDriftMaxMs = 60_000;
const clockCheckMs = 10_000;
const catalogPage = 500;

export interface Onsale {
  readonly url: string;
  readonly port: number;
  readonly engine: Engine<Protocols>;
  readonly adminKey: string;
  /** Whether the data directory was empty. */
  readonly fresh: boolean;
  /** Stops gracefully: what is in flight is finished, final snapshots are taken, the data directory is free again. */
  stop(): Promise<void>;
}

/**
 * Starts everything on `config.dataDir`; ready when it resolves. `onFatal` is called at most once, when the process
 * must not go on. Rejects on a directory that is held, on damaged storage, and on a port that is taken.
 */
export async function startOnsale(config: Config, log: Log, onFatal: (error: unknown) => void): Promise<Onsale> {
  const lock = await acquireDirectoryLock(config.dataDir, limits.lockWaitMs);
  try {
    const secrets = openSecrets(config.dataDir, config);
    if (secrets.adminKey.path !== null) log.info({ path: secrets.adminKey.path }, 'admin key is kept here');
    const rules = rulesOf(config);
    const storage = await openStorage({
      dataDir: config.dataDir,
      kindsModule: new URL('../actors/kinds.ts', import.meta.url),
      rules,
      keyTtlMs: limits.keyTtlMs,
      onFatal,
    });
    if (storage.rebuilt.length > 0) log.warn({ actors: storage.rebuilt }, 'damaged snapshots rebuilt from the journal');
    const opened = { config, log, lock, storage, rules, onFatal };
    return await open(opened, secrets.adminKey.value, secrets.queueToken.value);
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Opened {
  readonly config: Config;
  readonly log: Log;
  readonly lock: { release(): void };
  readonly storage: Storage;
  readonly rules: Rules;
  readonly onFatal: (error: unknown) => void;
}

async function open(opened: Opened, adminKey: string, queueTokenSecret: string): Promise<Onsale> {
  const { config, log, storage } = opened;
  // The index of bound keys must have all that the journal has before the first command is judged (invariant 6).
  await storage.follower.ready;
  const metrics = createHttpMetrics();
  const freeSeats = new FreeSeats();
  const waiting: { rooms: Rooms | null } = { rooms: null };
  const engine = createEngine(opened, {
    onCommand: (command, code, elapsedMs) => metrics.observeCommand(command, code, elapsedMs / 1000),
    onBatch: (turns, commitMs) => metrics.observeBatch(turns, commitMs / 1000),
    onEvents: (events) => tellConcerts(freeSeats, events),
    onChanged(actor: Address, kind: ErasedKind, state: unknown) {
      if (kind.kind === 'schedule') tellSeats(freeSeats, kind.summary(state));
      else if (kind.kind === 'admission') waiting.rooms?.onChanged(actor);
    },
    onSummary: (actor, summary) => {
      if (actor.startsWith('schedule:')) tellSeats(freeSeats, summary);
    },
  });
  tellAllConcerts(freeSeats, engine);

  const timers = systemTimers;
  const onError = (error: unknown): void => log.error({ err: error }, 'the waiting line failed');
  const rooms = new Rooms({
    engine,
    timers,
    onError,
    openLines: async (room) => [await openEngineLine(engine, room, randomBytes(9).toString('base64url'))],
  });
  waiting.rooms = rooms;
  const tokens = createQueueTokens(queueTokenSecret, limits.tokenCacheMax);
  const desk = createQueueDesk({ engine, tokens, rooms, timers, onError });
  const readModel = new ReadModelReader(storage.readModelFile);
  const readModelProgress = followReadModel((listener) => storage.follower.subscribe(listener), readModel.through());
  await rooms.start();

  let draining = false;
  const clock = watchClock(engine, log);
  metrics.watch({
    waitingCommands: () => engine.waiting,
    readModelLag: () => engine.durableBatch - readModelProgress.through,
    rooms: () => rooms.names().flatMap((name) => rooms.report(name) ?? []),
  });
  metrics.gauge('onsale_actors_in_memory', 'Actors in memory', () =>
    Object.values(engine.actorsInMemory).reduce((sum, count) => sum + count, 0),
  );
  metrics.gauge('onsale_clock_ahead_seconds', 'Stamped time minus wall time', () => engine.clock.aheadMs() / 1000);
  metrics.gauge(
    'onsale_admission_paused',
    'Rooms that let nobody in because the engine has too much to do',
    () => rooms.names().filter((name) => rooms.paused(name)).length,
  );
  const app = createHttpApp({
    engine,
    desk,
    rooms,
    verifyQueueToken: (token) => tokens.verify(token),
    freeSeats,
    readModel,
    readModelProgress,
    metrics,
    log,
    adminKey,
    jwtSecret: config.authJwtSecret,
    draining: () => draining,
    readiness: () => ({ ready: !draining, degraded: clock.degraded() }),
    overview: () => ({
      journal: { id: storage.journal.id, position: engine.durableBatch },
      readModel: { lag: engine.durableBatch - readModelProgress.through },
      nats: { url: null, state: 'off' },
      feed: { lag: null },
      process: {
        pid: process.pid,
        uptimeSeconds: Math.floor(process.uptime()),
        memoryBytes: process.memoryUsage.rss(),
        actorsInMemory: engine.actorsInMemory,
        waitingCommands: engine.waiting,
      },
    }),
  });
  const server = await startHttpServer(app, { host: config.host, port: config.port });
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${server.port}`;
  log.info({ host: config.host, port: server.port, url, dataDir: config.dataDir }, 'listening');

  async function stop(): Promise<void> {
    draining = true;
    clock.stop();
    await Promise.all([server.close(), rooms.stop()]);
    await engine.drain();
    readModel.close();
    const caughtUp = await storage.close(limits.drainMs / 2);
    if (!caughtUp) log.warn('final snapshots were not finished in time; the next start replays a longer tail');
    metrics.close();
    opened.lock.release();
  }
  return { url, port: server.port, engine, adminKey, fresh: storage.journal.end.batch === 0, stop };
}

type Hooks = NonNullable<ConstructorParameters<typeof Engine<Protocols>>[0]['hooks']>;

function createEngine({ storage, rules, onFatal }: Opened, hooks: Hooks): Engine<Protocols> {
  return new Engine<Protocols>({
    kinds: createKinds(rules),
    journal: storage.journal,
    snapshots: storage.snapshots,
    keys: storage.keys,
    follower: storage.follower,
    clock: { wallMs: () => Date.now(), monotonicMs: () => performance.now() },
    scheduler: {
      soon: (task) => void setImmediate(task),
      after(delayMs, task) {
        const timer = setTimeout(task, delayMs);
        return () => clearTimeout(timer);
      },
    },
    limits,
    hooks,
    onFatal,
  });
}

function rulesOf(config: Config): Rules {
  const { holdTtlMs, seatsPerReservationMax, seatsPerUserMax } = config;
  const { expiriesPerTurnMax, endedReservationsMax, balanceMax, engineLineMax, sessionsMax, leaverRangesMax } = limits;
  return {
    holdTtlMs,
    seatsPerReservationMax,
    seatsPerUserMax,
    expiriesPerTurnMax,
    endedReservationsMax,
    balanceMax,
    engineLineMax,
    sessionsMax,
    leaverRangesMax,
  };
}

function tellSeats(freeSeats: FreeSeats, summary: ReturnType<ErasedKind['summary']>): void {
  // The summary of a schedule is a ScheduleSummary; null before it is opened.
  if (summary !== null) freeSeats.update(summary as unknown as ScheduleSummary);
}

function tellConcerts(freeSeats: FreeSeats, events: readonly JournaledEvent[]): void {
  for (const { actor, event } of events) {
    if (event.type !== 'ConcertCreated' || !actor.startsWith('catalog:')) continue;
    const { concert } = event as Extract<Protocols['catalog']['event'], { type: 'ConcertCreated' }>;
    freeSeats.addConcert(concert);
  }
}

function tellAllConcerts(freeSeats: FreeSeats, engine: Engine<Protocols>): void {
  let after: string | null = null;
  for (;;) {
    const query = { type: 'concerts', after, limit: catalogPage } as const;
    const page: readonly { readonly id: string }[] = engine.view<'catalog', 'concerts'>('catalog:main', query);
    for (const concert of engine.view<'catalog', 'concerts'>('catalog:main', query)) freeSeats.addConcert(concert);
    const last = page.at(-1);
    if (last === undefined || page.length < catalogPage) return;
    after = last.id;
  }
}

/** Tells when stamped and wall time have come too far apart. */
function watchClock(engine: Engine<Protocols>, log: Log): { degraded(): string[]; stop(): void } {
  const aheadMs = (): number => engine.clock.aheadMs();
  const timer = setInterval(() => {
    const ahead = aheadMs();
    if (Math.abs(ahead) > clockDriftMaxMs) log.warn({ aheadMs: ahead }, 'stamped time and wall time are far apart');
  }, clockCheckMs);
  timer.unref();
  return {
    degraded: () => (Math.abs(aheadMs()) > clockDriftMaxMs ? ['clock'] : []),
    stop: () => clearInterval(timer),
  };
}

async function main(): Promise<void> {
  const parsed = parseConfig(process.env);
  if (!parsed.ok) {
    process.stderr.write(`Onsale cannot start with this configuration:\n  ${parsed.errors.join('\n  ')}\n`);
    process.exit(2);
  }
  const { config } = parsed;
  const log = createLog(config.logLevel);
  const fatal = (error: unknown): void => {
    // What an operator can mend is said in one sentence; anything else is a bug and shows where it is.
    if (isForOperators(error)) log.fatal({ error: error.name }, error.message);
    else log.fatal({ err: error }, 'stopped by a bug');
    process.exit(1);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
  if (config.authJwtSecret === null) {
    log.warn('AUTH_JWT_SECRET is not set: callers name their own user. Use this for development only');
  }
  const onsale = await startOnsale(config, log, fatal);
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    const late = setTimeout(() => {
      log.warn('stopping took too long; leaving now, nothing confirmed is lost');
      process.exit(0);
    }, limits.drainMs);
    late.unref();
    onsale.stop().then(() => {
      log.info('stopped');
      process.exit(0);
    }, fatal);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (config.demo && onsale.fresh) await demo(onsale);
}

const operatorErrors = new Set(['DirectoryLocked', 'StorageDamaged', 'StorageUnavailable', 'SecretUnusable']);

function isForOperators(error: unknown): error is Error {
  return error instanceof Error && (operatorErrors.has(error.name) || ('code' in error && error.code === 'EADDRINUSE'));
}

async function demo(onsale: Onsale): Promise<void> {
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(`${onsale.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${onsale.adminKey}` },
      body: JSON.stringify(body),
    });
  await loadDemo(post, onsale.engine.nowMs());
  process.stdout.write(`\n${firstSteps(onsale.url)}\n\n`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
