/** Faults of time, catalog, schedules and reservations, each planted in the small sale. */
import type { JournalFault } from './journal-fault.ts';
import { t0 } from './small-story.ts';

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

export const scheduleFaults: readonly JournalFault[] = [
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
    plant: (s) => s.drop('the hold ends').addBusy(end),
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
];
