/** Faults in a journal, each planted in the small sale, with what an audit must find of it and where. */
import type { FindingCode } from '../../storage/audit/findings.ts';
import { t0 } from './small-sale.ts';
import type { SmallSale } from './small-sale.ts';

export interface JournalFault {
  readonly name: string;
  readonly code: FindingCode;
  /** What happens in the batch that is named; null when the finding names no batch. */
  readonly at: string | null;
  readonly plant: (sale: SmallSale) => SmallSale;
  /** Codes that this fault cannot but bring with it. */
  readonly also?: readonly FindingCode[];
}

const end = t0 + 131_000;
const first = 'events.0.event';

const seat = { id: 'A-2-1', section: 'A', row: '2', number: 1, price: 100 };
const danHold = {
  id: 's.4',
  scheduleId: 's',
  concertId: 'c',
  userId: 'dan',
  status: 'held',
  seats: [{ ...seat, id: 'A-2-3', number: 3 }],
  totalPrice: 100,
  heldAt: t0 + 31_000,
  expiresAt: end,
  paidAt: null,
};

/** Turns of a busy program, from one time to another. */
function busy(sale: SmallSale, fromMs: number, toMs: number): SmallSale {
  let charges = 0;
  for (let atMs = fromMs; atMs <= toMs; atMs += 100) {
    charges += 1;
    const charge = { id: `chg.eve.${charges}`, userId: 'eve', amount: 1, balance: charges, chargedAt: atMs };
    sale.add(atMs, 'wallet:eve', [['wallet:eve', 'WalletCharged', { charge }]]);
  }
  return sale;
}

export const journalFaults: readonly JournalFault[] = [
  {
    name: 'a turn before the one before it',
    code: 'time-back',
    at: 'the hold ends',
    plant: (s) => s.set('the hold ends', 'atMs', t0).set('the hold ends', `${first}.expiredAt`, t0),
    also: ['hold-wrong-side'],
  },
  {
    name: 'a charge that tells another time than its turn',
    code: 'event-time',
    at: 'ann charges',
    plant: (s) => s.set('ann charges', `${first}.charge.chargedAt`, t0),
  },
  {
    name: 'an event of a later version',
    code: 'event-unknown',
    at: 'ann is settled',
    plant: (s) => s.set('ann is settled', `${first}.v`, 2),
  },
  {
    name: 'a hold without its seats',
    code: 'event-unreadable',
    at: 'dan holds',
    plant: (s) =>
      s
        .set('dan holds', `${first}.reservation.seats`, null)
        .drop('dan starts to pay')
        .drop('dan is debited')
        .drop('dan has paid'),
  },
  {
    name: 'a charge of someone else’s wallet',
    code: 'event-address',
    at: 'ann charges',
    plant: (s) => s.set('ann charges', `${first}.charge.userId`, 'bob'),
  },
  { name: 'a concert twice', code: 'concert-twice', at: 'c is created again', plant: (s) => s.repeat('c is created') },
  {
    name: 'a schedule opened twice',
    code: 'schedule-catalog',
    at: 's is created again',
    plant: (s) => s.repeat('s is created').set('s is created again', 'events.0.event.schedule.id', 'other'),
  },
  {
    name: 'a schedule of no concert',
    code: 'schedule-catalog',
    at: 's is created',
    plant: (s) => s.moveBefore('c is created', 'ann joins').moveBefore('vip is put', 'ann joins'),
  },
  {
    name: 'a room with a concert that there is not',
    code: 'room-concerts',
    at: 'vip is put',
    plant: (s) => s.set('vip is put', `${first}.concertIds`, ['c', 'x']),
  },
  {
    name: 'a hold of a schedule that was not opened',
    code: 'schedule-unknown',
    at: 'the hold ends',
    plant: (s) => s.set('the hold ends', 'events.0.actor', 'schedule:x'),
  },
  {
    name: 'a cancelled reservation that was never made',
    code: 'reservation-unknown',
    at: 'cat cancels',
    plant: (s) => s.set('cat cancels', `${first}.reservation.id`, 's.9'),
  },
  {
    name: 'a reservation with a number left out',
    code: 'reservation-order',
    at: 'dan holds',
    plant: (s) => s.set('dan holds', `${first}.reservation.id`, 's.7'),
    also: ['reservation-differs'],
  },
  {
    name: 'a partial expiry',
    code: 'reservation-differs',
    at: 'ann pays',
    plant: (s) => s.set('ann pays', 'events.2.event.reservation.seats.length', 1),
  },
  {
    name: 'a seat that the hall does not have',
    code: 'seat-unknown',
    at: 'cat holds',
    plant: (s) => s.set('cat holds', `${first}.reservation.seats.0.id`, 'A-2-9'),
    also: ['price-wrong', 'reservation-differs'],
  },
  {
    name: 'a seat held twice',
    code: 'seat-taken',
    at: 'dan holds',
    plant: (s) =>
      s
        .set('dan holds', `${first}.reservation.seats.0.id`, 'A-2-2')
        .set('dan holds', `${first}.reservation.seats.0.number`, 2)
        .set('dan has paid', `${first}.reservation.seats.0.id`, 'A-2-2')
        .set('dan has paid', `${first}.reservation.seats.0.number`, 2),
  },
  {
    name: 'a total that is not the sum of its seats',
    code: 'price-wrong',
    at: 'cat holds again',
    plant: (s) =>
      s
        .set('cat holds again', `${first}.reservation.totalPrice`, 99)
        .set('the hold ends', `${first}.reservation.totalPrice`, 99),
  },
  {
    name: 'a user with more seats than allowed',
    code: 'hold-limit',
    at: 'at the end',
    plant: (s) =>
      s.add(end, 'schedule:s', [
        [
          'schedule:s',
          'SeatsHeld',
          {
            reservation: { ...danHold, id: 's.5', userId: 'ann', seats: [seat], heldAt: end, expiresAt: end + 100_000 },
          },
        ],
      ]),
  },
  {
    name: 'a hold before sales open',
    code: 'hold-outside-sales',
    at: 'ann holds',
    plant: (s) =>
      s
        .set('s is created', 'events.0.event.schedule.salesOpenAt', t0 + 20_000)
        .set('s is created', 'events.1.event.schedule.salesOpenAt', t0 + 20_000),
  },
  {
    name: 'a hold of another length',
    code: 'hold-deadline',
    at: 'cat holds again',
    plant: (s) =>
      s
        .set('cat holds again', `${first}.reservation.expiresAt`, t0 + 130_000)
        .set('the hold ends', `${first}.reservation.expiresAt`, t0 + 130_000),
  },
  {
    name: 'a hold expired before its deadline',
    code: 'hold-wrong-side',
    at: 'the hold ends',
    plant: (s) => s.set('the hold ends', 'atMs', end - 1).set('the hold ends', `${first}.expiredAt`, end - 1),
  },
  {
    name: 'a payment started after the deadline',
    code: 'hold-wrong-side',
    at: 'at the end',
    plant: (s) =>
      s
        .drop('the hold ends')
        .add(end, 'schedule:s', [
          ['schedule:s', 'PaymentStarted', { reservationId: 's.3', attempt: 1, amount: 100, session: null }],
        ]),
  },
  {
    name: 'a hold that never ends',
    code: 'hold-overdue',
    at: null,
    plant: (s) => busy(s.drop('the hold ends'), end, end + 2_000),
  },
  {
    name: 'a reservation paid twice',
    code: 'life-cycle',
    at: 'dan has paid again',
    plant: (s) => s.repeat('dan has paid'),
    also: ['event-time', 'payment-debit', 'key-bound-twice'],
  },
  {
    name: 'a reservation expired after it was paid',
    code: 'life-cycle',
    at: 'the hold ends',
    plant: (s) => s.set('the hold ends', `${first}.reservation`, { ...danHold, status: 'expired' }),
  },
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
