import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HoldSeats } from '../../actors/schedule/messages.ts';
import { opening, rules, salesCloseAt, salesOpenAt, Stage } from './schedule-stage.ts';

function holdSeats(userId: string, ...seatIds: string[]): HoldSeats {
  return { type: 'HoldSeats', userId, seatIds };
}

describe('a schedule that was never opened', () => {
  test('has no seats to hold', () => {
    assert.equal(new Stage().refuse(holdSeats('ann', 'A-1-1')).code, 'schedule_not_found');
  });

  test('has no reservation to pay, cancel or read', () => {
    const stage = new Stage();
    const named = { userId: 'ann', reservationId: 'd1.1' };
    assert.equal(stage.refuse({ type: 'PayReservation', ...named, session: null }).code, 'reservation_not_found');
    assert.equal(stage.refuse({ type: 'CancelHold', ...named }).code, 'reservation_not_found');
    assert.equal(stage.reservation('ann', 'd1.1'), null);
    assert.equal(stage.kind.view(stage.state, { type: 'seats' }, stage.atMs), null);
    assert.equal(stage.kind.summary(stage.state), null);
  });

  test('opens, and tells its facts and how many seats it has', () => {
    const stage = new Stage();
    const { events } = stage.accept(opening);
    const { type: _type, sections: _sections, ...facts } = opening;
    const schedule = { id: 'd1', ...facts, seatsTotal: 8 };
    assert.deepEqual(stage.kind.reply(events), { type: 'schedule', schedule });
    assert.deepEqual(stage.kind.summary(stage.state), { ...schedule, seatsAvailable: 8 });
  });

  test('opens once', () => {
    const stage = Stage.opened();
    const { code, details } = stage.refuse(opening);
    assert.deepEqual({ code, details }, { code: 'already_exists', details: { ids: ['d1'] } });
  });
});

describe('a free seat', () => {
  test('can be held: the answer names seats, price and deadline', () => {
    const stage = Stage.opened();
    assert.deepEqual(stage.hold('ann', 'B-1-2', 'A-1-1'), {
      id: 'd1.1',
      scheduleId: 'd1',
      concertId: 'spring',
      userId: 'ann',
      status: 'held',
      seats: [
        { id: 'A-1-1', section: 'A', row: '1', number: 1, price: 500 },
        { id: 'B-1-2', section: 'B', row: '1', number: 2, price: 200 },
      ],
      totalPrice: 700,
      heldAt: salesOpenAt,
      expiresAt: salesOpenAt + rules.holdTtlMs,
      paidAt: null,
    });
    assert.equal(stage.seats(), 'h.....h.');
    assert.equal(stage.kind.nextDeadline(stage.state), salesOpenAt + rules.holdTtlMs);
  });

  test('cannot be held before sales open, nor from the moment they close', () => {
    const stage = Stage.opened();
    for (const atMs of [salesOpenAt - 1, salesCloseAt]) {
      stage.atMs = atMs;
      const { code, details } = stage.refuse(holdSeats('ann', 'A-1-1'));
      assert.deepEqual({ code, details }, { code: 'sales_closed', details: { salesOpenAt, salesCloseAt } });
    }
    stage.atMs = salesCloseAt - 1;
    stage.hold('ann', 'A-1-1');
  });
});

describe('a seat that the hall does not have', () => {
  for (const seatId of [
    'A-1-4',
    'A-1-0',
    'A-1-01',
    'A-3-1',
    'C-1-1',
    'A-1-',
    'A-1-x',
    'A-1-1 ',
    'A-1',
    '',
    '-',
    'A-1-9999999999',
  ]) {
    test(`'${seatId}' is not found`, () => {
      const { code, details } = Stage.opened().refuse(holdSeats('ann', 'A-1-1', seatId));
      assert.deepEqual({ code, details }, { code: 'seat_not_found', details: { seatIds: [seatId] } });
    });
  }
});

describe('a user', () => {
  test('holds at most so many seats at once', () => {
    const stage = Stage.opened();
    const { code, details } = stage.refuse(holdSeats('ann', 'A-1-1', 'A-1-2', 'A-1-3', 'A-2-1', 'A-2-2'));
    assert.deepEqual({ code, details }, { code: 'seat_limit_exceeded', details: { limit: 4 } });
  });

  test('has at most so many seats of one date, held and paid together', () => {
    const stage = Stage.opened();
    stage.pay('ann', stage.hold('ann', 'A-1-1', 'A-1-2', 'A-1-3').id);
    stage.startPayment('ann', stage.hold('ann', 'A-2-1').id);
    stage.hold('ann', 'A-2-2');
    const { code, details } = stage.refuse(holdSeats('ann', 'B-1-1', 'B-1-2'));
    assert.deepEqual({ code, details }, { code: 'seat_limit_exceeded', details: { limit: 6 } });
    stage.hold('ann', 'B-1-1');
  });

  test('gets back what was cancelled or has passed its deadline', () => {
    const stage = Stage.opened();
    stage.cancel('ann', stage.hold('ann', 'A-1-1', 'A-1-2', 'A-1-3').id);
    stage.hold('ann', 'A-1-1', 'A-1-2', 'A-1-3');
    stage.atMs += rules.holdTtlMs;
    stage.hold('ann', 'A-2-1', 'A-2-2', 'B-1-1', 'B-1-2');
  });
});

describe('a held seat', () => {
  test('is refused to everyone until its deadline, and only the taken seats are named', () => {
    const stage = Stage.opened();
    stage.hold('ann', 'A-1-2', 'A-2-1');
    stage.atMs += rules.holdTtlMs - 1;
    for (const userId of ['ann', 'bob']) {
      const { code, details } = stage.refuse(holdSeats(userId, 'A-2-1', 'A-1-1', 'A-1-2'));
      assert.deepEqual({ code, details }, { code: 'seat_unavailable', details: { seatIds: ['A-2-1', 'A-1-2'] } });
    }
    assert.equal(stage.seats(), '.h.h....', 'a refused hold takes nothing');
  });

  test('can be held by someone else when its deadline has passed: the old reservation expires whole, first', () => {
    const stage = Stage.opened();
    const first = stage.hold('ann', 'A-1-1', 'A-1-2');
    const second = stage.hold('bob', 'A-1-3');
    stage.atMs = first.expiresAt;
    const from = stage.journal.length;
    const hold = stage.hold('eve', 'A-1-3', 'A-1-1');
    assert.deepEqual(stage.eventTypes(from), ['HoldExpired', 'HoldExpired', 'SeatsHeld']);
    assert.deepEqual(
      stage.journal.slice(from).map((event) => ('reservation' in event ? event.reservation.id : null)),
      [second.id, first.id, hold.id],
    );
    assert.equal(stage.seats(), 'h.h.....');
    assert.equal(stage.status('ann', first.id), 'expired');
    assert.equal(stage.status('bob', second.id), 'expired');
  });

  test('is not freed by a rival who is refused for another seat', () => {
    const stage = Stage.opened();
    stage.hold('ann', 'A-1-1');
    stage.atMs += 1;
    stage.hold('bob', 'A-1-2');
    stage.atMs += rules.holdTtlMs - 1;
    const { details } = stage.refuse(holdSeats('eve', 'A-1-1', 'A-1-2'));
    assert.deepEqual(details, { seatIds: ['A-1-2'] });
  });
});

describe('a sold seat', () => {
  test('stays sold', () => {
    const stage = Stage.opened();
    stage.pay('ann', stage.hold('ann', 'A-1-1').id);
    stage.atMs += rules.holdTtlMs * 2;
    assert.equal(stage.refuse(holdSeats('bob', 'A-1-1')).code, 'seat_unavailable');
    assert.equal(stage.seats(), 'S.......');
  });
});

describe('the rules of a hold', () => {
  test('are checked in their order: whoever breaks several hears of the first', () => {
    const stage = Stage.opened({ seatsPerReservationMax: 1 });
    stage.hold('ann', 'A-1-1');
    const breaksAll = holdSeats('bob', 'A-1-1', 'A-1-2', 'nowhere');
    stage.atMs = salesCloseAt;
    assert.equal(stage.refuse(breaksAll).code, 'sales_closed');
    stage.atMs = salesOpenAt;
    assert.equal(stage.refuse(breaksAll).code, 'seat_not_found');
    assert.equal(stage.refuse(holdSeats('bob', 'A-1-1', 'A-1-2')).code, 'seat_limit_exceeded');
    assert.equal(stage.refuse(holdSeats('bob', 'A-1-1')).code, 'seat_unavailable');
  });

  test('leave repeated and missing seats to the doors', () => {
    assert.throws(() => Stage.opened().decide(holdSeats('ann', 'A-1-1', 'A-1-1')), /each seat once/);
    assert.throws(() => Stage.opened().decide(holdSeats('ann')), /at least one seat/);
  });
});

describe('the change counter', () => {
  test('grows with each change of a seat, and with nothing else', () => {
    const stage = Stage.opened();
    const changes = (): unknown => {
      const view = stage.kind.view(stage.state, { type: 'seats' }, stage.atMs);
      return view !== null && 'changes' in view ? view.changes : null;
    };
    assert.equal(changes(), 0);
    const hold = stage.hold('ann', 'A-1-1', 'A-1-2');
    assert.equal(changes(), 2);
    const question = stage.startPayment('ann', hold.id);
    assert.equal(changes(), 2, 'a payment that runs changes no seat');
    stage.answerDebited(question, 0);
    assert.equal(changes(), 4);
    stage.cancel('bob', stage.hold('bob', 'B-1-1').id);
    assert.equal(changes(), 6);
  });
});
