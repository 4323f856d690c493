/** Small histories whose verdict anyone can see, among them one of every kind of fault that the checker is there for. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkHistory } from './check-history.ts';
import { planted, type Row } from './planted-faults.ts';
import {
  balance,
  cancelled,
  charged,
  chargeUnknown,
  held,
  holdRefused,
  holdTtlMs,
  holdUnknown,
  paid,
  payRefused,
  payUnknown,
  read,
  readRefused,
} from './written.ts';

const options = { toleranceMs: 10, holdTtlMs };

const good: readonly Row[] = [
  { name: 'nothing at all', history: [] },
  {
    name: 'a seat that two hold at once, and one gets',
    history: [held('a', '1', 's.1', [0, 10]), holdRefused('b', '1', '1', [0, 10])],
  },
  {
    name: 'a loser who was answered before the winner',
    history: [holdRefused('b', '1', '1', [0, 5]), held('a', '1', 's.1', [4, 50])],
  },
  {
    name: 'a seat that is held again after it was given up, and the giving up told twice',
    history: [
      held('a', '1', 's.1', [0, 10]),
      cancelled('a', 's.1', [20, 30]),
      held('b', '1', 's.2', [25, 40]),
      cancelled('a', 's.1', [50, 60]),
    ],
  },
  {
    name: 'a seat that is held again after its deadline, and its first holder told so',
    history: [
      held('a', '1', 's.1', [0, 10]),
      holdRefused('b', '1', '1', [990, 1_000]),
      held('b', '1', 's.2', [1_005, 1_020]),
      read('a', 's.1', 'expired', [1_015, 1_030]),
      payRefused('a', 's.1', { code: 'hold_expired' }, [1_100, 1_110]),
    ],
  },
  {
    name: 'two seats of which one is taken: only that one is named',
    history: [
      held('a', '1', 's.1', [0, 10]),
      holdRefused('b', '1,2', '1', [20, 30]),
      held('c', '2', 's.2', [40, 50]),
      holdRefused('b', '1,2', '1,2', [60, 70]),
    ],
  },
  {
    name: 'a payment, after one that lacked the money',
    history: [
      held('a', '1', 's.1', [0, 10]),
      charged('a', 60, 60, [0, 10]),
      payRefused('a', 's.1', { code: 'insufficient_balance', balance: 60, required: 100 }, [20, 30]),
      charged('a', 60, 120, [40, 50]),
      paid('a', 's.1', 20, [60, 70]),
      read('a', 's.1', 'paid', [80, 90]),
      holdRefused('b', '1', '1', [5_000, 5_010]),
      balance('a', 20, [5_000, 5_010]),
    ],
  },
  {
    name: 'a charge of unknown outcome that was made, and one that was not',
    history: [
      chargeUnknown('a', 5, 0),
      balance('a', 5, [10, 20]),
      chargeUnknown('a', 7, 30),
      balance('a', 5, [40, 50]),
    ],
  },
  {
    name: 'a charge of unknown outcome that is made late',
    history: [chargeUnknown('a', 5, 0), balance('a', 0, [10, 20]), balance('a', 5, [30, 40])],
  },
  {
    name: 'a charge that was tried three times with one key, and made by the first try',
    history: [
      chargeUnknown('a', 5, 0, 'k'),
      balance('a', 5, [10, 20]),
      charged('a', 5, 5, [30, 40], 'k'),
      charged('a', 5, 5, [50, 60], 'k'),
      balance('a', 5, [70, 80]),
    ],
  },
  {
    name: 'a hold of unknown outcome that takes its seat until its deadline',
    history: [holdUnknown('a', '1', 0), holdRefused('b', '1', '1', [10, 20]), held('b', '1', 's.2', [1_005, 1_010])],
  },
  {
    name: 'a hold that was tried again with its key',
    history: [
      holdUnknown('a', '1', 0, 'k'),
      holdRefused('b', '1', '1', [10, 20]),
      held('a', '1', 's.1', [30, 40], 'k'),
    ],
  },
  {
    name: 'a payment of unknown outcome that was made',
    history: [
      held('a', '1', 's.1', [0, 10]),
      charged('a', 100, 100, [0, 10]),
      payUnknown('a', 's.1', 20),
      read('a', 's.1', 'paid', [30, 40]),
      balance('a', 0, [50, 60]),
    ],
  },
];

describe('a history without a fault is accepted', () => {
  for (const { name, history } of good) {
    test(name, () => {
      const verdict = checkHistory(history, options);
      assert.equal(verdict.type, 'ok', JSON.stringify(verdict));
    });
  }
});

describe('a history with a fault planted in it is refused', () => {
  for (const { name, history } of planted) {
    test(name, () => assert.equal(checkHistory(history, options).type, 'violation'));
  }
});

describe('a verdict', () => {
  test('names the object, what could be ordered, and what could not be next', () => {
    const verdict = checkHistory([charged('a', 5, 5, [0, 10]), balance('a', 0, [11, 20])]);
    assert.deepEqual(verdict, {
      type: 'violation',
      object: 'wallet a',
      why: [
        'after',
        '  0.0 to 10.0 ms: {"type":"charge","amount":5,"balance":5}',
        'none of these can be next',
        '  11.0 to 20.0 ms: {"type":"read","balance":0}',
      ].join('\n'),
    });
  });

  test('says that it does not know when the search is not done within its bound', () => {
    const overlapping = Array.from({ length: 30 }, (_, index) => charged('a', 1, 30 - index, [0, 10]));
    const verdict = checkHistory(overlapping, { stepsMax: 50 });
    assert.deepEqual(verdict, { type: 'unknown', object: 'wallet a', steps: 51 });
    assert.equal(checkHistory(overlapping).type, 'ok');
  });

  test('counts what it was given, and what it could not use', () => {
    const history = [
      held('a', '1,2', 's.1', [0, 10]),
      readRefused('a', 's.1', 'overloaded', [20, 30]),
      balance('a', 0, [40, 50]),
    ];
    const { type, ...counts } = checkHistory(history);
    assert.deepEqual({ type, ...counts }, { type: 'ok', objects: 4, operations: 4, passedOver: 1, steps: 4 });
  });
});
