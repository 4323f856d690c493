/** `kill -9` of the engine at random moments while people are let in from the stream, twenty times on one journal. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../system/client.ts';
import { Program, temporaryDataDir } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { seeded } from '../system/seeded.ts';
import { forAll, historyOf } from './admissions.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

const rounds = 20;
const people = 4_000;
const killAfterMsMax = 250;
const seed = process.env['SEED'] ?? String(Date.now());
/** Everyone stays inside to the end, so that nobody may come in twice. */
const policy = { admitPerSecond: 150, maxActive: 1_000_000, sessionSeconds: 3_600, maxSessionSeconds: 7_200 };

const dataDir = temporaryDataDir();
let nats: NatsUnderTest;
let program: Program | null = null;

before(async () => {
  nats = await NatsUnderTest.start();
});
after(async () => {
  await program?.kill();
  await nats.close();
  dataDir.remove();
});

async function withClient(running: Program, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client(running.port);
  try {
    await work(client);
  } finally {
    client.close();
  }
}

test(`nobody is let in twice, nobody is skipped, and the order is kept (seed ${seed})`, async () => {
  const random = seeded(seed);
  program = await Program.start(dataDir.path, { NATS_URL: nats.url });
  await withClient(program, (client) => sale.putRoom(client, 'main', policy));
  const connection = await nats.connect();
  const places = new Map<number, string>();
  let rest: string[] = Array.from({ length: people }, (_, i) => `u${i}`);
  const during: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      program ??= await Program.start(dataDir.path, { NATS_URL: nats.url });
      // A twentieth of them comes while the engine runs, or is already dead.
      const coming = rest.splice(0, people / rounds);
      const joining = forAll(coming, 8, async (user) => {
        const answer = await connection.request(`onsale.v1.line.main.${user}`, '', { timeout: 20_000 });
        places.set(answer.json<{ seq: number }>().seq, user);
      });
      await sleep(random.below(killAfterMsMax));
      await program.kill();
      program = null;
      await joining;
      during.push(historyOf(dataDir.path, 'main').admissions.length);
    }
    assert.equal(places.size, people);
    assert.ok(new Set(during).size > rounds / 2, `the kills fell into the admission: ${during.join(' ')}`);
    assert.ok((during.at(-1) ?? 0) < people, 'people are left for the end');

    program = await Program.start(dataDir.path, { NATS_URL: nats.url });
    await withClient(program, async (client) => {
      await sale.putRoom(client, 'main', { ...policy, admitPerSecond: 100_000 });
      await until('everyone is inside', async () => {
        const { body } = await client.send('GET', '/v1/admin/rooms/main', { bearer: 'system-test-admin-key' });
        return Number(body['active']) >= people;
      });
    });
    const { admissions } = historyOf(dataDir.path, 'main');
    const inOrder = [...places].toSorted(([a], [b]) => a - b);
    assert.deepEqual(
      admissions.map(({ place, userId }) => [place, userId]),
      inOrder,
    );
  } finally {
    rest = [];
    await connection.close();
  }
});
