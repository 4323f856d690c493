/** Everyone wants the same thing at the same instant, over real sockets. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, type Reply } from './client.ts';
import { Program, temporaryDataDir } from './program.ts';
import * as sale from './sale.ts';
import { seeded } from './seeded.ts';

const dataDir = temporaryDataDir();
let program: Program;
let client: Client;

before(async () => {
  program = await Program.start(dataDir.path, { MAX_SEATS_PER_USER: '100' });
  client = new Client(program.port, 1_000);
  await sale.putRoom(client, 'main', sale.openDoors);
  await sale.createConcert(client, 'c');
  await sale.createSchedule(client, 'c', 'one-seat', { rows: 1, seats: 1, price: 100 });
  await sale.createSchedule(client, 'c', 'row', { rows: 1, seats: 100, price: 100 });
  await sale.createSchedule(client, 'c', 'pay', { rows: 1, seats: 10, price: 100 });
});
after(async () => {
  client.close();
  await program.stop();
  dataDir.remove();
});

function times<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)));
}

/** A reservation of one seat, held by a new user who has `balance`. */
async function heldBy(userId: string, seatId: string, balance: number): Promise<{ token: string; id: string }> {
  const token = await sale.enter(client, userId);
  await sale.expecting(201, sale.charge(client, userId, balance));
  const held = await sale.expecting(201, sale.hold(client, token, 'pay', [seatId]));
  return { token, id: String(held.body['id']) };
}

describe('a seat that 1,000 people hold at once', () => {
  test('goes to exactly one; the others are told which seat is taken', async () => {
    const tokens = await sale.enterMany(client, 'rush', 1_000);
    const replies = await Promise.all(tokens.map((token) => sale.hold(client, token, 'one-seat', ['A-1-1'])));
    assert.deepEqual(sale.tally(replies), { '201': 1, seat_unavailable: 999 });
    for (const { status, body } of replies) if (status !== 201) assert.deepEqual(body['seatIds'], ['A-1-1']);
  });
});

describe('a wallet that is charged 1,000 times at once', () => {
  test('holds the exact sum, and every answer names a balance of its own', async () => {
    const replies = await times(1_000, (index) => sale.charge(client, 'saver', index + 1));
    assert.deepEqual(sale.tally(replies), { '201': 1_000 });
    assert.equal(await sale.balanceOf(client, 'saver'), 500_500);
    assert.equal(new Set(replies.map(({ body }) => body['balance'])).size, 1_000);
  });
});

describe('a reservation that is paid 500 times at once', () => {
  test('is paid once when every try has another key, or none', async () => {
    const { token, id } = await heldBy('payer', 'A-1-1', 1_000);
    const replies = await times(500, (index) =>
      sale.pay(client, token, id, index % 2 === 0 ? `pay-${index}` : undefined),
    );
    assert.deepEqual(sale.tally(replies), { '201': 1, already_paid: 499 });
    assert.equal(await sale.balanceOf(client, 'payer'), 900);
  });

  test('is paid once when all share a key, and all get the same answer', async () => {
    const { token, id } = await heldBy('patient', 'A-1-2', 1_000);
    const replies = await times(500, () => sale.pay(client, token, id, 'the-key'));
    assert.deepEqual(sale.tally(replies), { '201': 500 });
    assert.equal(new Set(replies.map(({ body }) => JSON.stringify(body))).size, 1);
    assert.equal(replies.filter(({ headers }) => headers['idempotency-replayed'] === 'true').length, 499);
    assert.equal(await sale.balanceOf(client, 'patient'), 900);
  });
});

describe('a user who joins 1,000 times at once', () => {
  test('gets one token and one place', async () => {
    const replies = await times(1_000, () => client.send('POST', '/v1/queue/tokens', { body: { userId: 'eager' } }));
    assert.deepEqual(sale.tally(replies), { '200': 999, '201': 1 });
    assert.equal(new Set(replies.map(({ body }) => body['token'])).size, 1);
    assert.equal(new Set(replies.map(({ body }) => body['place'])).size, 1);
  });
});

describe('overlapping sets of seats that 200 people hold at once', () => {
  test('are held whole or not at all, and no seat twice', async () => {
    const random = seeded('overlap');
    const tokens = await sale.enterMany(client, 'group', 200);
    const replies: Reply[] = [];
    await Promise.all(
      tokens.map(async (token) => {
        for (let round = 0; round < 5; round++) {
          const first = random.below(97) + 1;
          const wanted = Array.from({ length: 2 + random.below(3) }, (_, index) => `A-1-${first + index}`);
          replies.push(await sale.hold(client, token, 'row', wanted));
        }
      }),
    );
    const owned = replies
      .filter(({ status }) => status === 201)
      .flatMap(({ body }) => (body['seats'] as { id: string }[]).map((seat) => seat.id));
    assert.ok(owned.length > 50, `only ${owned.length} seats were held`);
    assert.equal(new Set(owned).size, owned.length);
    const [token = ''] = tokens;
    const statuses = await sale.seatStatuses(client, token, 'row');
    const taken = [...statuses].filter(([, status]) => status !== 'available').map(([id]) => id);
    assert.deepEqual(taken.sort(), owned.sort());
    const refused = replies.filter(({ status }) => status !== 201);
    assert.deepEqual(sale.tally(refused), { seat_unavailable: refused.length });
  });
});
