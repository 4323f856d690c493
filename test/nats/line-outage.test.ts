/** What becomes of the line, and of those inside, when NATS is killed, or the line's stream is gone or is not ours. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { jetstreamManager, type StreamConfig, type StreamInfo } from '@nats-io/jetstream';
import { Client, type Reply } from '../system/client.ts';
import { Program, temporaryDataDir } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { historyOf } from './admissions.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from './until.ts';

const shut = { ...sale.openDoors, admitPerSecond: 0 };
const dataDir = temporaryDataDir();
let nats: NatsUnderTest;
let program: Program;
let client: Client;

before(async () => {
  nats = await NatsUnderTest.start();
  await startProgram();
});
after(async () => {
  client.close();
  await program.kill();
  await nats.close();
  dataDir.remove();
});

async function startProgram(): Promise<void> {
  program = await Program.start(dataDir.path, { NATS_URL: nats.url, MAX_SEATS_PER_USER: '100000' });
  client = new Client(program.port);
}

const join = (userId: string, room: string, at = client): Promise<Reply> =>
  at.send('POST', '/v1/queue/tokens', { body: { userId, room } });
const tokenOf = async (token: unknown, at = client): Promise<Reply['body']> =>
  (await sale.expecting(200, at.send('GET', '/v1/queue/tokens/current', { token: String(token) }))).body;
const degraded = async (at = client): Promise<boolean> => {
  const reply = await sale.expecting(200, at.send('GET', '/health/ready'));
  return String(reply.body['degraded']).split(',').includes('nats');
};

/** Joins once the line can be reached again; only `queue_unavailable` may stand in the way. */
async function joinWhenPossible(userId: string, room: string, at = client): Promise<Reply> {
  return await until('the line can be joined', async () => {
    const reply = await join(userId, room, at);
    if (reply.status === 200 || reply.status === 201) return reply;
    assert.equal(reply.body['code'], 'queue_unavailable', JSON.stringify(reply.body));
    return null;
  });
}

/** Holds one seat after another until told to stop; every answer must be good. Tells each that it has. */
async function keepHolding(token: string, row: number, isOver: () => boolean, onHeld: () => void): Promise<void> {
  for (let seat = 1; !isOver(); seat += 1) {
    await sale.expecting(201, sale.hold(client, token, 's', [`A-${row}-${seat}`]));
    onHeld();
  }
}

async function streamInfo(room: string): Promise<StreamInfo> {
  const connection = await nats.connect();
  try {
    return await (await jetstreamManager(connection)).streams.info(`ONSALE_LINE_${room}`);
  } finally {
    await connection.close();
  }
}

async function withManager(
  work: (jsm: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<unknown>,
): Promise<void> {
  const connection = await nats.connect();
  try {
    await work(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

describe('kill -9 of nats-server during load', () => {
  it('leaves those inside alone, refuses joins, and continues the same line afterwards', async () => {
    await sale.putRoom(client, 'sale', sale.openDoors);
    await sale.putRoom(client, 'waiting', shut);
    await sale.createConcert(client, 'c');
    await sale.createSchedule(client, 'c', 's', { rows: 20, seats: 5_000, price: 1 });
    await sale.putRoom(client, 'sale', { ...sale.openDoors, concertIds: ['c'] });
    const ann = await sale.expecting(201, join('ann', 'waiting'));
    const bob = await sale.expecting(201, join('bob', 'waiting'));
    const payers = await Promise.all(
      Array.from({ length: 5 }, async (_, i) => {
        await sale.expecting(201, sale.charge(client, `payer${i}`, 100));
        return { userId: `payer${i}`, token: await sale.enter(client, `payer${i}`, 'sale') };
      }),
    );

    const tokens = await Promise.all(Array.from({ length: 10 }, (_, i) => sale.enter(client, `buyer${i}`, 'sale')));
    const { journalEpoch } = await epochOf('waiting');
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
    await nats.kill();
    const before = held.count;
    await until('readiness names it', () => degraded());
    const refused = await join('cat', 'waiting');
    assert.equal(refused.status, 503);
    assert.equal(refused.body['code'], 'queue_unavailable');
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    assert.equal((await tokenOf(ann.body['token']))['status'], 'waiting');
    // Leaving is journaled; the stream hears of it later.
    await sale.expecting(204, client.send('DELETE', '/v1/queue/tokens/current', { token: String(ann.body['token']) }));
    assert.equal((await tokenOf(ann.body['token']))['status'], 'expired');
    for (const [i, { token }] of payers.entries()) {
      const reservation = await sale.expecting(201, sale.hold(client, token, 's', [`A-20-${i + 1}`]));
      await sale.expecting(201, sale.pay(client, token, String(reservation.body['id'])));
    }
    await until('many holds without NATS', () => held.count > before + 500);
    await nats.start();
    const cat = await joinWhenPossible('cat', 'waiting');
    assert.equal(cat.body['place'], 3);
    assert.equal((await epochOf('waiting')).journalEpoch, journalEpoch, 'the same line');
    held.over = true;
    await buyers;
    const again = await sale.expecting(200, join('bob', 'waiting'));
    assert.equal(again.body['token'], bob.body['token']);
    await until('readiness names nothing', async () => !(await degraded()));
    // The stream has heard that Ann left: she can join by publishing again.
    await until('the message of whoever left is gone', async () => (await streamInfo('waiting')).state.messages === 2);
    await sale.putRoom(client, 'waiting', sale.openDoors);
    await until('the people who waited are let in', async () => {
      const { admissions } = historyOf(dataDir.path, 'waiting');
      return admissions.map(({ userId }) => userId).join() === 'bob,cat';
    });
  });
});

/** The epoch of a room's stream as its description has it. */
async function epochOf(room: string): Promise<{ readonly journalEpoch: string }> {
  const epoch = /epoch (\S+)$/.exec((await streamInfo(room)).config.description ?? '')?.[1];
  assert.ok(epoch !== undefined);
  return { journalEpoch: epoch };
}

describe('the stream of a line', () => {
  it('deleted by hand: its tokens are expired, and joining works again', async () => {
    await sale.putRoom(client, 'lost', shut);
    const ann = await sale.expecting(201, join('ann', 'lost'));
    const before = await epochOf('lost');
    await withManager((jsm) => jsm.streams.delete('ONSALE_LINE_lost'));
    await until('the token is expired', async () => (await tokenOf(ann.body['token']))['status'] === 'expired');
    const again = await joinWhenPossible('ann', 'lost');
    assert.equal(again.status, 201);
    assert.equal(again.body['place'], 1);
    assert.notEqual(again.body['token'], ann.body['token']);
    assert.equal((await tokenOf(again.body['token']))['status'], 'waiting');
    assert.notEqual((await epochOf('lost')).journalEpoch, before.journalEpoch);
    await sale.putRoom(client, 'lost', sale.openDoors);
    await until('Ann is let in', async () => (await tokenOf(again.body['token']))['status'] === 'active');
    assert.equal((await tokenOf(ann.body['token']))['status'], 'expired');
  });

  it('without its tail: it ends below the place dealt with, so it is a new line', async () => {
    await sale.putRoom(client, 'tail', sale.openDoors);
    const ann = await sale.expecting(201, join('ann', 'tail'));
    await sale.putRoom(client, 'tail', shut);
    const bob = await sale.expecting(201, join('bob', 'tail'));
    assert.equal((await tokenOf(bob.body['token']))['status'], 'waiting');
    const before = await epochOf('tail');
    const { config } = await streamInfo('tail');
    client.close();
    await program.kill();
    // What a server that lost its newest messages has: the same stream, ending earlier.
    await withManager(async (jsm) => {
      await jsm.streams.delete(config.name);
      await jsm.streams.add(made(config));
    });
    await startProgram();
    assert.equal((await tokenOf(bob.body['token']))['status'], 'expired');
    assert.equal((await tokenOf(ann.body['token']))['status'], 'active', 'whoever is inside stays');
    const again = await joinWhenPossible('bob', 'tail');
    assert.equal((await tokenOf(again.body['token']))['status'], 'waiting');
    assert.notEqual((await epochOf('tail')).journalEpoch, before.journalEpoch);
  });

  it('of another journal is left alone: nobody can join, and its own engine goes on', async () => {
    await sale.putRoom(client, 'ours', shut);
    const ann = await sale.expecting(201, join('ann', 'ours'));
    const other = temporaryDataDir();
    const stranger = await Program.start(other.path, { NATS_URL: nats.url });
    const theirs = new Client(stranger.port);
    try {
      await sale.putRoom(theirs, 'ours', sale.openDoors);
      const refused = await join('eve', 'ours', theirs);
      assert.equal(refused.body['code'], 'queue_unavailable');
      assert.match(stranger.output, /is not of this journal/);
      const { state } = await streamInfo('ours');
      assert.equal(state.messages, 1);
      assert.equal((await tokenOf(ann.body['token']))['status'], 'waiting');
      assert.equal((await sale.expecting(201, join('bob', 'ours'))).body['place'], 2);
    } finally {
      theirs.close();
      await stranger.kill();
      other.remove();
    }
  });
});

/** What may be given when a stream is made. */
function made(config: StreamConfig): Partial<StreamConfig> & { readonly name: string } {
  const { name, description = '', subjects, retention, storage, discard, discard_new_per_subject } = config;
  const { max_msgs_per_subject, duplicate_window, max_msg_size, allow_direct } = config;
  return {
    name,
    description,
    subjects,
    retention,
    storage,
    discard,
    discard_new_per_subject,
    max_msgs_per_subject,
    duplicate_window,
    max_msg_size,
    allow_direct,
  };
}

describe('a line in the engine, from before there was NATS', () => {
  it('is drained before the stream, and keeps its people their one place', async () => {
    const own = temporaryDataDir();
    let engine = await Program.start(own.path, { NATS_URL: 'off' });
    let at = new Client(engine.port);
    try {
      await sale.putRoom(at, 'main', shut);
      const ann = await sale.expecting(201, join('ann', 'main', at));
      const bob = await sale.expecting(201, join('bob', 'main', at));
      at.close();
      assert.equal((await engine.stop()).code, 0);
      const fresh = await NatsUnderTest.start();
      try {
        engine = await Program.start(own.path, { NATS_URL: fresh.url });
        at = new Client(engine.port);
        const cat = await sale.expecting(201, join('cat', 'main', at));
        const again = await sale.expecting(200, join('bob', 'main', at));
        assert.equal(again.body['token'], bob.body['token']);
        assert.equal((await tokenOf(ann.body['token'], at))['status'], 'waiting');
        await sale.putRoom(at, 'main', { ...sale.openDoors, admitPerSecond: 50 });
        await until('Cat is let in', async () => (await tokenOf(cat.body['token'], at))['status'] === 'active');
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
      assert.ok(await degraded(at));
      const refused = await join('ann', 'main', at);
      assert.equal(refused.body['code'], 'queue_unavailable');
      await late.start();
      assert.equal((await joinWhenPossible('ann', 'main', at)).status, 201);
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
