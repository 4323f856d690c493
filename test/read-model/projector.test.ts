import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openConsumer } from '../../storage/read-model/projector.ts';
import {
  ask,
  batchesOf,
  cancelled,
  catalog,
  charged,
  concertCreated,
  directoryFor,
  expired,
  hall,
  held,
  journalEnd,
  journalId,
  opened,
  paid,
  paymentRefused,
  paymentStarted,
  projected,
  reservation,
  schedule,
  seat,
  t0,
  wallet,
} from './journal-of.ts';

const given = [concertCreated, opened('42')];
const alices = reservation('42.1', 'alice', [seat('A', '2', 1), seat('B', '1', 3)]);

const takenSeats =
  "SELECT section, row, number, status, reservation_number AS r FROM concert_seat WHERE status <> 'available'";
const reservations = 'SELECT id, status, paid_at_ms, ended_at_ms FROM reservation ORDER BY number';

describe('a concert and its schedule', () => {
  test('have a row each, the schedule with all its seats in layout order', (context) => {
    const query = projected(context, given);
    assert.deepEqual(query('SELECT * FROM concert'), [
      { id: 'tour', name: 'The Tour', description: 'Loud', created_at_ms: t0 + 1000 },
    ]);
    assert.deepEqual(query('SELECT * FROM concert_schedule'), [
      {
        number: 1,
        id: '42',
        concert_id: 'tour',
        venue: 'Dome',
        starts_at_ms: t0 + 1,
        sales_open_at_ms: t0 + 2,
        sales_close_at_ms: t0 + 3,
        seats_total: 7,
        opened_at_ms: t0 + 1000,
      },
    ]);
    const names = ['A-1-1', 'A-1-2', 'A-2-1', 'A-2-2', 'B-1-1', 'B-1-2', 'B-1-3'];
    assert.deepEqual(
      query('SELECT schedule_number, position, section, row, number, price, status FROM concert_seat'),
      names.map((name, position) => {
        const [section = '', row = '', number] = name.split('-');
        const price = section === 'A' ? 100 : 50;
        return { schedule_number: 1, position, section, row, number: Number(number), price, status: 'available' };
      }),
    );
    assert.deepEqual(query('SELECT schedule_number, sections FROM seat_layout'), [
      { schedule_number: 1, sections: JSON.stringify(hall) },
    ]);
  });

  test('are not doubled by the catalog’s own record of the schedule, nor by a room', (context) => {
    const facts = { id: '42', concertId: 'tour', venue: 'Dome', startsAt: 1, salesOpenAt: 2, salesCloseAt: 3 };
    const policy = { admitPerSecond: 1, maxActive: 1, sessionSeconds: 1, maxSessionSeconds: 1 };
    const query = projected(context, [
      concertCreated,
      catalog({ type: 'ScheduleCreated', v: 1, schedule: facts, seatsTotal: 7, digest: 'd' }),
      opened('42'),
      catalog({ type: 'RoomPut', v: 1, room: 'vip', policy, concertIds: ['tour'], putAt: 0 }),
    ]);
    assert.deepEqual(query('SELECT count(*) AS n FROM concert_schedule'), [{ n: 1 }]);
  });
});

describe('a hold', () => {
  test('has a reservation, a ticket for each seat, its user, and its seats read held', (context) => {
    const query = projected(context, given, [held(alices)]);
    assert.deepEqual(query('SELECT * FROM reservation'), [
      {
        number: 1,
        id: '42.1',
        schedule_number: 1,
        user_number: 1,
        status: 'held',
        seats: 2,
        total_price: 150,
        held_at_ms: alices.heldAt,
        expires_at_ms: alices.expiresAt,
        paid_at_ms: null,
        ended_at_ms: null,
      },
    ]);
    assert.deepEqual(query('SELECT * FROM reservation_ticket'), [
      { reservation_number: 1, seat_position: 2, schedule_number: 1, price: 100 },
      { reservation_number: 1, seat_position: 6, schedule_number: 1, price: 50 },
    ]);
    assert.deepEqual(query('SELECT * FROM user'), [{ number: 1, id: 'alice', first_seen_at_ms: t0 + 2000 }]);
    assert.deepEqual(query(takenSeats), [
      { section: 'A', row: '2', number: 1, status: 'held', r: 1 },
      { section: 'B', row: '1', number: 3, status: 'held', r: 1 },
    ]);
  });

  test('that expired frees its seats and keeps its tickets', (context) => {
    const query = projected(context, given, [held(alices)], [expired(alices)]);
    assert.deepEqual(query(reservations), [
      { id: '42.1', status: 'expired', paid_at_ms: null, ended_at_ms: alices.expiresAt + 5 },
    ]);
    assert.deepEqual(query(takenSeats), []);
    assert.deepEqual(query('SELECT count(*) AS n FROM reservation_ticket'), [{ n: 2 }]);
  });

  test('that was cancelled frees its seats', (context) => {
    const query = projected(context, given, [held(alices)], [cancelled(alices)]);
    assert.deepEqual(query(reservations), [
      { id: '42.1', status: 'cancelled', paid_at_ms: null, ended_at_ms: alices.heldAt + 7 },
    ]);
    assert.deepEqual(query(takenSeats), []);
  });

  test('that a rival’s hold expired leaves the seat to the rival', (context) => {
    const bobs = reservation('42.2', 'bob', [seat('A', '2', 1)]);
    const query = projected(context, given, [held(alices)], [expired(alices), held(bobs)]);
    assert.deepEqual(query('SELECT id, status FROM reservation ORDER BY number'), [
      { id: '42.1', status: 'expired' },
      { id: '42.2', status: 'held' },
    ]);
    assert.deepEqual(query(takenSeats), [{ section: 'A', row: '2', number: 1, status: 'held', r: 2 }]);
  });
});

describe('a payment', () => {
  test('that is under way makes the reservation read paying, its seats held', (context) => {
    const query = projected(context, given, [held(alices), paymentStarted(alices)]);
    assert.deepEqual(query('SELECT status FROM reservation'), [{ status: 'paying' }]);
    assert.deepEqual(query('SELECT DISTINCT status FROM concert_seat ORDER BY 1'), [
      { status: 'available' },
      { status: 'held' },
    ]);
  });

  test('that was refused makes the reservation read held again', (context) => {
    const query = projected(context, given, [held(alices), paymentStarted(alices), paymentRefused(alices)]);
    assert.deepEqual(query('SELECT status FROM reservation'), [{ status: 'held' }]);
    assert.deepEqual(query('SELECT * FROM payment'), []);
  });

  test('that succeeded has a row, sells the seats, and moves the balance', (context) => {
    const debited = wallet('alice', {
      type: 'WalletDebited',
      v: 1,
      id: '42.1#1',
      userId: 'alice',
      amount: 150,
      balance: 350,
      reservationId: '42.1',
      at: t0 + 50,
    });
    const query = projected(
      context,
      given,
      [held(alices), charged('alice', 1, 500, 500)],
      [paymentStarted(alices), debited, paid(alices, 350)],
    );
    assert.deepEqual(query(reservations), [
      { id: '42.1', status: 'paid', paid_at_ms: alices.heldAt + 9, ended_at_ms: null },
    ]);
    assert.deepEqual(query('SELECT * FROM payment'), [
      {
        reservation_number: 1,
        id: '42.1#1',
        user_number: 1,
        amount: 150,
        balance: 350,
        paid_at_ms: alices.heldAt + 9,
      },
    ]);
    assert.deepEqual(query(takenSeats), [
      { section: 'A', row: '2', number: 1, status: 'sold', r: 1 },
      { section: 'B', row: '1', number: 3, status: 'sold', r: 1 },
    ]);
    assert.deepEqual(query('SELECT * FROM asset'), [{ user_number: 1, balance: 350, changed_at_ms: t0 + 50 }]);
    assert.deepEqual(query('SELECT * FROM payment_readable'), [
      {
        id: '42.1#1',
        reservation_id: '42.1',
        user_id: 'alice',
        amount: 150,
        balance: 350,
        paid_at: '2026-11-22T12:00:00.142Z',
      },
    ]);
  });
});

describe('a wallet', () => {
  test('has a row for each charge, and one balance that also a credit moves', (context) => {
    const credited = wallet('bob', {
      type: 'WalletCredited',
      v: 1,
      id: 'x#1',
      userId: 'bob',
      amount: 5,
      balance: 35,
      reservationId: 'x',
      at: t0 + 70,
    });
    const query = projected(context, [charged('bob', 1, 10, 10), charged('bob', 2, 20, 30), credited]);
    assert.deepEqual(query('SELECT id, amount, balance, charged_at_ms FROM charge ORDER BY id'), [
      { id: 'bob.c1', amount: 10, balance: 10, charged_at_ms: t0 + 1 },
      { id: 'bob.c2', amount: 20, balance: 30, charged_at_ms: t0 + 2 },
    ]);
    assert.deepEqual(query('SELECT user_id, balance FROM asset_readable'), [{ user_id: 'bob', balance: 35 }]);
  });
});

test('schedules that were opened before a restart are found again by their seats’ names', (context) => {
  const file = join(directoryFor(context), 'read-model.db');
  const bobs = schedule('42', {
    type: 'SeatsHeld',
    v: 1,
    reservation: reservation('42.2', 'bob', [seat('B', '1', 1)]),
  });
  const batches = batchesOf(given, [held(alices)], [bobs]);
  for (const batch of batches) {
    const consumer = openConsumer(file, journalId, journalEnd);
    consumer.begin();
    consumer.apply(batch);
    consumer.commit();
    assert.equal(consumer.through, batch.number);
    consumer.close();
  }
  assert.deepEqual(ask(file, 'SELECT id, reservation_id FROM concert_seat_readable WHERE reservation_id IS NOT NULL'), [
    { id: 'A-2-1', reservation_id: '42.1' },
    { id: 'B-1-1', reservation_id: '42.2' },
    { id: 'B-1-3', reservation_id: '42.1' },
  ]);
  assert.deepEqual(
    ask(file, "SELECT schedule_id, seat_id FROM reservation_ticket_readable WHERE reservation_id = '42.2'"),
    [{ schedule_id: '42', seat_id: 'B-1-1' }],
  );
});
