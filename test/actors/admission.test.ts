import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admit, codeOf, open, policy, status, t0, token, unmade } from './admission-stage.ts';

describe('a room that was never made', () => {
  it('refuses lines and people, tells nothing, and lets effects pass', () => {
    const room = unmade();
    const none = ['room_not_found', {}];
    assert.deepEqual(codeOf(room, { type: 'OpenLine', epoch: 'e', line: 'engine' }), none);
    assert.deepEqual(codeOf(room, { type: 'AdmitPeople', epoch: 'e', people: [], through: 9 }), none);
    assert.deepEqual(codeOf(room, { type: 'PassGate', session: token(1), purpose: 'hold' }), [
      'queue_token_expired',
      {},
    ]);
    for (const command of [
      { type: 'Leave', session: token(1) },
      { type: 'EndSession', session: token(1), reason: 'paid' },
      { type: 'ExpireDue' },
      { type: 'LoseLine', epoch: 'e' },
    ] as const) {
      assert.equal(codeOf(room, command), 'accepted');
    }
    assert.equal(room.view<'room'>({ type: 'room' }, t0), null);
    assert.deepEqual(room.view<'capacity'>({ type: 'capacity' }, t0), { now: 0, nextAtMs: Infinity });
    assert.deepEqual(room.journal, []);
  });
});

describe('a policy and a line', () => {
  it('are set once, however often they are told', () => {
    const room = open();
    assert.deepEqual(room.reply({ type: 'SetPolicy', policy }, t0), { type: 'policy', policy });
    assert.deepEqual(room.reply({ type: 'OpenLine', epoch: 'e', line: 'engine' }, t0), { type: 'line' });
    assert.equal(room.journal.length, 2);
  });
});

describe('people brought to the room', () => {
  it('come in by rate, in order; the rest waits', () => {
    const room = open({ admitPerSecond: 2 });
    assert.deepEqual(admit(room, [1, 2, 3, 4]), { type: 'admitted', admitted: 2, takenThrough: 2 });
    assert.deepEqual(admit(room, [3, 4], t0 + 499), { type: 'admitted', admitted: 0, takenThrough: 2 });
    assert.deepEqual(room.view<'capacity'>({ type: 'capacity' }, t0 + 499), { now: 0, nextAtMs: t0 + 500 });
    assert.deepEqual(admit(room, [3, 4], t0 + 500), { type: 'admitted', admitted: 1, takenThrough: 3 });
    assert.deepEqual(status(room, token(3), t0 + 500), {
      status: 'active',
      startedAt: t0 + 500,
      expiresAt: t0 + 300_500,
      renewableAfter: t0 + 30_500,
    });
    assert.deepEqual(status(room, token(4), t0 + 500), { status: 'waiting', position: 1 });
  });

  it('come in while fewer than maxActive are inside', () => {
    const room = open({ maxActive: 2 });
    assert.deepEqual(admit(room, [1, 2, 3]), { type: 'admitted', admitted: 2, takenThrough: 2 });
    assert.deepEqual(room.view<'capacity'>({ type: 'capacity' }, t0), { now: 0, nextAtMs: t0 + 300_000 });
    room.reply({ type: 'EndSession', session: token(1), reason: 'paid' }, t0 + 1_000);
    assert.deepEqual(admit(room, [3], t0 + 1_000), { type: 'admitted', admitted: 1, takenThrough: 3 });
  });

  it('take the room of sessions that are over, which end first, in the same turn', () => {
    const room = open({ maxActive: 1, sessionSeconds: 1 });
    admit(room, [1]);
    const people = [{ place: 2, userId: 'u2' }];
    const events = room.events({ type: 'AdmitPeople', epoch: 'e', people, through: 2 }, t0 + 1_000);
    assert.deepEqual(
      events.map((event) => event.type),
      ['SessionEnded', 'UserAdmitted'],
    );
    assert.equal(room.view<'room'>({ type: 'room' }, t0 + 1_000)?.expired, 1);
  });

  it('are ignored when brought again', () => {
    const room = open();
    admit(room, [1, 2]);
    assert.deepEqual(admit(room, [1, 2]), { type: 'admitted', admitted: 0, takenThrough: 2 });
  });

  it('are passed when they left or are inside already', () => {
    const room = open();
    admit(room, [1]);
    room.reply({ type: 'Leave', session: token(2) }, t0);
    const people = [
      { place: 2, userId: 'u2' },
      { place: 3, userId: 'u1' },
    ];
    assert.deepEqual(room.reply({ type: 'AdmitPeople', epoch: 'e', people, through: 5 }, t0), {
      type: 'admitted',
      admitted: 0,
      takenThrough: 5,
    });
    assert.deepEqual(status(room, token(3, 'u1')), { status: 'expired' });
    assert.equal(status(room, token(1)).status, 'active');
  });

  it('do not come in from a line that is unknown or lost', () => {
    const room = open();
    const people = [{ place: 1, userId: 'u1' }];
    const nobody = { type: 'admitted', admitted: 0, takenThrough: 0 };
    assert.deepEqual(room.reply({ type: 'AdmitPeople', epoch: 'x', people, through: 1 }, t0), nobody);
    room.reply({ type: 'LoseLine', epoch: 'e' }, t0);
    assert.deepEqual(room.reply({ type: 'AdmitPeople', epoch: 'e', people, through: 1 }, t0), nobody);
  });
});

describe('a lost line', () => {
  it('leaves sessions alone; its other tokens are expired', () => {
    const room = open();
    admit(room, [1]);
    room.reply({ type: 'LoseLine', epoch: 'e' }, t0);
    room.reply({ type: 'LoseLine', epoch: 'e' }, t0);
    assert.equal(status(room, token(1)).status, 'active');
    assert.equal(status(room, token(2)).status, 'expired');
    assert.deepEqual(codeOf(room, { type: 'PassGate', session: token(2), purpose: 'hold' }), [
      'queue_token_expired',
      {},
    ]);
  });
});
