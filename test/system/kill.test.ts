/** `kill -9` in the middle of a mixed load, again and again, on one data directory. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, isBrokenConnection } from './client.ts';
import { Ledger, Person, type Command } from './ledger.ts';
import { Program, temporaryDataDir } from './program.ts';
import * as sale from './sale.ts';
import { seeded, type Random } from './seeded.ts';

const rounds = 8;
const peopleCount = 32;
const rows = 50;
const seatsPerRow = 80;
const waitersPerRound = 200;
const seed = process.env['SEED'] ?? String(Date.now());
const env = { MAX_SEATS_PER_USER: '100000', HOLD_TTL_SECONDS: '3600' };

const dataDir = temporaryDataDir();
let program: Program;
let client: Client;

before(async () => {
  program = await Program.start(dataDir.path, env);
  client = new Client(program.port);
  await sale.putRoom(client, 'main', sale.openDoors);
  await sale.putRoom(client, 'paused', { ...sale.openDoors, admitPerSecond: 0 });
  await sale.createConcert(client, 'c');
  await sale.createSchedule(client, 'c', 's', { rows, seats: seatsPerRow, price: 100 });
});
after(async () => {
  client.close();
  await program.kill();
  dataDir.remove();
});

let keys = 0;

function nextCommand(person: Person, random: Random): Command {
  const key = `k${++keys}`;
  const held = person.reservations.filter(({ status }) => status === 'held');
  const chosen = held[random.below(Math.max(1, held.length))];
  const die = random.below(10);
  if (die < 2) return { type: 'charge', amount: 1 + random.below(500), key };
  if (die < 3 && chosen !== undefined) return { type: 'cancel', reservationId: chosen.id };
  if (die < 5 && chosen !== undefined) return { type: 'pay', reservationId: chosen.id, key };
  const row = 1 + random.below(rows);
  const first = 1 + random.below(seatsPerRow - 2);
  const seatIds = Array.from({ length: 1 + random.below(3) }, (_, index) => `A-${row}-${first + index}`);
  return { type: 'hold', seatIds, key };
}

/** Acts until the connection breaks. */
async function act(person: Person, random: Random): Promise<void> {
  try {
    for (;;) {
      if (!person.inside) {
        person.token = await sale.enter(client, person.userId);
        person.inside = true;
      }
      await person.give(client, 's', nextCommand(person, random));
    }
  } catch (error) {
    if (!isBrokenConnection(error)) throw error;
  }
}

/** Puts people in line until the connection breaks. */
async function queueUp(ledger: Ledger, round: number): Promise<void> {
  try {
    for (let index = 0; index < waitersPerRound; index++) {
      const userId = `waiter-${round}-${index}`;
      const { status, body } = await client.send('POST', '/v1/queue/tokens', { body: { userId, room: 'paused' } });
      assert.equal(status, 201);
      ledger.waiters.push({ userId, token: String(body['token']), place: Number(body['place']) });
    }
  } catch (error) {
    if (!isBrokenConnection(error)) throw error;
  }
}

test(`${rounds} kills in the middle of a mixed load lose nothing that was confirmed (SEED=${seed})`, async (context) => {
  const random = seeded(seed);
  const ledger = new Ledger(
    Array.from({ length: peopleCount }, (_, index) => new Person(`u${index}`)),
    's',
  );
  for (let round = 1; round <= rounds; round++) {
    const acting = [...ledger.people.map((person) => act(person, random)), queueUp(ledger, round)];
    await Promise.all([sleep(100 + random.below(400)).then(() => program.kill()), ...acting]);
    client.close();

    program = await Program.start(dataDir.path, env);
    client = new Client(program.port);
    await ledger.settle(client);
    const last = round === rounds;
    const auditor = await sale.enter(client, 'auditor');
    await ledger.assertSeats(client, auditor);
    await Promise.all(
      ledger.people.map(async (person) => {
        await ledger.assertPerson(client, person, last ? Infinity : 50);
        await ledger.assertRepeats(client, person, random.below(Math.max(1, person.confirmed.length)));
        await ledger.assertRepeats(client, person, person.confirmed.length - 1);
      }),
    );
    const asked = last ? ledger.waiters : ledger.waiters.slice(-waitersPerRound);
    await Promise.all(asked.map((waiter) => ledger.assertWaiter(client, waiter, 'paused')));
  }
  const confirmed = ledger.people.reduce((sum, person) => sum + person.confirmed.length, 0);
  context.diagnostic(`${confirmed} commands and ${ledger.waiters.length} places confirmed`);
  assert.ok(confirmed > rounds * peopleCount, 'the load was too light to say anything');
  assert.ok(ledger.waiters.length > rounds);
  assert.ok(ledger.people.some(({ reservations }) => reservations.some(({ status }) => status === 'paid')));
  assert.ok(ledger.people.some(({ reservations }) => reservations.some(({ status }) => status === 'cancelled')));
});
