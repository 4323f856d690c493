/** Histories with one fault each: none of them has an order. */
import type { Recorded } from './recorded.ts';
import {
  balance,
  cancelled,
  charged,
  chargeUnknown,
  held,
  holdRefused,
  paid,
  payRefused,
  read,
  readRefused,
} from './written.ts';

export interface Row {
  readonly name: string;
  readonly history: readonly Recorded[];
}

export const planted: readonly Row[] = [
  {
    name: 'a seat given twice',
    history: [held('a', '1', 's.1', [0, 10]), held('b', '1', 's.2', [0, 10])],
  },
  {
    name: 'a seat given twice, as one of several',
    history: [held('a', '1,2', 's.1', [0, 10]), held('b', '2,3', 's.2', [5, 20])],
  },
  {
    name: 'a seat that is free again before its deadline',
    history: [held('a', '1', 's.1', [0, 10]), held('b', '1', 's.2', [900, 990])],
  },
  {
    name: 'a seat that is still taken after its deadline',
    history: [held('a', '1', 's.1', [0, 10]), holdRefused('b', '1', '1', [1_030, 1_040])],
  },
  {
    name: 'a sold seat that is free again',
    history: [
      held('a', '1', 's.1', [0, 10]),
      charged('a', 100, 100, [0, 10]),
      paid('a', 's.1', 0, [20, 30]),
      held('b', '1', 's.2', [5_000, 5_010]),
    ],
  },
  {
    name: 'a refusal that names a seat which nobody has',
    history: [held('a', '1', 's.1', [0, 10]), holdRefused('b', '1,2', '1,2', [20, 30])],
  },
  {
    name: 'a refusal that keeps silent about a seat which is taken',
    history: [held('a', '1,2', 's.1', [0, 10]), holdRefused('b', '1,2', '1', [20, 30])],
  },
  {
    name: 'an acknowledged hold whose reservation vanishes',
    history: [held('a', '1', 's.1', [0, 10]), readRefused('a', 's.1', 'reservation_not_found', [20, 30])],
  },
  {
    name: 'an acknowledged hold whose seat another one is told to be free',
    history: [held('a', '1', 's.1', [0, 10]), held('a', '2', 's.2', [0, 10]), holdRefused('b', '1,2', '2', [20, 30])],
  },
  {
    name: 'a stale read of a reservation that was given up',
    history: [held('a', '1', 's.1', [0, 10]), cancelled('a', 's.1', [20, 30]), read('a', 's.1', 'held', [40, 50])],
  },
  {
    name: 'a reservation that is given up after it was paid',
    history: [
      held('a', '1', 's.1', [0, 10]),
      charged('a', 100, 100, [0, 10]),
      paid('a', 's.1', 0, [20, 30]),
      cancelled('a', 's.1', [40, 50]),
    ],
  },
  {
    name: 'a reservation that is paid twice',
    history: [
      held('a', '1', 's.1', [0, 10]),
      charged('a', 200, 200, [0, 10]),
      paid('a', 's.1', 100, [20, 30]),
      paid('a', 's.1', 0, [20, 30]),
    ],
  },
  {
    name: 'a reservation that is paid after its deadline',
    history: [held('a', '1', 's.1', [0, 10]), charged('a', 100, 100, [0, 10]), paid('a', 's.1', 0, [1_030, 1_040])],
  },
  {
    name: 'a hold that is told to be over before its deadline',
    history: [held('a', '1', 's.1', [0, 10]), payRefused('a', 's.1', { code: 'hold_expired' }, [20, 30])],
  },
  {
    name: 'a lost update of a wallet',
    history: [charged('a', 5, 5, [0, 10]), charged('a', 7, 7, [0, 10])],
  },
  {
    name: 'a lost update that only a later read shows',
    history: [charged('a', 5, 5, [0, 10]), charged('a', 7, 12, [5, 20]), balance('a', 7, [30, 40])],
  },
  {
    name: 'a payment that debits nothing',
    history: [
      held('a', '1', 's.1', [0, 10]),
      charged('a', 100, 100, [0, 10]),
      paid('a', 's.1', 0, [20, 30]),
      balance('a', 100, [40, 50]),
    ],
  },
  {
    name: 'a payment without the money for it',
    history: [held('a', '1', 's.1', [0, 10]), charged('a', 60, 60, [0, 10]), paid('a', 's.1', -40, [20, 30])],
  },
  {
    name: 'a refusal for lack of money that is there',
    history: [
      held('a', '1', 's.1', [0, 10]),
      charged('a', 100, 100, [0, 10]),
      payRefused('a', 's.1', { code: 'insufficient_balance', balance: 0, required: 100 }, [20, 30]),
    ],
  },
  {
    name: 'a stale read of a balance',
    history: [charged('a', 5, 5, [0, 10]), balance('a', 0, [11, 20])],
  },
  {
    name: 'a balance that goes back between two reads',
    history: [charged('a', 5, 5, [0, 100]), balance('a', 5, [10, 20]), balance('a', 0, [30, 40])],
  },
  {
    name: 'a key whose charge was made twice',
    history: [chargeUnknown('a', 5, 0, 'k'), balance('a', 5, [10, 20]), charged('a', 5, 10, [30, 40], 'k')],
  },
  {
    name: 'a key with two answers',
    history: [charged('a', 5, 5, [0, 10], 'k'), charged('a', 5, 10, [20, 30], 'k')],
  },
  {
    name: 'a key that is refused after it was bound',
    history: [held('a', '1', 's.1', [0, 10], 'k'), holdRefused('a', '1', '1', [20, 30], 'k')],
  },
  {
    name: 'one reservation for two holds',
    history: [held('a', '1', 's.1', [0, 10]), held('b', '2', 's.1', [20, 30])],
  },
  {
    name: "a reservation that is someone else's",
    history: [held('a', '1', 's.1', [0, 10]), read('b', 's.1', 'held', [20, 30])],
  },
];
