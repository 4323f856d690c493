/** What ends by time, ends in time: holds and queue sessions. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../until.ts';
import { Client, type Reply } from './client.ts';
import { Program, temporaryDataDir } from './program.ts';
import * as sale from './sale.ts';

const dataDir = temporaryDataDir();
let program: Program;
let client: Client;

before(async () => {
  program = await Program.start(dataDir.path, { HOLD_TTL_SECONDS: '2' });
  client = new Client(program.port);
  await sale.putRoom(client, 'main', sale.openDoors);
  await sale.createConcert(client, 'c');
  await sale.createSchedule(client, 'c', 's', { rows: 1, seats: 20, price: 700 });
});
after(async () => {
  client.close();
  await program.stop();
  dataDir.remove();
});

function deadlineOf(held: Reply): number {
  return Date.parse(String(held.body['expiresAt']));
}

describe('a hold that is not paid', () => {
  test('frees its seats within a second of its deadline, not before, with nobody asking for them', async () => {
    const token = await sale.enter(client, 'ann');
    const held = await sale.expecting(201, sale.hold(client, token, 's', ['A-1-1', 'A-1-2']));
    assert.equal(deadlineOf(held) - Date.parse(String(held.body['heldAt'])), 2_000);
    const statuses = await until('the seats of ann are free', async () => {
      const seen = await sale.seatStatuses(client, token, 's');
      if (seen.get('A-1-1') === 'available') return seen;
      assert.equal(seen.get('A-1-1'), seen.get('A-1-2'));
      return null;
    });
    const freedAt = Date.now();
    assert.equal(statuses.get('A-1-2'), 'available');
    // The stamped clock may differ from this one by its drift of at most a tenth; one machine drifts by far less.
    assert.ok(freedAt >= deadlineOf(held) - 100, `freed ${deadlineOf(held) - freedAt} ms early`);
    assert.ok(freedAt <= deadlineOf(held) + 1_000, `freed ${freedAt - deadlineOf(held)} ms late`);
    const reservation = await sale.expecting(
      200,
      client.send('GET', `/v1/reservations/${String(held.body['id'])}`, { token }),
    );
    assert.equal(reservation.body['status'], 'expired');
    const late = await sale.expecting(409, sale.pay(client, token, String(held.body['id'])));
    assert.equal(late.body['code'], 'hold_expired');
  });

  test('goes to a rival at once after its deadline, and to none before', async () => {
    const [token, rival] = [await sale.enter(client, 'bob'), await sale.enter(client, 'rival')];
    const held = await sale.expecting(201, sale.hold(client, token, 's', ['A-1-3']));
    const won = await until('the rival holds the seat of bob', async () => {
      const reply = await sale.hold(client, rival, 's', ['A-1-3']);
      if (reply.status === 201) return reply;
      assert.equal(reply.body['code'], 'seat_unavailable');
      return null;
    });
    const wonAt = Date.parse(String(won.body['heldAt']));
    assert.ok(wonAt >= deadlineOf(held), `won ${deadlineOf(held) - wonAt} ms early`);
    assert.ok(wonAt <= deadlineOf(held) + 250, `won ${wonAt - deadlineOf(held)} ms late`);
  });

  test('frees its seats at its deadline although the program was killed and started again', async () => {
    const token = await sale.enter(client, 'cid');
    const held = await sale.expecting(201, sale.hold(client, token, 's', ['A-1-4']));
    client.close();
    await program.kill();
    program = await Program.start(dataDir.path, { HOLD_TTL_SECONDS: '2' });
    client = new Client(program.port);
    const readyAt = Date.now();
    await until('the seat of cid is free', async () => {
      return (await sale.seatStatuses(client, token, 's')).get('A-1-4') === 'available';
    });
    assert.ok(Date.now() <= Math.max(deadlineOf(held), readyAt) + 1_000);
  });
});

describe('a queue session that is idle', () => {
  test('ends at its deadline and makes room for the next in line', async () => {
    await sale.putRoom(client, 'small', {
      admitPerSecond: 100,
      maxActive: 1,
      sessionSeconds: 1,
      maxSessionSeconds: 10,
    });
    const token = await sale.enter(client, 'first', 'small');
    const current = await client.send('GET', '/v1/queue/tokens/current', { token });
    const endsAt = Date.parse(String(current.body['expiresAt']));
    const waiting = await client.send('POST', '/v1/queue/tokens', { body: { userId: 'second', room: 'small' } });
    assert.equal(waiting.body['status'], 'waiting');
    assert.equal(waiting.body['position'], 1);
    await sale.enter(client, 'second', 'small');
    assert.ok(
      Date.now() >= endsAt - 100 && Date.now() <= endsAt + 1_000,
      `${Date.now() - endsAt} ms after the deadline`,
    );
    const over = await client.send('GET', '/v1/queue/tokens/current', { token });
    assert.equal(over.body['status'], 'expired');
  });
});
