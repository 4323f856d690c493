/**
 * `kill -9` of the engine and of the nats-server in the middle of a run of mixed commands: the feed has every public
 * event of the journal, and each actor's in order.
 *
 * FEED_COMMANDS=100000 runs the full size (the default fits the suite); SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { JournalReader } from '../../storage/journal-reader.ts';
import { seeded } from '../system/seeded.ts';
import { readStream, type Received } from './feed-under-test.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

const commands = Number(process.env['FEED_COMMANDS'] ?? 10_000);
const seed = process.env['SEED'] ?? String(Date.now());
const engineKills = 3;
const natsKills = 2;
const stepMaxMs = 120_000 + commands * 2;

/** What the contract's table makes public, written down here once more: by actor and type of event. */
const publicTypes = new Set([
  'schedule ScheduleOpened',
  'schedule SeatsHeld',
  'schedule HoldCancelled',
  'schedule HoldExpired',
  'schedule ReservationPaid',
  'wallet WalletCharged',
  'wallet WalletDebited',
  'admission UserAdmitted',
  'admission SessionEnded',
]);

const dataDir = mkdtempSync(join(tmpdir(), 'onsale-feed-crash-'));
let nats: NatsUnderTest;
let running: ChildProcess | null = null;

before(async () => {
  nats = await NatsUnderTest.start();
});
after(async () => {
  running?.kill('SIGKILL');
  await nats.close();
  rmSync(dataDir, { recursive: true, force: true });
});

class Engine {
  done = 0;
  caughtUp = false;
  output = '';
  readonly child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(count: number, part: number) {
    this.child = spawn(process.execPath, [join(import.meta.dirname, 'feed-engine.ts')], {
      env: {
        PATH: process.env['PATH'],
        DATA_DIR: dataDir,
        NATS_URL: nats.url,
        COMMANDS: String(count),
        SEED: `${seed}-${part}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running = this.child;
    this.#exited = once(this.child, 'exit');
    this.child.stderr?.on('data', (chunk) => (this.output += String(chunk)));
    if (this.child.stdout === null) throw new Error('the engine has no output');
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      // The program writes exactly such lines.
      const told = JSON.parse(line) as { done: number; caughtUp?: number };
      this.done = told.done;
      this.caughtUp ||= told.caughtUp !== undefined;
    });
  }

  /** Until so many commands are answered. */
  async reaches(count: number): Promise<void> {
    await until(`${count} commands`, () => this.#alive() && this.done >= count, stepMaxMs);
  }

  async finishes(): Promise<void> {
    await until('the feed has caught up', () => this.#alive() && this.caughtUp, stepMaxMs);
    await this.#exited;
    assert.equal(this.child.exitCode, 0, this.output);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exited;
  }

  #alive(): boolean {
    if (this.child.exitCode !== null && this.child.exitCode !== 0) throw new Error(`it ended: ${this.output}`);
    return true;
  }
}

interface Expected {
  readonly ids: string[];
  readonly byType: Record<string, number>;
}

/** From the journal alone. */
function expectedIds(): Expected {
  const reader = new JournalReader(join(dataDir, 'journal.db'));
  const expected: Expected = { ids: [], byType: {} };
  const add = (batch: number, index: number, type: string): void => {
    expected.ids.push(`${reader.id}-${batch}-${index}`);
    expected.byType[type] = (expected.byType[type] ?? 0) + 1;
  };
  for (const { number, turns } of reader.batches(1)) {
    const events = turns.flatMap((turn) => turn.events);
    events.forEach(({ actor, event }, index) => {
      const type = `${actor.split(':')[0]} ${event.type}`;
      if (publicTypes.has(type)) add(number, index, type);
    });
    turns.forEach(({ binding }, turn) => {
      if (binding?.outcome.type === 'rejected') add(number, events.length + turn, 'rejected command');
    });
  }
  reader.close();
  return expected;
}

/** The first time each event came, in the order in which it came, by the actor in its subject. */
function byActor(received: readonly Received[]): Map<string, string[]> {
  const seen = new Set<string>();
  const actors = new Map<string, string[]>();
  for (const { id, subject } of received) {
    if (seen.has(id)) continue;
    seen.add(id);
    const actor = subject.split('.').slice(3, 5).join('.');
    const ids = actors.get(actor);
    if (ids === undefined) actors.set(actor, [id]);
    else ids.push(id);
  }
  return actors;
}

test(`${commands} mixed commands, ${engineKills} kills of the engine and ${natsKills} of NATS (SEED=${seed})`, async (context) => {
  const random = seeded(seed);
  const share = Math.floor(commands / (engineKills + 1));
  let done = 0;
  let natsKilled = 0;
  for (let part = 0; part <= engineKills; part++) {
    const last = part === engineKills;
    const engine = new Engine(last ? commands - done : commands, part);
    const goal = last ? commands - done : Math.floor(share / 2) + random.below(Math.floor(share / 2));
    if (natsKilled < natsKills) {
      await engine.reaches(Math.floor(goal / 3));
      await nats.kill();
      await engine.reaches(Math.floor((goal * 2) / 3));
      await nats.start();
      natsKilled += 1;
    }
    if (last) {
      await engine.finishes();
      done += engine.done;
    } else {
      await engine.reaches(goal);
      await engine.kill();
      done += engine.done;
    }
  }

  const expected = expectedIds();
  const nc = await nats.connect();
  const received = await readStream(nc);
  await nc.close();
  context.diagnostic(`${done} commands, ${expected.ids.length} public events, ${received.length} messages`);
  context.diagnostic(JSON.stringify(expected.byType));
  assert.ok(done >= commands, 'the run was too short');
  assert.equal(Object.keys(expected.byType).length, publicTypes.size + 1, 'an event of the table never happened');

  const place = new Map(expected.ids.map((id, index) => [id, index]));
  const ids = new Set(received.map(({ id }) => id));
  assert.deepEqual(
    expected.ids.filter((id) => !ids.has(id)),
    [],
    'the feed has a gap',
  );
  assert.equal(ids.size, expected.ids.length, 'the feed has events that the journal has not');
  const actors = byActor(received);
  for (const [actor, came] of actors) {
    const places = came.map((id) => place.get(id) ?? -1);
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
      `${actor} is out of order`,
    );
  }
  assert.ok(actors.size > 200);
});
