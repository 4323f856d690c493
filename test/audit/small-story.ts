/** What happens in the small sale: people come in and leave, hold, pay, cancel and are late, and nothing is wrong. */

export const t0 = 1_767_225_600_000;
const policy = { admitPerSecond: 2, maxActive: 3, sessionSeconds: 60, maxSessionSeconds: 120 };
const facts = { id: 's', concertId: 'c', venue: 'Hall', startsAt: t0 + 9e6, salesOpenAt: t0, salesCloseAt: t0 + 8e6 };
const sections = [{ name: 'A', price: 100, rows: [1, 2].map((row) => ({ name: String(row), seats: 3 })) }];
export const holdTtlMs = 100_000;

export type Fields = Readonly<Record<string, unknown>>;
export type Happened = readonly [actor: string, type: string, fields: Fields];

function seat(row: number, number: number): Fields {
  return { id: `A-${row}-${number}`, section: 'A', row: String(row), number, price: 100 };
}

function reservation(number: number, userId: string, seats: readonly Fields[], heldAt: number, fields: Fields): Fields {
  const base = { id: `s.${number}`, scheduleId: 's', concertId: 'c', userId, status: 'held', seats };
  const price = seats.length * 100;
  return { ...base, totalPrice: price, heldAt, expiresAt: heldAt + holdTtlMs, paidAt: null, ...fields };
}

function key(door: string, user: string, actor: string, text: string): Fields {
  const scope = `${door}|${user}|${actor}|${text}`;
  return { key: text, binding: { scope, fingerprint: `${text} {}`, outcome: { type: 'made' } } };
}

const at = { later: t0 + 10_000, hold: t0 + 12_000, renew: t0 + 30_000, again: t0 + 31_000, last: t0 + 131_000 };
const annSeats = [seat(1, 1), seat(1, 2)];
const annHold = (fields: Fields): Fields => reservation(1, 'ann', annSeats, at.hold, fields);
const catHold = (fields: Fields): Fields => reservation(2, 'cat', [seat(2, 1)], at.hold, fields);
const catAgain = (fields: Fields): Fields => reservation(3, 'cat', [seat(2, 2)], at.again, fields);
const danHold = (fields: Fields): Fields => reservation(4, 'dan', [seat(2, 3)], at.again, fields);
const annPlace = { epoch: 'e', place: 1, userId: 'ann' };
const catPlace = { epoch: 'e', place: 3, userId: 'cat' };
const annDebit = { id: 's.1#1', userId: 'ann', amount: 200, balance: 800, reservationId: 's.1', at: at.hold };
const annPayment = { id: 'pay.s.1', reservationId: 's.1', userId: 'ann', amount: 200, balance: 800, paidAt: at.hold };
const danDebit = { id: 's.4#1', userId: 'dan', amount: 100, balance: 400, reservationId: 's.4', at: at.again };
const danPayment = { id: 'pay.s.4', reservationId: 's.4', userId: 'dan', amount: 100, balance: 400, paidAt: at.again };
const danPays = { scope: 'do|dan|schedule:s|pays', fingerprint: 'pays {}' };

/** Charge number `number` of a user. */
export function charged(userId: string, number: number, amount: number, balance: number, atMs: number): Happened {
  const charge = { id: `chg.${userId}.${number}`, userId, amount, balance, chargedAt: atMs };
  return [`wallet:${userId}`, 'WalletCharged', { charge }];
}

/** Name, stamp, addressed actor, events, and what a turn has beside them. */
export const story: readonly (readonly [string, number, string, readonly Happened[], Fields?])[] = [
  [
    'main is put',
    t0,
    'catalog:main',
    [
      ['catalog:main', 'RoomPut', { room: 'main', policy, concertIds: [], putAt: t0 }],
      ['admission:main', 'PolicySet', { policy }],
    ],
  ],
  ['the line starts', t0, 'line:main', [['line:main', 'LineStarted', { epoch: 'e' }]]],
  ['the line is opened', t0, 'admission:main', [['admission:main', 'LineOpened', { epoch: 'e', line: 'engine' }]]],
  [
    'c is created',
    t0,
    'catalog:main',
    [['catalog:main', 'ConcertCreated', { concert: { id: 'c', name: 'C', description: '' }, digest: 'd' }]],
  ],
  [
    's is created',
    t0,
    'catalog:main',
    [
      ['catalog:main', 'ScheduleCreated', { schedule: facts, seatsTotal: 6, digest: 'd' }],
      ['schedule:s', 'ScheduleOpened', { schedule: facts, sections }],
    ],
  ],
  [
    'vip is put',
    t0,
    'catalog:main',
    [
      ['catalog:main', 'RoomPut', { room: 'vip', policy, concertIds: ['c'], putAt: t0 }],
      ['admission:vip', 'PolicySet', { policy }],
    ],
  ],
  ['ann joins', t0, 'line:main', [['line:main', 'LineJoined', { epoch: 'e', userId: 'ann', place: 1 }]]],
  ['bob joins', t0, 'line:main', [['line:main', 'LineJoined', { epoch: 'e', userId: 'bob', place: 2 }]]],
  ['cat joins', t0, 'line:main', [['line:main', 'LineJoined', { epoch: 'e', userId: 'cat', place: 3 }]]],
  [
    'ann comes in',
    t0,
    'admission:main',
    [['admission:main', 'UserAdmitted', { ...annPlace, admittedAt: t0, expiresAt: t0 + 60_000 }]],
  ],
  ['ann is settled', t0, 'line:main', [['line:main', 'LineSettled', { through: 1 }]]],
  [
    'bob leaves',
    t0,
    'admission:main',
    [['admission:main', 'PlaceLeft', { epoch: 'e', place: 2, userId: 'bob', leftAt: t0 }]],
  ],
  ['bob is gone', t0, 'line:main', [['line:main', 'LineLeft', { place: 2 }]]],
  [
    'cat comes in',
    at.later,
    'admission:main',
    [['admission:main', 'UserAdmitted', { ...catPlace, admittedAt: at.later, expiresAt: at.later + 60_000 }]],
  ],
  ['cat is settled', at.later, 'line:main', [['line:main', 'LineSettled', { through: 3 }]]],
  [
    'ann charges',
    at.later,
    'wallet:ann',
    [charged('ann', 1, 1000, 1000, at.later)],
    key('http', 'ann', 'wallet:ann', 'k1'),
  ],
  [
    'ann holds',
    at.hold,
    'schedule:s',
    [['schedule:s', 'SeatsHeld', { reservation: annHold({}) }]],
    key('http', 'ann', 'schedule:s', 'k2'),
  ],
  ['cat holds', at.hold, 'schedule:s', [['schedule:s', 'SeatsHeld', { reservation: catHold({}) }]]],
  [
    'ann pays',
    at.hold,
    'schedule:s',
    [
      ['schedule:s', 'PaymentStarted', { reservationId: 's.1', attempt: 1, amount: 200, session: null }],
      ['wallet:ann', 'WalletDebited', annDebit],
      [
        'schedule:s',
        'ReservationPaid',
        { reservation: annHold({ status: 'paid', paidAt: at.hold }), payment: annPayment },
      ],
      ['admission:main', 'SessionEnded', { ...annPlace, reason: 'paid', endedAt: at.hold }],
    ],
    key('http', 'ann', 'schedule:s', 'k3'),
  ],
  [
    'cat is refused',
    at.hold,
    'schedule:s',
    [
      ['schedule:s', 'PaymentStarted', { reservationId: 's.2', attempt: 1, amount: 100, session: null }],
      ['schedule:s', 'PaymentRefused', { reservationId: 's.2', attempt: 1 }],
    ],
  ],
  [
    'cat renews',
    at.renew,
    'admission:main',
    [['admission:main', 'SessionRenewed', { ...catPlace, renewedAt: at.renew, expiresAt: at.renew + 60_000 }]],
  ],
  [
    'cat cancels',
    at.renew,
    'schedule:s',
    [['schedule:s', 'HoldCancelled', { reservation: catHold({ status: 'cancelled' }), cancelledAt: at.renew }]],
  ],
  ['cat holds again', at.again, 'schedule:s', [['schedule:s', 'SeatsHeld', { reservation: catAgain({}) }]]],
  ['dan charges', at.again, 'wallet:dan', [charged('dan', 1, 500, 500, at.again)]],
  ['dan holds', at.again, 'schedule:s', [['schedule:s', 'SeatsHeld', { reservation: danHold({}) }]]],
  [
    'dan starts to pay',
    at.again,
    'schedule:s',
    [
      [
        'schedule:s',
        'PaymentStarted',
        { reservationId: 's.4', attempt: 1, amount: 100, session: { room: 'main', ...catPlace } },
      ],
    ],
    { key: 'pays', pending: { ...danPays, question: 's.4#1' } },
  ],
  ['dan is debited', at.again, 'wallet:dan', [['wallet:dan', 'WalletDebited', danDebit]]],
  [
    'dan has paid',
    at.again,
    'schedule:s',
    [
      [
        'schedule:s',
        'ReservationPaid',
        { reservation: danHold({ status: 'paid', paidAt: at.again }), payment: danPayment },
      ],
    ],
    { binding: { ...danPays, outcome: { type: 'made' } } },
  ],
  [
    'cat is out',
    t0 + 90_000,
    'admission:main',
    [['admission:main', 'SessionEnded', { ...catPlace, reason: 'expired', endedAt: t0 + 90_000 }]],
  ],
  [
    'the hold ends',
    at.last,
    'schedule:s',
    [['schedule:s', 'HoldExpired', { reservation: catAgain({ status: 'expired' }), expiredAt: at.last }]],
  ],
  ['nobody follows', at.last, 'admission:main', [['admission:main', 'PlacesPassed', { epoch: 'e', through: 5 }]]],
];
