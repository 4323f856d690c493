/**
 * The composition root: the only place where values of all folders meet. `npm start` runs it.
 *
 * Order of a start: configuration, lock of the data directory, a look at the port, secrets, storage (checked), NATS (its feed
 * compared with the journal), engine (recovered), lines of the rooms, commands over NATS, feed, HTTP door. People are let in
 * last: a start that is refused may cost nobody a place. The order of a stop is in `stop.ts`; the lock is released last.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FreeSeats } from '../actors/catalog/free-seats.ts';
import { createKinds } from '../actors/kinds.ts';
import type { Rules } from '../actors/rules.ts';
import { Engine } from '../engine/engine.ts';
import { acquireDirectoryLock, makeDataDir } from '../storage/directory-lock.ts';
import { checkFeedPosition } from '../storage/feed-journal.ts';
import { openStorage, type Storage } from '../storage/open.ts';
import { ReadModelReader } from '../storage/read-model/reader.ts';
import { addKnownConcerts } from './catalog-counters.ts';
import { rulesOf, type Config } from './config.ts';
import { engineHooks } from './engine-hooks.ts';
import { createHttpApp } from './http/http-app.ts';
import { startHttpServer } from './http/http-server.ts';
import { assertFree } from './http/listen.ts';
import { limits } from './limits.ts';
import type { Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { NatsAway } from './nats/connection.ts';
import { stopWhereAhead } from './nats/feed/feed-ahead.ts';
import type { Feed } from './nats/feed/feed.ts';
import { lineOpener } from './nats/line-opener.ts';
import { openNats, type Nats } from './nats/open-nats.ts';
import { startServices } from './nats/services.ts';
import { type OperatedParts, overviewOf, readinessOf, watchParts } from './operators.ts';
import type { Protocols } from './protocols.ts';
import { createQueueDesk } from './queue/queue-desk.ts';
import { createQueueTokens } from './queue/queue-token.ts';
import { Rooms } from './queue/rooms.ts';
import { followReadModel } from './read-model-progress.ts';
import { run, type Running } from './run.ts';
import { SeatChanges } from './seats/seat-changes.ts';
import { createSeatLists } from './seats/seat-list.ts';
import { openSecrets, type Secrets } from './secrets.ts';
import { stopParts } from './stop.ts';
import { systemClock, systemScheduler, watchClock } from './system-clock.ts';
import { systemTimers } from './timers.ts';

export interface Onsale extends Running {
  readonly port: number;
  readonly engine: Engine<Protocols>;
}

/**
 * Starts everything on `config.dataDir`; ready when it resolves. `onFatal` is called at most once, when the process
 * must not go on. Rejects on a directory that is held, on damaged storage, and on a port that is taken.
 */
export async function startOnsale(config: Config, log: Log, onFatal: (error: unknown) => void): Promise<Onsale> {
  const lock = await acquireDirectoryLock(config.dataDir, limits.lockWaitMs, () =>
    log.info(
      { dataDir: config.dataDir, waitMs: limits.lockWaitMs },
      'another process holds the data directory: waiting',
    ),
  );
  try {
    await assertFree({ host: config.host, port: config.port });
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
    const { id, end } = storage.journal;
    const durable = { id, file: join(config.dataDir, 'journal.db'), end: () => end.batch };
    if (config.nats.type !== 'off') checkFeedPosition(config.dataDir);
    const nats = await openNats({
      choice: config.nats,
      dataDir: config.dataDir,
      guarded: config.authJwtSecret !== null,
      log,
      searchPath: process.env['PATH'] ?? '',
      beforeUse: stopWhereAhead(durable, onFatal),
    });
    return await open({ config, log, lock, secrets, storage, durable, nats, rules, onFatal });
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Opened {
  readonly config: Config;
  readonly log: Log;
  readonly lock: { release(): void };
  readonly secrets: Secrets;
  readonly storage: Storage;
  /** The journal as the feed's stream is compared with it. */
  readonly durable: { end: () => number };
  readonly nats: Nats;
  readonly rules: Rules;
  readonly onFatal: (error: unknown) => void;
}

async function open(opened: Opened): Promise<Onsale> {
  const { config, log, storage, nats } = opened;
  const running = await startEngine(opened);
  const { engine, metrics } = running;
  const queue = await openQueue(opened, running);
  const readModel = new ReadModelReader(storage.readModelFile);
  const readModelProgress = followReadModel(storage.follower, readModel.through(), storage.journal.end.batch);
  const doors = {
    engine,
    desk: queue.desk,
    readModel,
    readModelProgress,
    seatChanges: running.seatChanges,
    seatLists: createSeatLists(),
  };
  const { commands, feed } = await startServices({
    ...doors,
    link: nats.link,
    dataDir: config.dataDir,
    journalModule: new URL('../storage/feed-journal.ts', import.meta.url),
    journalId: storage.journal.id,
    noteAcked: (through, atMs) => storage.follower.noteAcked(through, atMs),
    observe: (name, outcome, seconds) => metrics.observeService(name, outcome, seconds),
    log,
    onFatal: opened.onFatal,
  });
  running.late.feed = feed;
  // Told of what became durable while it started.
  feed?.advance(engine.durableBatch);

  let draining = false;
  const clock = watchClock(engine.clock, log);
  const parts: OperatedParts = {
    engine,
    journalId: storage.journal.id,
    readModelProgress,
    rooms: queue.rooms,
    nats,
    commands,
    feed,
    clock,
    draining: () => draining,
  };
  watchParts(metrics, parts);
  const app = createHttpApp({
    ...doors,
    rooms: queue.rooms,
    verifyQueueToken: (token) => queue.tokens.verify(token),
    bootId: running.bootId,
    freeSeats: running.freeSeats,
    metrics,
    log,
    adminKey: opened.secrets.adminKey.value,
    jwtSecret: config.authJwtSecret,
    requestLimits: {
      perUserPerSecondMax: config.requestsPerUserPerSecondMax,
      perAddressPerSecondMax: config.requestsPerAddressPerSecondMax,
      trustProxyHops: config.trustProxyHops,
    },
    draining: () => draining,
    readiness: () => readinessOf(parts),
    overview: () => overviewOf(parts),
  });
  const stopped = { rooms: queue.rooms, commands, feed, engine, nats, readModel, storage, log };
  const server = await startHttpServer(app, { host: config.host, port: config.port }).catch(async (error: unknown) => {
    await stopParts({ server: null, ...stopped });
    throw error;
  });
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${server.port}`;
  void queue.rooms.start();
  log.info({ host: config.host, port: server.port, url, dataDir: config.dataDir }, 'listening');
  const { missing } = readModelProgress;
  if (missing > 0)
    log.info({ missing }, 'the SQL tables are being filled; until then lists of reservations answer 503');

  async function stop(): Promise<void> {
    draining = true;
    clock.stop();
    await stopParts({ server, ...stopped });
    metrics.close();
    opened.lock.release();
  }
  const adminKey = opened.secrets.adminKey.value;
  return { url, port: server.port, engine, adminKey, nowMs: () => engine.nowMs(), stop };
}

/** The engine, and what its hooks keep for the doors. */
interface RunningEngine {
  readonly engine: Engine<Protocols>;
  readonly metrics: Metrics;
  readonly freeSeats: FreeSeats;
  readonly seatChanges: SeatChanges;
  /** Random for each process. */
  readonly bootId: string;
  /** The hooks tell these, too, which need the engine themselves. */
  readonly late: { rooms: Rooms | null; feed: Feed | null };
}

async function startEngine({ storage, durable, rules, onFatal }: Opened): Promise<RunningEngine> {
  const metrics = createMetrics();
  const freeSeats = new FreeSeats();
  const late: RunningEngine['late'] = { rooms: null, feed: null };
  const durableBatch = (): number => engine.durableBatch;
  const bootId = randomBytes(6).toString('base64url');
  const seatChanges = new SeatChanges({ bootId, durableBatch });
  const recover = (): Engine<Protocols> =>
    new Engine({
      kinds: createKinds(rules),
      journal: storage.journal,
      snapshots: storage.snapshots,
      keys: storage.keys,
      follower: storage.follower,
      clock: systemClock,
      scheduler: systemScheduler,
      limits,
      hashSeed: randomInt(2 ** 32),
      hooks: engineHooks({ freeSeats, seatChanges, metrics, late, durableBatch }),
      onFatal,
    });
  // The index of bound keys must have all that the journal has before the first command is judged (invariant 6).
  const engine = await beside(storage.follower.ready, recover);
  engine.start();
  durable.end = durableBatch;
  addKnownConcerts(freeSeats, engine);
  return { engine, metrics, freeSeats, seatChanges, bootId, late };
}

/** Rooms with their lines, and the desk in front of them; nobody is let in yet. */
async function openQueue({ config, secrets, storage, nats, log }: Opened, { engine, late }: RunningEngine) {
  const timers = systemTimers;
  // That NATS is away is told by its connection, once.
  const onError = (error: unknown): void => {
    if (!(error instanceof NatsAway)) log.error({ err: error }, 'the waiting line failed');
  };
  const chosen = config.nats.type === 'off';
  const openLines = lineOpener({ engine, link: nats.link, chosen, journalId: storage.journal.id, timers, log });
  const rooms = new Rooms({ engine, timers, onError, openLines });
  late.rooms = rooms;
  const tokens = createQueueTokens(secrets.queueToken.value, limits.tokenCacheMax);
  const desk = createQueueDesk({ engine, tokens, rooms, timers, onError });
  await rooms.open();
  return { rooms, tokens, desk };
}

/**
 * Recovers while the follower verifies what is stored and fills the key index, and waits for it. What it finds wrong is
 * thrown first: that says more than where recovery stumbled.
 */
async function beside<Result>(verified: Promise<void>, recover: () => Result): Promise<Result> {
  try {
    return recover();
  } finally {
    await verified;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await run(startOnsale, makeDataDir);
