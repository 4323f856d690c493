/** A stream whose server has forgotten its newest messages, as after a power loss, above the places that are dealt with. */
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join as path } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import * as sale from '../system/sale.ts';
import { historyOf } from './admissions.ts';
import { epochOf, join, joinWhenPossible, lineInfo, shut, tokenOf } from './line-people.ts';
import { ProgramStage } from './program-stage.ts';
import { until } from '../until.ts';

let stage: ProgramStage;
let room = '';
let rooms = 0;

before(async () => {
  stage = await ProgramStage.start();
});
beforeEach(() => {
  room = `room-${++rooms}`;
});
after(() => stage.close());

/** The server comes back with what it had stored when `work` began. */
async function losing(
  work: () => Promise<void>,
  whileAway: () => Promise<void> = async () => undefined,
): Promise<void> {
  const store = path(stage.nats.directory, 'store');
  const copy = path(stage.nats.directory, 'copy');
  await stage.nats.kill();
  cpSync(store, copy, { recursive: true });
  await stage.nats.start();
  await work();
  await stage.nats.kill();
  await whileAway();
  rmSync(store, { recursive: true });
  cpSync(copy, store, { recursive: true });
  rmSync(copy, { recursive: true });
  await stage.nats.start();
}

async function joinAll(users: readonly string[]): Promise<Map<string, { place: number; token: unknown }>> {
  const joined = new Map<string, { place: number; token: unknown }>();
  for (const user of users) {
    const { body } = await joinWhenPossible(stage.client, user, room);
    joined.set(user, { place: Number(body['place']), token: body['token'] });
  }
  return joined;
}

/** Who was let in when the room had opened and the last of the line was inside. */
async function admittedThrough(lastToken: unknown): Promise<string[]> {
  await sale.putRoom(stage.client, room, sale.openDoors);
  await until('the last one is inside', async () => (await tokenOf(stage.client, lastToken))['status'] === 'active');
  return historyOf(stage.dataDir.path, room).admissions.map(({ userId, place }) => `${userId}@${place}`);
}

describe('a stream that has lost its last people', () => {
  it('gives their places to nobody else while the engine lives, whether it had read them or not', async () => {
    await sale.putRoom(stage.client, room, shut);
    await joinAll(['ann', 'bob']);
    const epoch = await epochOf(stage.nats, room);
    await losing(async () => void (await joinAll(['cat', 'dan'])));
    const next = await joinAll(['eve', 'fay']);
    assert.equal(await epochOf(stage.nats, room), epoch, 'the line goes on');
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
    await sale.putRoom(stage.client, room, shut);
    await joinAll(['ann', 'bob']);
    await losing(
      async () => {
        const lost = await joinAll(['cat', 'dan', 'eli']);
        for (const user of ['cat', 'eli']) {
          const token = String(lost.get(user)?.token);
          await sale.expecting(204, stage.client.send('DELETE', '/v1/queue/tokens/current', { token }));
        }
      },
      () => stage.killProgram(),
    );
    await stage.startProgram();
    const next = await joinAll(['eve', 'fay']);
    assert.equal(next.get('eve')?.place, 6);
    assert.deepEqual(await admittedThrough(next.get('fay')?.token), ['ann@1', 'bob@2', 'eve@6', 'fay@7']);
  });

  it('keeps one message of those that were drawn again, not each', async () => {
    await sale.putRoom(stage.client, room, shut);
    await joinAll(['ann']);
    await losing(async () => {
      await Promise.all(Array.from({ length: 600 }, (_, i) => joinWhenPossible(stage.client, `crowd-${i}`, room)));
    });
    await sale.expecting(
      201,
      until('a join is taken', async () => {
        const reply = await join(stage.client, 'eve', room);
        return reply.status === 503 ? null : reply;
      }),
    );
    const { state } = await lineInfo(stage.nats, room);
    assert.equal(state.last_seq, 602);
    assert.equal(state.messages, 3, 'Ann, Eve, and the last of those drawn again');
  });
});
