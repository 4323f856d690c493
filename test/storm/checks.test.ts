/** The storm's checks with planted faults: each loss, each double effect, each change must be found, and nothing else. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeBalance, judgeRepeat, judgeReservation } from './read-back.ts';
import { judgeSeats } from './seat-map.ts';
import { acked, answered, broken, hold, now, ok, refusal, reservation, soon, ToldSale } from './told-sale.ts';

describe('a sale in which all went well', () => {
  test('gives no finding, with unknown outcomes, repetitions and durable commands in it', () => {
    const sale = new ToldSale();
    sale.charged('ann', 500);
    sale.held(1, 'ann', 'A-1-1', 'A-1-2');
    sale.paid(1, 'ann', 200);
    const again = sale.give('http', hold('bob', 'A-1-3'), true, broken);
    const body = reservation(2, 'bob', 'A-1-3');
    sale.ledger.enter(again, answered(ok(body, 201, true)));
    sale.tell('schedule', 's1', 'seats-held', again.key, body);
    sale.give('http', hold('cy', 'A-1-4'), false, broken);
    sale.tell('schedule', 's1', 'seats-held', null, reservation(3, 'cy', 'A-1-4'));
    sale.give('cmd', hold('cy', 'A-1-4'), false, broken);
    const durable = sale.give('do', { type: 'charge', userId: 'dan', amount: 70 }, true, acked);
    sale.tell('wallet', 'dan', 'charged', durable.key, { userId: 'dan', amount: 70 });
    const refused = sale.give('do', hold('dan', 'A-1-1'), true, acked);
    sale.tell('command', '9-0', 'rejected', null, { command: 'hold', key: refused.key });
    sale.give('http', hold('eve', 'A-1-1'), true, answered(refusal('seat_unavailable')));
    assert.deepEqual(sale.judge(), []);

    judgeBalance(sale.ledger, 'ann', 300);
    judgeBalance(sale.ledger, 'dan', 70);
    for (const known of sale.ledger.reservations.values()) {
      const status = known.paid ? 'paid' : 'held';
      const [, n = ''] = known.id.split('.');
      judgeReservation(sale.ledger, known, { ...reservation(Number(n), known.userId, ...known.seatIds), status }, now);
    }
    const seats = ['sold', 'sold', 'held', 'held', 'available'];
    const list = seats.map((status, index) => ({ id: `A-1-${index + 1}`, status }));
    judgeSeats(sale.ledger, 's1', [...sale.ledger.reservations.values()], list, now);
    assert.deepEqual(sale.ledger.findings, []);
  });
});

describe('a lost acknowledgement is found', () => {
  test('of a hold, a charge, a payment and a cancellation, when the journal does not have it', () => {
    const sale = new ToldSale();
    sale.held(1, 'ann', 'A-1-1');
    sale.give('http', hold('ann', 'A-1-2'), false, answered(ok(reservation(2, 'ann', 'A-1-2'))));
    sale.give('cmd', { type: 'charge', userId: 'ann', amount: 5 }, true, answered(ok({ amount: 5 }, 200)));
    sale.give('http', { type: 'pay', userId: 'ann', reservationId: 's1.1' }, true, answered(ok({ amount: 100 })));
    sale.give('http', { type: 'cancel', userId: 'ann', reservationId: 's1.2' }, false, answered(ok({}, 200)));
    assert.deepEqual(sale.judge(), ['lost-ack', 'lost-ack', 'lost-ack', 'lost-ack']);
  });

  test('of a durable command of any kind that had neither an effect nor a refusal', () => {
    const sale = new ToldSale();
    sale.held(1, 'ann', 'A-1-1');
    sale.give('do', { type: 'charge', userId: 'ann', amount: 5 }, true, acked);
    sale.give('do', hold('ann', 'A-1-2'), true, acked);
    sale.give('do', { type: 'pay', userId: 'ann', reservationId: 's1.1' }, true, acked);
    sale.give('do', { type: 'cancel', userId: 'ann', reservationId: 's1.1' }, true, acked);
    assert.deepEqual(sale.judge(), ['lost-ack', 'lost-ack', 'lost-ack', 'lost-ack']);
  });

  test('of a reservation that is not there, is not paid any more, or expired long before its deadline', () => {
    for (const [body, code] of [
      [null, 'lost-ack'],
      [{ ...reservation(1, 'ann', 'A-1-1'), status: 'held' }, 'lost-ack'],
      [{ ...reservation(1, 'ann', 'A-1-2'), status: 'paid' }, 'wrong-reservation'],
    ] as const) {
      const sale = new ToldSale();
      sale.held(1, 'ann', 'A-1-1');
      sale.paid(1, 'ann', 100);
      const known = sale.ledger.reservations.get('s1.1');
      assert.ok(known);
      judgeReservation(sale.ledger, known, body, now);
      assert.deepEqual(sale.found(), [code]);
    }
    const sale = new ToldSale();
    sale.held(1, 'ann', 'A-1-1');
    const known = sale.ledger.reservations.get('s1.1');
    assert.ok(known);
    judgeReservation(sale.ledger, known, { ...reservation(1, 'ann', 'A-1-1'), status: 'expired' }, now);
    const late = { fromMs: soon + 10_000, toMs: soon + 10_001 };
    judgeReservation(sale.ledger, known, { ...reservation(1, 'ann', 'A-1-1'), status: 'held' }, late);
    assert.deepEqual(sale.found(), ['wrong-reservation', 'wrong-reservation']);
  });

  test('of money: a balance that is not the sum of what was acknowledged', () => {
    const sale = new ToldSale();
    sale.charged('ann', 500);
    judgeBalance(sale.ledger, 'ann', 499);
    judgeBalance(sale.ledger, 'ann', 1_000);
    assert.deepEqual(sale.found(), ['wrong-balance', 'wrong-balance']);
  });

  test('of a seat: sold or held by the ledger and free in the list, or taken by nobody', () => {
    const sale = new ToldSale();
    sale.held(1, 'ann', 'A-1-1');
    sale.held(2, 'ann', 'A-1-2');
    sale.paid(2, 'ann', 100);
    const list = [
      { id: 'A-1-1', status: 'available' },
      { id: 'A-1-2', status: 'held' },
      { id: 'A-1-3', status: 'sold' },
    ];
    judgeSeats(sale.ledger, 's1', [...sale.ledger.reservations.values()], list, now);
    assert.deepEqual(sale.found(), ['wrong-seat', 'wrong-seat', 'wrong-seat']);
  });
});

describe('a double effect is found', () => {
  test('when one key made two reservations, two charges, or two payments', () => {
    const sale = new ToldSale();
    const first = sale.held(1, 'ann', 'A-1-1');
    sale.tell('schedule', 's1', 'seats-held', first.key, reservation(2, 'ann', 'A-1-1'));
    assert.ok(sale.judge().includes('double-effect'));

    const charged = new ToldSale();
    const { key } = charged.charged('ann', 5);
    assert.deepEqual(charged.judge(), []);
    // In a later round, when the command was judged already.
    charged.tell('wallet', 'ann', 'charged', key, { userId: 'ann', amount: 5 });
    assert.deepEqual(charged.judge(), ['double-effect']);

    const paid = new ToldSale();
    paid.held(1, 'ann', 'A-1-1');
    paid.tellPaid(paid.paid(1, 'ann', 100), 1, 'ann', 100);
    assert.ok(paid.judge().every((code) => code === 'double-effect'));
    assert.ok(paid.found().length > 0);
  });

  test('when a durable command was carried out and refused', () => {
    const sale = new ToldSale();
    const { key } = sale.give('do', { type: 'charge', userId: 'ann', amount: 5 }, true, acked);
    sale.tell('wallet', 'ann', 'charged', key, { userId: 'ann', amount: 5 });
    sale.tell('command', '2-0', 'rejected', null, { key });
    assert.deepEqual(sale.judge(), ['double-effect']);
  });

  test('when two live reservations have one seat', () => {
    const sale = new ToldSale();
    sale.held(1, 'ann', 'A-1-1');
    sale.held(2, 'bob', 'A-1-1');
    const list = [{ id: 'A-1-1', status: 'held' }];
    judgeSeats(sale.ledger, 's1', [...sale.ledger.reservations.values()], list, now);
    assert.deepEqual(sale.found(), ['double-owner']);
  });

  test('when nobody asked for it, it was refused, or one unknown hold would explain two', () => {
    const sale = new ToldSale();
    sale.tell('wallet', 'ann', 'charged', 'nobodys', { userId: 'ann', amount: 5 });
    const refused = sale.give('cmd', hold('ann', 'A-1-1'), true, answered(refusal('seat_unavailable')));
    sale.tell('schedule', 's1', 'seats-held', refused.key, reservation(1, 'ann', 'A-1-1'));
    sale.give('http', hold('bob', 'A-1-2'), false, broken);
    sale.tell('schedule', 's1', 'seats-held', null, reservation(2, 'bob', 'A-1-2'));
    sale.tell('schedule', 's1', 'seats-held', null, reservation(3, 'bob', 'A-1-2'));
    assert.deepEqual(
      sale.judge().filter((code) => code === 'ghost-effect'),
      ['ghost-effect', 'ghost-effect', 'ghost-effect'],
    );
  });
});

describe('a changed answer is found', () => {
  test('when a repeated key gives another body, or is carried out again', () => {
    const sale = new ToldSale();
    const entry = sale.charged('ann', 5);
    judgeRepeat(sale.ledger, entry, ok({ userId: 'ann', amount: 5 }, 200, true));
    assert.deepEqual(sale.found(), []);
    judgeRepeat(sale.ledger, entry, ok({ userId: 'ann', amount: 6 }, 200, true));
    judgeRepeat(sale.ledger, entry, ok({ userId: 'ann', amount: 5 }, 200, false));
    judgeRepeat(sale.ledger, entry, refusal('balance_limit_exceeded'));
    assert.deepEqual(sale.found(), ['changed-answer', 'double-effect', 'changed-answer']);
  });

  test('when two that were sent at once differ, or the first is said to be a repetition', () => {
    const sale = new ToldSale();
    const command = { type: 'charge', userId: 'ann', amount: 5 } as const;
    sale.give('http', command, true, answered(ok({ balance: 5 })), answered(ok({ balance: 10 })));
    sale.give('http', command, true, answered(ok({ balance: 15 }, 201, true)));
    assert.deepEqual(sale.found(), ['changed-answer', 'changed-answer']);
  });
});
