/** 20,000 people join by publishing, three times each; they are let in, leave and come back, and the journal is counted. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Reply } from '../system/client.ts';
import * as sale from '../system/sale.ts';
import { seeded } from '../system/seeded.ts';
import { forAll, historyOf } from './admissions.ts';
import { ProgramStage } from './program-stage.ts';
import { until } from '../until.ts';

const people = 20_000;
const joinsEach = 3;
const publishers = 4;
const leavers = 2_000;
const returners = 500;
const admitPerSecond = 400;
const maxActive = 6_000;
const seed = process.env['SEED'] ?? String(Date.now());
const policy = { admitPerSecond, maxActive, sessionSeconds: 20, maxSessionSeconds: 3_600 };

const users = Array.from({ length: people }, (_, i) => `u${i}`);
/** Answers of the server to the joins. */
const placeOf = new Map<string, number>();
let stage: ProgramStage;

before(async () => {
  stage = await ProgramStage.start();
  await sale.putRoom(stage.client, 'main', { ...policy, admitPerSecond: 0 });
});
after(() => stage.close());

function shuffled<T>(items: readonly T[], name: string): T[] {
  const random = seeded(`${seed}-${name}`);
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i -= 1) {
    const j = random.below(i + 1);
    const [a, b] = [mixed[i], mixed[j]];
    if (a !== undefined && b !== undefined) [mixed[i], mixed[j]] = [b, a];
  }
  return mixed;
}

async function joinBySubject(connection: NatsConnection, userId: string): Promise<'new' | 'again'> {
  const answer = (await connection.request(`onsale.v1.line.main.${userId}`, '', { timeout: 20_000 })).json<{
    seq?: number;
    error?: { description: string };
  }>();
  if (answer.error === undefined) {
    assert.ok(!placeOf.has(userId), `${userId} has two places`);
    placeOf.set(userId, Number(answer.seq));
    return 'new';
  }
  assert.match(answer.error.description, /maximum messages per subject exceeded/);
  return 'again';
}

const join = (userId: string): Promise<Reply> => stage.client.send('POST', '/v1/queue/tokens', { body: { userId } });
const leave = (token: string): Promise<Reply> => stage.client.send('DELETE', '/v1/queue/tokens/current', { token });
const statusOf = async (token: string): Promise<unknown> =>
  (await sale.expecting(200, stage.client.send('GET', '/v1/queue/tokens/current', { token }))).body['status'];

describe(`20,000 people who join three times each, from four publishers at once (seed ${seed})`, () => {
  const oldTokens = new Map<string, string>();
  const newTokens = new Map<string, { readonly token: string; readonly place: number }>();
  let left: string[] = [];
  let startedAtMs = 0;

  it('have one place each', async () => {
    const startedAt = performance.now();
    // Each joins through three of the four publishers, or more than once through one.
    const joins = shuffled(
      users.flatMap((user) => Array.from({ length: joinsEach }, () => user)),
      'joins',
    );
    const connections = await Promise.all(Array.from({ length: publishers }, () => stage.nats.connect()));
    const answers = { new: 0, again: 0 };
    await Promise.all(
      connections.map((connection, k) =>
        forAll(
          joins.filter((_, i) => i % publishers === k),
          128,
          async (user) => {
            answers[await joinBySubject(connection, user)] += 1;
          },
        ),
      ),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    await Promise.all(connections.map((connection) => connection.close()));
    assert.deepEqual(answers, { new: people, again: people * (joinsEach - 1) });
    assert.equal(placeOf.size, people);
    assert.equal(new Set(placeOf.values()).size, people);
    assert.equal(Math.max(...placeOf.values()), people, 'no place in vain');
    process.stdout.write(`# ${Math.round((people * joinsEach) / seconds)} joins/s over NATS\n`);
  });

  it('leave and come back while others are let in, and every token says so', async () => {
    await sale.putRoom(stage.client, 'main', policy);
    startedAtMs = Date.now();
    // Far enough back that nobody's turn comes while they leave.
    const back = users.filter((user) => (placeOf.get(user) ?? 0) > 12_000);
    left = shuffled(back, 'leavers').slice(0, leavers);
    await forAll(left, 32, async (user) => {
      const found = await sale.expecting(200, join(user));
      assert.equal(found.body['place'], placeOf.get(user));
      oldTokens.set(user, String(found.body['token']));
      await sale.expecting(204, leave(String(found.body['token'])));
    });
    await forAll(left.slice(0, returners), 32, async (user) => {
      const again = await sale.expecting(201, join(user));
      assert.ok(Number(again.body['place']) > people);
      assert.equal(again.body['status'], 'waiting');
      newTokens.set(user, { token: String(again.body['token']), place: Number(again.body['place']) });
    });
    await until('eleven seconds of admission', () => Date.now() > startedAtMs + 11_500);
    await sale.putRoom(stage.client, 'main', { ...policy, admitPerSecond: 0 });

    for (const token of oldTokens.values()) assert.equal(await statusOf(token), 'expired');
    for (const { token } of newTokens.values()) assert.equal(await statusOf(token), 'waiting');
    const { inside, takenThrough } = historyOf(stage.dataDir.path, 'main');
    const [through] = takenThrough.values();
    const gone = new Set(left);
    const counts = { active: 0, waiting: 0 };
    for (const user of shuffled(users, 'sample').slice(0, 1_000)) {
      if (gone.has(user)) continue;
      const status = (await sale.expecting(200, join(user))).body['status'];
      assert.equal(status, (placeOf.get(user) ?? 0) <= (through ?? 0) ? 'active' : 'waiting', user);
      assert.equal(status === 'active', inside.has(user));
      counts[status === 'active' ? 'active' : 'waiting'] += 1;
    }
    assert.ok(counts.active > 50 && counts.waiting > 50, JSON.stringify(counts));
  });

  it('were let in at the configured rate', () => {
    const { admissions } = historyOf(stage.dataDir.path, 'main');
    const first = admissions[0]?.atMs ?? 0;
    const perSecond = admissions.filter(({ atMs }) => atMs >= first + 1_000 && atMs < first + 11_000).length / 10;
    process.stdout.write(`# ${perSecond} let in per second, ${admitPerSecond} configured\n`);
    assert.ok(Math.abs(perSecond - admitPerSecond) <= admitPerSecond * 0.05, `${perSecond} per second`);
  });

  it('are all let in once, in the order of their places, never too many at once', async () => {
    await sale.putRoom(stage.client, 'main', { ...policy, admitPerSecond: 100_000, sessionSeconds: 1 });
    const everyone = people - leavers + returners;
    await until(
      'everyone was let in',
      async () => {
        const { body } = await stage.client.send('GET', '/v1/admin/rooms/main', { bearer: 'system-test-admin-key' });
        return Number(body['admitted']) >= everyone;
      },
      60_000,
    );
    const { admissions, insideMost } = historyOf(stage.dataDir.path, 'main');
    const places = admissions.map(({ place }) => place);
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
      'in order',
    );
    const expected = new Map([...placeOf].filter(([user]) => !oldTokens.has(user)));
    for (const [user, { place }] of newTokens) expected.set(user, place);
    assert.equal(admissions.length, everyone);
    assert.deepEqual(new Map(admissions.map(({ userId, place }) => [userId, place])), new Map(sortedByPlace(expected)));
    assert.equal(insideMost, maxActive, 'full, never more');
    for (const user of left.slice(returners)) assert.equal(await statusOf(oldTokens.get(user) ?? ''), 'expired');
  });
});

function sortedByPlace(places: ReadonlyMap<string, number>): [string, number][] {
  return [...places].toSorted(([, a], [, b]) => a - b);
}
