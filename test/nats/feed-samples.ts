/** One event of each type of each actor: what the feed shows of it, or that it shows nothing. */
import type { AdmissionEvent } from '../../actors/admission/messages.ts';
import type { CatalogEvent } from '../../actors/catalog/messages.ts';
import type { LineEvent } from '../../actors/line/messages.ts';
import type { ScheduleEvent } from '../../actors/schedule/messages.ts';
import type { WalletEvent } from '../../actors/wallet/messages.ts';
import type { JournaledEvent } from '../../engine/ports.ts';
import * as given from '../read-model/journal-of.ts';

const at = given.t0;
const held = given.reservation('s1.7', 'ann', [given.seat('A', '1', 2)]);
const payment = { id: 'pay.s1.7', reservationId: 's1.7', userId: 'ann', amount: 100, balance: 900, paidAt: at + 50 };

const heldBody = {
  id: 's1.7',
  scheduleId: 's1',
  concertId: 'tour',
  userId: 'ann',
  status: 'held',
  seats: [{ id: 'A-1-2', section: 'A', row: '1', number: 2, price: 100 }],
  totalPrice: 100,
  heldAt: '2026-11-22T12:00:00.133Z',
  expiresAt: '2026-11-22T12:05:00.133Z',
  paidAt: null,
};
const moved = { id: 's1.7#1', userId: 'ann', amount: 100, balance: 900, reservationId: 's1.7' };
const session = { epoch: 'e1', place: 12, userId: 'ann' };

/** What is shown: the event, its subject after `onsale.v1.events.`, and its body. */
export const shown: readonly (readonly [name: string, event: JournaledEvent, subject: string, body: object])[] = [
  [
    'an opened schedule',
    given.schedule('s1', {
      type: 'ScheduleOpened',
      v: 1,
      schedule: { id: 's1', concertId: 'tour', venue: 'Hall', startsAt: at + 3, salesOpenAt: at, salesCloseAt: at + 2 },
      sections: given.hall,
    }),
    'schedule.s1.opened',
    {
      id: 's1',
      concertId: 'tour',
      venue: 'Hall',
      startsAt: '2026-11-22T12:00:00.126Z',
      salesOpenAt: '2026-11-22T12:00:00.123Z',
      salesCloseAt: '2026-11-22T12:00:00.125Z',
      seatsTotal: 7,
      seatsAvailable: 7,
    },
  ],
  [
    'seats held',
    given.schedule('s1', { type: 'SeatsHeld', v: 1, reservation: held }),
    'schedule.s1.seats-held',
    heldBody,
  ],
  [
    'a cancelled hold',
    given.schedule('s1', {
      type: 'HoldCancelled',
      v: 1,
      reservation: { ...held, status: 'cancelled' },
      cancelledAt: at,
    }),
    'schedule.s1.hold-cancelled',
    { ...heldBody, status: 'cancelled' },
  ],
  [
    'an expired hold',
    given.schedule('s1', { type: 'HoldExpired', v: 1, reservation: { ...held, status: 'expired' }, expiredAt: at }),
    'schedule.s1.hold-expired',
    { ...heldBody, status: 'expired' },
  ],
  [
    'a paid reservation',
    given.schedule('s1', {
      type: 'ReservationPaid',
      v: 1,
      reservation: { ...held, status: 'paid', paidAt: at + 50 },
      payment,
    }),
    'schedule.s1.reservation-paid',
    {
      reservation: { ...heldBody, status: 'paid', paidAt: '2026-11-22T12:00:00.173Z' },
      payment: { ...payment, paidAt: '2026-11-22T12:00:00.173Z' },
    },
  ],
  [
    'a charged wallet',
    given.wallet('ann', {
      type: 'WalletCharged',
      v: 1,
      charge: { id: 'c1', userId: 'ann', amount: 5, balance: 1000, chargedAt: at },
    }),
    'wallet.ann.charged',
    { id: 'c1', userId: 'ann', amount: 5, balance: 1000 },
  ],
  ['a debited wallet', given.wallet('ann', { type: 'WalletDebited', v: 1, ...moved, at }), 'wallet.ann.debited', moved],
  [
    'someone let in',
    given.admission('main', { type: 'UserAdmitted', v: 1, ...session, admittedAt: at, expiresAt: at + 1000 }),
    'admission.main.admitted',
    { userId: 'ann', place: 12, expiresAt: '2026-11-22T12:00:01.123Z' },
  ],
  [
    'an ended session',
    given.admission('main', { type: 'SessionEnded', v: 1, ...session, reason: 'paid', endedAt: at }),
    'admission.main.session-ended',
    { userId: 'ann', place: 12, reason: 'paid' },
  ],
];

const policy = { admitPerSecond: 1, maxActive: 1, sessionSeconds: 1, maxSessionSeconds: 1 };
export const hidden: readonly JournaledEvent[] = [
  given.schedule('s1', {
    type: 'PaymentStarted',
    v: 1,
    reservationId: 's1.7',
    attempt: 1,
    amount: 100,
    session: null,
  }),
  given.schedule('s1', { type: 'PaymentRefused', v: 1, reservationId: 's1.7', attempt: 1 }),
  given.wallet('ann', { type: 'WalletCredited', v: 1, ...moved, at }),
  given.admission('main', { type: 'PolicySet', v: 1, policy }),
  given.admission('main', { type: 'LineOpened', v: 1, epoch: 'e1', line: 'stream' }),
  given.admission('main', { type: 'LineLost', v: 1, epoch: 'e1' }),
  given.admission('main', { type: 'PlacesPassed', v: 1, epoch: 'e1', through: 3 }),
  given.admission('main', { type: 'SessionRenewed', v: 1, ...session, renewedAt: at, expiresAt: at + 1 }),
  given.admission('main', { type: 'PlaceLeft', v: 1, ...session, leftAt: at }),
  given.line('main', { type: 'LineStarted', v: 1, epoch: 'e1' }),
  given.line('main', { type: 'LineJoined', v: 1, epoch: 'e1', userId: 'ann', place: 1 }),
  given.line('main', { type: 'LineLeft', v: 1, place: 1 }),
  given.line('main', { type: 'LineSettled', v: 1, through: 1 }),
  given.concertCreated,
  given.catalog({
    type: 'ScheduleCreated',
    v: 1,
    schedule: { id: 's1', concertId: 'tour', venue: 'Hall', startsAt: at, salesOpenAt: at, salesCloseAt: at },
    seatsTotal: 7,
    digest: 'd',
  }),
  given.catalog({ type: 'RoomPut', v: 1, room: 'main', policy, concertIds: [], putAt: 0 }),
];

type ActorEvent = ScheduleEvent | WalletEvent | AdmissionEvent | CatalogEvent | LineEvent;

/** Every type of event that there is: the compiler names one that is missing, a test one without a sample. */
export const visibility = {
  ScheduleOpened: 'shown',
  SeatsHeld: 'shown',
  HoldCancelled: 'shown',
  HoldExpired: 'shown',
  ReservationPaid: 'shown',
  PaymentStarted: 'hidden',
  PaymentRefused: 'hidden',
  WalletCharged: 'shown',
  WalletDebited: 'shown',
  WalletCredited: 'hidden',
  UserAdmitted: 'shown',
  SessionEnded: 'shown',
  PolicySet: 'hidden',
  LineOpened: 'hidden',
  LineLost: 'hidden',
  PlacesPassed: 'hidden',
  SessionRenewed: 'hidden',
  PlaceLeft: 'hidden',
  LineStarted: 'hidden',
  LineJoined: 'hidden',
  LineLeft: 'hidden',
  LineSettled: 'hidden',
  ConcertCreated: 'hidden',
  ScheduleCreated: 'hidden',
  RoomPut: 'hidden',
} as const satisfies Record<ActorEvent['type'], 'shown' | 'hidden'>;
