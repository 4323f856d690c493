/**
 * A program for the crash test: the real engine on a real data directory, with the feed, giving itself mixed commands as
 * fast as it can. It is killed without warning; what it confirmed is in the journal.
 *
 * Writes a line of JSON for every step: `{"done": n}` commands answered, `{"caughtUp": n}` events published at the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createKinds } from '../../actors/kinds.ts';
import type { Rules } from '../../actors/rules.ts';
import { limits } from '../../api/limits.ts';
import { createLog } from '../../api/log.ts';
import { NatsLink } from '../../api/nats/connection.ts';
import { startFeed } from '../../api/nats/feed/feed.ts';
import type { Protocols } from '../../api/protocols.ts';
import { Engine } from '../../engine/engine.ts';
import { acquireDirectoryLock } from '../../storage/directory-lock.ts';
import { openStorage } from '../../storage/open.ts';
import { mixedCommands, prepareSale } from './mixed-commands.ts';

const rules: Rules = {
  ...limits,
  holdTtlMs: 2_000,
  seatsPerReservationMax: 8,
  seatsPerUserMax: 1_000_000,
};
const inFlightMax = 300;
const tellEvery = 200;

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function fatal(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

const dataDir = process.env['DATA_DIR'] ?? '';
const commands = Number(process.env['COMMANDS']);
const seed = process.env['SEED'] ?? '';

const lock = await acquireDirectoryLock(dataDir, limits.lockWaitMs);
const storage = await openStorage({
  dataDir,
  kindsModule: new URL('../../actors/kinds.ts', import.meta.url),
  rules,
  keyTtlMs: limits.keyTtlMs,
  onFatal: fatal,
});
await storage.follower.ready;
const link = new NatsLink({ url: process.env['NATS_URL'] ?? '', token: null, log: createLog('silent') });
const feed = await startFeed({
  dataDir,
  journalModule: new URL('../../storage/feed-journal.ts', import.meta.url),
  link,
  durableThrough: storage.journal.end.batch,
  nowMs: () => Date.now(),
  log: createLog('silent'),
  onFatal: fatal,
});
const engine: Engine<Protocols> = new Engine<Protocols>({
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
  hooks: { onBatch: () => feed.advance(engine.durableBatch) },
  onFatal: fatal,
});
engine.start();
await prepareSale(engine);
const give = mixedCommands(engine, seed);
let done = 0;
say({ done });
async function worker(): Promise<void> {
  while (done < commands) {
    await give();
    done += 1;
    if (done % tellEvery === 0) say({ done });
  }
}
await Promise.all(Array.from({ length: inFlightMax }, worker));
await engine.drain();
feed.advance(engine.durableBatch);
while (feed.lag().batches > 0) await sleep(20);
say({ done, caughtUp: feed.published() });
await feed.close(1_000);
await link.close();
await storage.close(5_000);
lock.release();
