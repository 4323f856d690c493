/** Faults of payments and wallets, each planted in the small sale. */
import type { JournalFault } from './journal-fault.ts';
import { t0 } from './small-story.ts';

const end = t0 + 131_000;
const first = 'events.0.event';

export const moneyFaults: readonly JournalFault[] = [
  {
    name: 'a payment that asks for another amount',
    code: 'payment-amount',
    at: 'dan starts to pay',
    plant: (s) => s.set('dan starts to pay', `${first}.amount`, 99),
  },
  {
    name: 'a payment without a debit',
    code: 'payment-debit',
    at: 'dan has paid',
    plant: (s) => s.drop('dan is debited'),
  },
  {
    name: 'a payment that debits another amount',
    code: 'payment-debit',
    at: 'dan has paid',
    plant: (s) => s.set('dan is debited', `${first}.amount`, 99).set('dan is debited', `${first}.balance`, 401),
    also: ['debit-unexplained'],
  },
  {
    name: 'a charge of nothing',
    code: 'amount-wrong',
    at: 'ann charges',
    plant: (s) => s.set('ann charges', `${first}.charge.amount`, 0),
    also: ['balance-wrong', 'money-total'],
  },
  {
    name: 'a charge that adds more than it takes',
    code: 'balance-wrong',
    at: 'dan charges',
    plant: (s) => s.set('dan charges', `${first}.charge.balance`, 501),
  },
  {
    name: 'a balance below zero',
    code: 'balance-negative',
    at: 'dan is debited',
    plant: (s) =>
      s
        .set('dan charges', `${first}.charge.amount`, 50)
        .set('dan charges', `${first}.charge.balance`, 50)
        .set('dan is debited', `${first}.balance`, -50)
        .set('dan has paid', `${first}.payment.balance`, -50),
  },
  {
    name: 'a balance above the limit',
    code: 'balance-limit',
    at: 'ann charges',
    plant: (s) =>
      s
        .set('ann charges', `${first}.charge.amount`, 10_001)
        .set('ann charges', `${first}.charge.balance`, 10_001)
        .set('ann pays', 'events.1.event.balance', 9_801)
        .set('ann pays', 'events.2.event.payment.balance', 9_801),
  },
  {
    name: 'a charge with a number left out',
    code: 'charge-order',
    at: 'ann charges',
    plant: (s) => s.set('ann charges', `${first}.charge.id`, 'chg.ann.2'),
  },
  {
    name: 'a debit twice',
    code: 'debit-twice',
    at: 'dan is debited again',
    plant: (s) =>
      s
        .repeat('dan is debited')
        .set('dan is debited again', `${first}.balance`, 300)
        .set('dan is debited again', `${first}.at`, end),
    also: ['debit-unsettled'],
  },
  {
    name: 'a debit for a hold that is not being paid',
    code: 'debit-unexplained',
    at: 'dan is debited',
    plant: (s) => s.moveBefore('dan is debited', 'dan starts to pay'),
  },
  {
    name: 'a credit out of nowhere',
    code: 'credit-unexplained',
    at: 'at the end',
    plant: (s) =>
      s.add(end, 'wallet:dan', [
        [
          'wallet:dan',
          'WalletCredited',
          { id: 'x#1', userId: 'dan', amount: 1, balance: 401, reservationId: 'x', at: end },
        ],
      ]),
  },
  {
    name: 'a debit whose payment was refused',
    code: 'debit-unsettled',
    at: null,
    plant: (s) =>
      s
        .set('dan has paid', 'binding', undefined)
        .set('dan has paid', first, { type: 'PaymentRefused', v: 1, reservationId: 's.4', attempt: 1 }),
  },
  {
    name: 'money from nowhere',
    code: 'money-total',
    at: null,
    plant: (s) =>
      s
        .set('dan charges', `${first}.charge.balance`, 600)
        .set('dan is debited', `${first}.balance`, 500)
        .set('dan has paid', `${first}.payment.balance`, 500),
    also: ['balance-wrong'],
  },
];
