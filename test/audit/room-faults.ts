/** Faults of rooms, lines and keys, each planted in the small sale. */
import type { JournalFault } from './journal-fault.ts';
import { t0 } from './small-story.ts';
import type { SmallSale } from './small-sale.ts';

const end = t0 + 131_000;
const first = 'events.0.event';

function admitted(sale: SmallSale, place: number, userId: string): SmallSale {
  const event = { epoch: 'e', place, userId, admittedAt: end, expiresAt: end + 60_000 };
  return sale.add(end, 'admission:main', [['admission:main', 'UserAdmitted', event]]);
}

export const roomFaults: readonly JournalFault[] = [
  {
    name: 'a room that lets people in before it is made',
    code: 'room-unknown',
    at: 'ann comes in',
    plant: (s) => s.set('ann comes in', 'events.0.actor', 'admission:x'),
    also: ['line-epoch', 'admit-rate', 'line-settled-early', 'session-unknown'],
  },
  {
    name: 'a line that was never opened',
    code: 'line-epoch',
    at: 'ann comes in',
    plant: (s) => s.moveBefore('the line is opened', 'ann is settled'),
    also: ['line-settled-early'],
  },
  {
    name: 'a room with more people than it allows',
    code: 'room-full',
    at: 'cat comes in',
    plant: (s) => s.set('main is put', 'events.1.event.policy.maxActive', 1),
  },
  {
    name: 'a room that lets people in faster than its rate',
    code: 'admit-rate',
    at: 'ann comes in',
    plant: (s) => s.set('main is put', 'events.1.event.policy.admitPerSecond', 0),
  },
  {
    name: 'a user inside twice',
    code: 'inside-twice',
    at: 'at the end',
    plant: (s) => admitted(s.drop('cat is out').set('cat renews', `${first}.expiresAt`, t0 + 90_000), 6, 'cat'),
  },
  {
    name: 'a place let in twice',
    code: 'place-order',
    at: 'at the end',
    plant: (s) => admitted(s, 3, 'cat'),
  },
  {
    name: 'a place let in after it left',
    code: 'place-left-before',
    at: 'fay comes in',
    plant: (s) =>
      admitted(
        s
          .drop('nobody follows')
          .add(end, 'admission:main', [
            ['admission:main', 'PlaceLeft', { epoch: 'e', place: 7, userId: 'fay', leftAt: end }],
          ]),
        7,
        'fay',
      ).rename('at the end', 'fay comes in'),
  },
  {
    name: 'a person passed over',
    code: 'place-skipped',
    at: 'cat comes in',
    plant: (s) => s.drop('bob leaves').drop('bob is gone'),
  },
  {
    name: 'a line that goes back',
    code: 'taken-through-back',
    at: 'nobody follows',
    plant: (s) => s.set('nobody follows', `${first}.through`, 3),
  },
  {
    name: 'a session that ends twice',
    code: 'session-unknown',
    at: 'cat is out again',
    plant: (s) => s.repeat('cat is out').set('cat is out again', `${first}.endedAt`, end),
  },
  {
    name: 'a session longer than the policy says',
    code: 'session-deadline',
    at: 'ann comes in',
    plant: (s) => s.set('ann comes in', `${first}.expiresAt`, t0 + 60_001),
  },
  {
    name: 'a session renewed past the longest stay',
    code: 'session-deadline',
    at: 'cat renews',
    plant: (s) => s.set('main is put', 'events.1.event.policy.maxSessionSeconds', 20),
  },
  {
    name: 'a session that expires before its end',
    code: 'session-wrong-side',
    at: 'cat is out',
    plant: (s) => s.set('cat is out', 'atMs', t0 + 89_999).set('cat is out', `${first}.endedAt`, t0 + 89_999),
  },
  {
    name: 'a session that never ends',
    code: 'session-overdue',
    at: null,
    plant: (s) => s.drop('cat is out').addBusy(end),
  },
  {
    name: 'a user with two places in line',
    code: 'line-order',
    at: 'bob joins',
    plant: (s) => s.set('bob joins', `${first}.userId`, 'ann').set('bob leaves', `${first}.userId`, 'ann'),
  },
  {
    name: 'people taken out of the line who were not dealt with',
    code: 'line-settled-early',
    at: 'ann is settled',
    plant: (s) => s.moveBefore('ann is settled', 'ann comes in'),
  },
  {
    name: 'a key with two effects',
    code: 'key-bound-twice',
    at: 'dan charges',
    plant: (s) =>
      s.set('dan charges', 'binding', {
        scope: 'http|ann|wallet:ann|k1',
        fingerprint: 'k1 {}',
        outcome: { type: 'given', value: null },
      }),
    also: ['key-address'],
  },
  {
    name: 'a key bound to events that there are not',
    code: 'key-empty',
    at: 'at the end',
    plant: (s) =>
      s.add(end, 'wallet:dan', [], {
        binding: { scope: 'http|dan|wallet:dan|k9', fingerprint: 'k9', outcome: { type: 'made' } },
      }),
  },
  {
    name: 'a key bound in the turn of another actor',
    code: 'key-address',
    at: 'ann charges',
    plant: (s) => s.set('ann charges', 'binding.scope', 'http|ann|wallet:other|k1'),
    also: ['key-empty'],
  },
  {
    name: 'a key set free that waits for nothing',
    code: 'key-pending',
    at: 'nobody follows',
    plant: (s) => s.set('nobody follows', 'released', 'do|dan|schedule:s|pays'),
  },
];
