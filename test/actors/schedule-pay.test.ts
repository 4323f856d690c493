import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PayReservation } from '../../actors/schedule/messages.ts';
import { rules, session, Stage } from './schedule-stage.ts';

function payReservation(userId: string, reservationId: string): PayReservation {
  return { type: 'PayReservation', userId, reservationId, session: null };
}

describe('a held reservation', () => {
  test('when paid for, asks the wallet under a question of its own and answers later', () => {
    const stage = Stage.opened();
    const { id } = stage.hold('ann', 'A-1-1', 'B-1-1');
    const decision = stage.accept({ ...payReservation('ann', id), session });
    const question = `${id}#1`;
    const command = { type: 'DebitWallet', id: question, amount: 700, reservationId: id };
    assert.deepEqual(decision.reply, { type: 'later', question });
    assert.deepEqual(decision.effects, [{ type: 'ask', to: 'wallet:ann', command, question }]);
    assert.deepEqual(stage.kind.openQuestions(stage.state), decision.effects, 'recovery asks the same again');
    assert.equal(stage.status('ann', id), 'paying');
    assert.equal(stage.seats(), 'h....h..');
  });

  test('is sold when the wallet has paid, and the queue session ends', () => {
    const stage = Stage.opened();
    const { id } = stage.hold('ann', 'A-1-1');
    const question = stage.startPayment('ann', id, session);
    stage.atMs += 5;
    const decision = stage.answerDebited(question, 9_500);
    const payment = {
      id: `pay.${id}`,
      reservationId: id,
      userId: 'ann',
      amount: 500,
      balance: 9_500,
      paidAt: stage.atMs,
    };
    assert.deepEqual(stage.kind.reply(stage.journal.slice(-2)), { type: 'payment', payment });
    assert.deepEqual(decision.closes, { question, refusal: null });
    const command = { type: 'EndSession', session, reason: 'paid' };
    assert.deepEqual(decision.effects, [{ type: 'tell', to: 'admission:main', command }]);
    const view = stage.reservation('ann', id);
    assert.ok(view?.type === 'reservation');
    assert.equal(view.reservation.status, 'paid');
    assert.equal(view.reservation.paidAt, stage.atMs);
    assert.equal(stage.seats(), 'S.......');
    assert.equal(stage.kind.nextDeadline(stage.state), Infinity);
    assert.deepEqual(stage.kind.openQuestions(stage.state), []);
  });

  test('ends no session when it is paid from where there is none', () => {
    const stage = Stage.opened();
    const question = stage.startPayment('ann', stage.hold('ann', 'A-1-1').id);
    assert.deepEqual(stage.answerDebited(question, 0).effects, []);
  });

  test('is held again when the balance is too small, and can be tried again under the next number', () => {
    const stage = Stage.opened();
    const { id, expiresAt } = stage.hold('ann', 'A-1-1');
    const question = stage.startPayment('ann', id, session);
    assert.equal(stage.kind.nextDeadline(stage.state), Infinity);
    const decision = stage.answerPoor(question, 499, 500);
    const refusal = { type: 'rejected', code: 'insufficient_balance', details: { balance: 499, required: 500 } };
    assert.deepEqual(decision.closes, { question, refusal });
    assert.deepEqual(decision.effects, [], 'the session lives on');
    assert.equal(stage.status('ann', id), 'held');
    assert.equal(stage.kind.nextDeadline(stage.state), expiresAt);
    assert.equal(stage.startPayment('ann', id), `${id}#2`);
  });

  test('can be paid until its deadline, and not from it on', () => {
    const stage = Stage.opened();
    const { id, expiresAt } = stage.hold('ann', 'A-1-1');
    stage.atMs = expiresAt;
    assert.equal(stage.refuse(payReservation('ann', id)).code, 'hold_expired');
    stage.atMs = expiresAt - 1;
    stage.startPayment('ann', id);
  });

  test('is not found by another user, nor under another spelling', () => {
    const stage = Stage.opened();
    const { id } = stage.hold('ann', 'A-1-1');
    for (const [userId, reservationId] of [
      ['bob', id],
      ['ann', 'd1.2'],
      ['ann', 'd1.0'],
      ['ann', 'd1.01'],
      ['ann', 'd2.1'],
      ['ann', 'd1'],
      ['ann', ''],
    ] as const) {
      assert.equal(stage.refuse(payReservation(userId, reservationId)).code, 'reservation_not_found');
      assert.equal(stage.reservation(userId, reservationId), null);
    }
  });
});

describe('a reservation whose payment runs', () => {
  test('refuses a second payment and a cancellation', () => {
    const stage = Stage.opened();
    const { id } = stage.hold('ann', 'A-1-1');
    stage.startPayment('ann', id);
    assert.equal(stage.refuse(payReservation('ann', id)).code, 'payment_in_progress');
    assert.equal(stage.refuse({ type: 'CancelHold', userId: 'ann', reservationId: id }).code, 'payment_in_progress');
  });

  test('does not expire, neither by the clock nor for a rival', () => {
    const stage = Stage.opened();
    const { id } = stage.hold('ann', 'A-1-1');
    const question = stage.startPayment('ann', id);
    stage.atMs += rules.holdTtlMs * 3;
    assert.deepEqual(stage.accept({ type: 'ExpireDue' }).events, []);
    const rival = stage.refuse({ type: 'HoldSeats', userId: 'bob', seatIds: ['A-1-1'] });
    assert.equal(rival.code, 'seat_unavailable');
    assert.equal(stage.refuse(payReservation('ann', id)).code, 'payment_in_progress');
    assert.equal(stage.status('ann', id), 'paying');
    stage.answerDebited(question, 0);
    assert.equal(stage.status('ann', id), 'paid');
  });

  test('expires with the refusal when its deadline has passed meanwhile', () => {
    const stage = Stage.opened();
    const { id, expiresAt } = stage.hold('ann', 'A-1-1');
    const question = stage.startPayment('ann', id);
    stage.atMs = expiresAt;
    const decision = stage.answerPoor(question, 0, 500);
    assert.deepEqual(stage.eventTypes(-2), ['PaymentRefused', 'HoldExpired']);
    assert.equal(decision.closes?.refusal?.code, 'insufficient_balance');
    assert.equal(stage.status('ann', id), 'expired');
    assert.equal(stage.seats(), '........');
    assert.equal(stage.kind.nextDeadline(stage.state), Infinity);
  });

  test('takes a refusal for any other reason as a bug', () => {
    const stage = Stage.opened();
    const question = stage.startPayment('ann', stage.hold('ann', 'A-1-1').id);
    const outcome = { type: 'rejected', code: 'balance_limit_exceeded', details: {} } as const;
    assert.throws(() => stage.decide({ type: 'QuestionAnswered', question, outcome }), /balance_limit_exceeded/);
  });
});

describe('an answer', () => {
  test('to a question that is closed or was never asked changes nothing', () => {
    const stage = Stage.opened();
    const { id } = stage.hold('ann', 'A-1-1');
    const question = stage.startPayment('ann', id);
    for (const unknown of [`${id}#2`, `${id}#0`, id, 'd1.9#1', 'd2.1#1', '']) {
      const decision = stage.answerDebited(unknown, 0);
      assert.deepEqual([decision.events, decision.effects, decision.closes], [[], [], null]);
    }
    stage.answerDebited(question, 0);
    assert.deepEqual(stage.answerDebited(question, 0).events, []);
    assert.deepEqual(stage.answerPoor(question, 0, 500).events, []);
    assert.equal(stage.status('ann', id), 'paid');
  });
});

describe('a paid reservation', () => {
  test('refuses payment and cancellation, and shows its payment', () => {
    const stage = Stage.opened();
    const { id } = stage.hold('ann', 'A-1-1');
    const payment = stage.pay('ann', id, 120);
    for (const command of [
      payReservation('ann', id),
      { type: 'CancelHold', userId: 'ann', reservationId: id } as const,
    ]) {
      const { code, details } = stage.refuse(command);
      assert.deepEqual({ code, details }, { code: 'already_paid', details: { payment } });
    }
    assert.equal(stage.refuse(payReservation('bob', id)).code, 'reservation_not_found');
  });
});
