import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CancelHold, PayReservation } from '../../actors/schedule/messages.ts';
import { rules, Stage } from './schedule-stage.ts';

function cancelHold(userId: string, reservationId: string): CancelHold {
  return { type: 'CancelHold', userId, reservationId };
}

function payReservation(userId: string, reservationId: string): PayReservation {
  return { type: 'PayReservation', userId, reservationId, session: null };
}

describe('a held reservation', () => {
  test('when cancelled, frees its seats at once', () => {
    const stage = Stage.opened();
    const hold = stage.hold('ann', 'A-1-1', 'A-1-2');
    assert.deepEqual(stage.cancel('ann', hold.id), {
      type: 'reservation',
      reservation: { ...hold, status: 'cancelled' },
    });
    assert.equal(stage.seats(), '........');
    assert.equal(stage.kind.nextDeadline(stage.state), Infinity);
    stage.hold('bob', 'A-1-1');
  });

  test('cannot be cancelled by another user, nor from its deadline on', () => {
    const stage = Stage.opened();
    const { id, expiresAt } = stage.hold('ann', 'A-1-1');
    assert.equal(stage.refuse(cancelHold('bob', id)).code, 'reservation_not_found');
    stage.atMs = expiresAt;
    assert.equal(stage.refuse(cancelHold('ann', id)).code, 'hold_expired');
  });

  test('reads as expired from its deadline on, though no one has ended it yet', () => {
    const stage = Stage.opened();
    const { id, expiresAt } = stage.hold('ann', 'A-1-1');
    stage.atMs = expiresAt - 1;
    assert.equal(stage.status('ann', id), 'held');
    stage.atMs = expiresAt;
    assert.equal(stage.status('ann', id), 'expired');
    assert.equal(stage.seats(), 'h.......');
  });

  test('expires when its deadline is due, and its seats are free', () => {
    const stage = Stage.opened();
    const hold = stage.hold('ann', 'A-1-1', 'A-1-2');
    stage.atMs += 1;
    const later = stage.hold('bob', 'B-1-1');
    stage.atMs = hold.expiresAt;
    const { events } = stage.accept({ type: 'ExpireDue' });
    const reservation = { ...hold, status: 'expired' };
    assert.deepEqual(events, [{ type: 'HoldExpired', v: 1, reservation, expiredAt: stage.atMs }]);
    assert.equal(stage.seats(), '.....h..');
    assert.equal(stage.kind.nextDeadline(stage.state), later.expiresAt);
  });
});

describe('a cancelled reservation', () => {
  test('when cancelled again, gives the same answer and changes nothing', () => {
    const stage = Stage.opened();
    const { id } = stage.hold('ann', 'A-1-1');
    const first = stage.cancel('ann', id);
    stage.atMs += rules.holdTtlMs;
    const before = stage.kind.encode(stage.state);
    assert.deepEqual(stage.cancel('ann', id), first);
    assert.deepEqual(stage.kind.encode(stage.state), before);
  });

  test('cannot be paid', () => {
    const stage = Stage.opened();
    const { id } = stage.hold('ann', 'A-1-1');
    stage.cancel('ann', id);
    assert.equal(stage.refuse(payReservation('ann', id)).code, 'reservation_cancelled');
  });
});

describe('an expired reservation', () => {
  test('can be neither paid nor cancelled', () => {
    const stage = Stage.opened();
    const { id, expiresAt } = stage.hold('ann', 'A-1-1');
    stage.atMs = expiresAt;
    stage.accept({ type: 'ExpireDue' });
    assert.equal(stage.refuse(payReservation('ann', id)).code, 'hold_expired');
    assert.equal(stage.refuse(cancelHold('ann', id)).code, 'hold_expired');
    assert.equal(stage.refuse(payReservation('bob', id)).code, 'reservation_not_found');
  });
});

describe('many holds due at once', () => {
  test('end in bounded turns, and the deadline stays due until all have ended', () => {
    const stage = Stage.opened({ expiriesPerTurnMax: 3 });
    for (const [i, seatId] of ['A-1-1', 'A-1-2', 'A-1-3', 'A-2-1', 'A-2-2', 'B-1-1', 'B-1-2'].entries()) {
      stage.hold(`user${i}`, seatId);
    }
    stage.atMs += rules.holdTtlMs;
    const sizes: number[] = [];
    while (stage.kind.nextDeadline(stage.state) <= stage.atMs) {
      sizes.push(stage.accept({ type: 'ExpireDue' }).events.length);
    }
    assert.deepEqual(sizes, [3, 3, 1]);
    assert.equal(stage.seats(), '........');
  });

  test('are judged without touching those that are not due', () => {
    const stage = Stage.opened();
    stage.hold('ann', 'A-1-1');
    assert.deepEqual(stage.accept({ type: 'ExpireDue' }).events, []);
    assert.deepEqual(new Stage().accept({ type: 'ExpireDue' }).events, []);
  });
});

/** Two kept whole: of six ended ones, the first four shrink. */
function shrunk(): Stage {
  const stage = Stage.opened({ endedReservationsMax: 2 });
  for (const userId of ['ann', 'bob', 'eve']) {
    stage.cancel(userId, stage.hold(userId, 'A-1-1').id);
    stage.hold(userId, 'A-1-1');
    stage.atMs += rules.holdTtlMs;
    stage.accept({ type: 'ExpireDue' });
  }
  return stage;
}

describe('ended reservations beyond those kept whole', () => {
  test('shrink to their status, which only their user reads', () => {
    const stage = shrunk();
    assert.deepEqual(stage.reservation('ann', 'd1.1'), { type: 'shrunk-reservation', id: 'd1.1', status: 'cancelled' });
    assert.deepEqual(stage.reservation('bob', 'd1.4'), { type: 'shrunk-reservation', id: 'd1.4', status: 'expired' });
    assert.equal(stage.reservation('bob', 'd1.1'), null);
    assert.equal(stage.reservation('eve', 'd1.5')?.type, 'reservation');
    assert.equal(stage.reservation('eve', 'd1.6')?.type, 'reservation');
  });

  test('are refused and answered like whole ones', () => {
    const stage = shrunk();
    assert.deepEqual(stage.cancel('ann', 'd1.1'), { type: 'shrunk-reservation', id: 'd1.1', status: 'cancelled' });
    assert.equal(stage.refuse(cancelHold('ann', 'd1.2')).code, 'hold_expired');
    assert.equal(stage.refuse(payReservation('ann', 'd1.1')).code, 'reservation_cancelled');
    assert.equal(stage.refuse(payReservation('ann', 'd1.2')).code, 'hold_expired');
    assert.equal(stage.refuse(payReservation('bob', 'd1.1')).code, 'reservation_not_found');
    assert.deepEqual(stage.answerDebited('d1.1#1', 0).events, []);
  });

  test('leave their place to new reservations, whose seats and users are their own', () => {
    const stage = shrunk();
    const hold = stage.hold('zoe', 'B-1-1', 'B-1-2');
    assert.equal(hold.id, 'd1.7');
    assert.deepEqual(stage.reservation('zoe', 'd1.7'), { type: 'reservation', reservation: hold });
    assert.equal(stage.status('ann', 'd1.1'), 'cancelled');
  });
});
