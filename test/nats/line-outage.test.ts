/** What becomes of the line, and of those inside, when NATS is killed, is not there at the start, or was never there. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Client } from '../system/client.ts';
import { Program, temporaryDataDir } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { historyOf } from './admissions.ts';
import { epochOf, join, joinWhenPossible, lineInfo, natsDegraded, shut, tokenOf } from './line-people.ts';
import { ProgramStage } from './program-stage.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

let stage: ProgramStage;

before(async () => {
  stage = await ProgramStage.start({ MAX_SEATS_PER_USER: '100000' });
});
after(() => stage.close());

/** Holds one seat after another until told to stop; every answer must be good. Tells each that it has. */
async function keepHolding(token: string, row: number, isOver: () => boolean, onHeld: () => void): Promise<void> {
  for (let seat = 1; !isOver(); seat += 1) {
    await sale.expecting(201, sale.hold(stage.client, token, 's', [`A-${row}-${seat}`]));
    onHeld();
  }
}

describe('kill -9 of nats-server during load', () => {
  it('leaves those inside alone, refuses joins, and continues the same line afterwards', async () => {
    await sale.putRoom(stage.client, 'sale', sale.openDoors);
    await sale.putRoom(stage.client, 'waiting', shut);
    await sale.createConcert(stage.client, 'c');
    await sale.createSchedule(stage.client, 'c', 's', { rows: 20, seats: 5_000, price: 1 });
    await sale.putRoom(stage.client, 'sale', { ...sale.openDoors, concertIds: ['c'] });
    const ann = await sale.expecting(201, join(stage.client, 'ann', 'waiting'));
    const bob = await sale.expecting(201, join(stage.client, 'bob', 'waiting'));
    const payers = await Promise.all(
      Array.from({ length: 5 }, async (_, i) => {
        await sale.expecting(201, sale.charge(stage.client, `payer${i}`, 100));
        return { userId: `payer${i}`, token: await sale.enter(stage.client, `payer${i}`, 'sale') };
      }),
    );

    const tokens = await Promise.all(
      Array.from({ length: 10 }, (_, i) => sale.enter(stage.client, `buyer${i}`, 'sale')),
    );
    const epoch = await epochOf(stage.nats, 'waiting');
    const held = { count: 0, over: false };
    const buyers = Promise.all(
      tokens.map((token, i) =>
        keepHolding(
          token,
          1 + i,
          () => held.over,
          () => (held.count += 1),
        ),
      ),
    );
    await until('the load is on', () => held.count > 100);
    await stage.nats.kill();
    const before = held.count;
    await until('readiness names it', () => natsDegraded(stage.client));
    const refused = await join(stage.client, 'cat', 'waiting');
    assert.equal(refused.status, 503);
    assert.equal(refused.body['code'], 'queue_unavailable');
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    assert.equal((await tokenOf(stage.client, ann.body['token']))['status'], 'waiting');
    // Leaving is journaled; the stream hears of it later.
    await sale.expecting(
      204,
      stage.client.send('DELETE', '/v1/queue/tokens/current', { token: String(ann.body['token']) }),
    );
    assert.equal((await tokenOf(stage.client, ann.body['token']))['status'], 'expired');
    for (const [i, { token }] of payers.entries()) {
      const reservation = await sale.expecting(201, sale.hold(stage.client, token, 's', [`A-20-${i + 1}`]));
      await sale.expecting(201, sale.pay(stage.client, token, String(reservation.body['id'])));
    }
    await until('many holds without NATS', () => held.count > before + 500);
    await stage.nats.start();
    const cat = await joinWhenPossible(stage.client, 'cat', 'waiting');
    assert.equal(cat.body['place'], 3);
    assert.equal(await epochOf(stage.nats, 'waiting'), epoch, 'the same line');
    held.over = true;
    await buyers;
    const again = await sale.expecting(200, join(stage.client, 'bob', 'waiting'));
    assert.equal(again.body['token'], bob.body['token']);
    await until('readiness names nothing', async () => !(await natsDegraded(stage.client)));
    // The stream has heard that Ann left: she can join by publishing again.
    await until(
      'the message of whoever left is gone',
      async () => (await lineInfo(stage.nats, 'waiting')).state.messages === 2,
    );
    await sale.putRoom(stage.client, 'waiting', sale.openDoors);
    await until('the people who waited are let in', async () => {
      const { admissions } = historyOf(stage.dataDir.path, 'waiting');
      return admissions.map(({ userId }) => userId).join() === 'bob,cat';
    });
  });
});

describe('a line in the engine, from before there was NATS', () => {
  it('is drained before the stream, and keeps its people their one place', async () => {
    const own = temporaryDataDir();
    let engine = await Program.start(own.path, { NATS_URL: 'off' });
    let at = new Client(engine.port);
    try {
      await sale.putRoom(at, 'main', shut);
      const ann = await sale.expecting(201, join(at, 'ann', 'main'));
      const bob = await sale.expecting(201, join(at, 'bob', 'main'));
      at.close();
      assert.equal((await engine.stop()).code, 0);
      const fresh = await NatsUnderTest.start();
      try {
        engine = await Program.start(own.path, { NATS_URL: fresh.url });
        at = new Client(engine.port);
        const cat = await sale.expecting(201, join(at, 'cat', 'main'));
        const again = await sale.expecting(200, join(at, 'bob', 'main'));
        assert.equal(again.body['token'], bob.body['token']);
        assert.equal((await tokenOf(at, ann.body['token']))['status'], 'waiting');
        await sale.putRoom(at, 'main', { ...sale.openDoors, admitPerSecond: 50 });
        await until('Cat is let in', async () => (await tokenOf(at, cat.body['token']))['status'] === 'active');
        const { admissions } = historyOf(own.path, 'main');
        assert.deepEqual(
          admissions.map(({ userId }) => userId),
          ['ann', 'bob', 'cat'],
        );
        assert.equal(new Set(admissions.map(({ epoch }) => epoch)).size, 2);
      } finally {
        await fresh.close();
      }
    } finally {
      at.close();
      await engine.kill();
      own.remove();
    }
  });
});

describe('a server that cannot be reached at the start', () => {
  it('does not keep the engine from starting, and is used when it comes', async () => {
    const own = temporaryDataDir();
    const late = await NatsUnderTest.start();
    await late.kill();
    const engine = await Program.start(own.path, { NATS_URL: `nats://secret-user:secret-word@${late.url.slice(7)}` });
    const at = new Client(engine.port);
    try {
      assert.ok(await natsDegraded(at));
      const refused = await join(at, 'ann', 'main');
      assert.equal(refused.body['code'], 'queue_unavailable');
      await late.start();
      assert.equal((await joinWhenPossible(at, 'ann', 'main')).status, 201);
      const overview = await at.send('GET', '/v1/admin/overview', { bearer: 'system-test-admin-key' });
      assert.deepEqual(overview.body['nats'], { url: late.url, state: 'connected' });
      assert.doesNotMatch(engine.output, /secret-/);
    } finally {
      at.close();
      await engine.kill();
      await late.close();
      own.remove();
    }
  });
});
