/** A stream whose server has forgotten its newest messages, as after a power loss, above the places that are dealt with. */
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join as path } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Client } from '../system/client.ts';
import { Program, temporaryDataDir } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { historyOf } from './admissions.ts';
import { epochOf, join, joinWhenPossible, lineInfo, shut, tokenOf } from './line-people.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

const dataDir = temporaryDataDir();
let nats: NatsUnderTest;
let program: Program;
let client: Client;
let room = '';
let rooms = 0;

before(async () => {
  nats = await NatsUnderTest.start();
  await startProgram();
});
beforeEach(() => {
  room = `room-${++rooms}`;
});
after(async () => {
  client.close();
  await program.kill();
  await nats.close();
  dataDir.remove();
});

async function startProgram(): Promise<void> {
  program = await Program.start(dataDir.path, { NATS_URL: nats.url });
  client = new Client(program.port);
}

async function stopProgram(): Promise<void> {
  client.close();
  await program.kill();
}

/** The server comes back with what it had stored when `work` began. */
async function losing(
  work: () => Promise<void>,
  whileAway: () => Promise<void> = async () => undefined,
): Promise<void> {
  const store = path(nats.directory, 'store');
  const copy = path(nats.directory, 'copy');
  await nats.kill();
  cpSync(store, copy, { recursive: true });
  await nats.start();
  await work();
  await nats.kill();
  await whileAway();
  rmSync(store, { recursive: true });
  cpSync(copy, store, { recursive: true });
  rmSync(copy, { recursive: true });
  await nats.start();
}

async function joinAll(users: readonly string[]): Promise<Map<string, { place: number; token: unknown }>> {
  const joined = new Map<string, { place: number; token: unknown }>();
  for (const user of users) {
    const { body } = await joinWhenPossible(client, user, room);
    joined.set(user, { place: Number(body['place']), token: body['token'] });
  }
  return joined;
}

/** Who was let in when the room had opened and the last of the line was inside. */
async function admittedThrough(lastToken: unknown): Promise<string[]> {
  await sale.putRoom(client, room, sale.openDoors);
  await until('the last one is inside', async () => (await tokenOf(client, lastToken))['status'] === 'active');
  return historyOf(dataDir.path, room).admissions.map(({ userId, place }) => `${userId}@${place}`);
}

describe('a stream that has lost its last people', () => {
  it('gives their places to nobody else while the engine lives, whether it had read them or not', async () => {
    await sale.putRoom(client, room, shut);
    await joinAll(['ann', 'bob']);
    const epoch = await epochOf(nats, room);
    await losing(async () => void (await joinAll(['cat', 'dan'])));
    const next = await joinAll(['eve', 'fay']);
    assert.equal(await epochOf(nats, room), epoch, 'the line goes on');
    const { place, token } = next.get('fay') ?? { place: 0, token: null };
    assert.equal(next.get('eve')?.place, 5);
    assert.equal(place, 6);
    const forgotten = ['cat@3', 'dan@4'];
    const admitted = await admittedThrough(token);
    assert.deepEqual(
      admitted.filter((each) => !forgotten.includes(each)),
      ['ann@1', 'bob@2', 'eve@5', 'fay@6'],
    );
  });

  it('passes nobody over after a restart, though the places of some who are forgotten had left', async () => {
    await sale.putRoom(client, room, shut);
    await joinAll(['ann', 'bob']);
    await losing(
      async () => {
        const lost = await joinAll(['cat', 'dan', 'eli']);
        for (const user of ['cat', 'eli']) {
          const token = String(lost.get(user)?.token);
          await sale.expecting(204, client.send('DELETE', '/v1/queue/tokens/current', { token }));
        }
      },
      () => stopProgram(),
    );
    await startProgram();
    const next = await joinAll(['eve', 'fay']);
    assert.equal(next.get('eve')?.place, 6);
    assert.deepEqual(await admittedThrough(next.get('fay')?.token), ['ann@1', 'bob@2', 'eve@6', 'fay@7']);
  });

  it('keeps one message of those that were drawn again, not each', async () => {
    await sale.putRoom(client, room, shut);
    await joinAll(['ann']);
    await losing(async () => {
      await Promise.all(Array.from({ length: 600 }, (_, i) => joinWhenPossible(client, `crowd-${i}`, room)));
    });
    await sale.expecting(
      201,
      until('a join is taken', async () => {
        const reply = await join(client, 'eve', room);
        return reply.status === 503 ? null : reply;
      }),
    );
    const { state } = await lineInfo(nats, room);
    assert.equal(state.last_seq, 602);
    assert.equal(state.messages, 3, 'Ann, Eve, and the last of those drawn again');
  });
});
