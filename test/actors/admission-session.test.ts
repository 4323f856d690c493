import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createAdmission } from '../../actors/admission/admission.ts';
import { PlaceRanges } from '../../actors/admission/place-ranges.ts';
import { rulesUnderTest } from './rules-under-test.ts';
import { admit, codeOf, open, policy, status, t0, token } from './admission-stage.ts';

const gate = (place: number, purpose: 'hold' | 'browse' = 'hold') =>
  ({ type: 'PassGate', session: token(place), purpose }) as const;

describe('the gate', () => {
  it('tells someone in line the position, not counting leavers', () => {
    const room = open();
    admit(room, [1]);
    assert.deepEqual(codeOf(room, gate(4)), ['queue_token_waiting', { position: 3 }]);
    room.reply({ type: 'Leave', session: token(2) }, t0);
    assert.deepEqual(codeOf(room, gate(4)), ['queue_token_waiting', { position: 2 }]);
  });

  it('refuses a session that is over, also before it was ended', () => {
    const room = open();
    admit(room, [1]);
    assert.equal(codeOf(room, gate(1), t0 + 299_999), 'accepted');
    const another = open();
    admit(another, [1]);
    assert.deepEqual(codeOf(another, gate(1), t0 + 300_000), ['queue_token_expired', {}]);
    assert.deepEqual(status(another, token(1), t0 + 300_000), { status: 'expired' });
    assert.equal(another.view<'session'>({ type: 'session', userId: 'u1' }, t0 + 300_000), null);
  });

  it('refuses another user, place or line than the session has', () => {
    const room = open();
    admit(room, [1]);
    for (const session of [token(1, 'u2'), token(0, 'u1'), { ...token(1), epoch: 'x' }]) {
      assert.deepEqual(codeOf(room, { type: 'PassGate', session, purpose: 'browse' }), ['queue_token_expired', {}]);
    }
  });

  it('renews only when more than a tenth of the session has gone since the last time', () => {
    const room = open();
    admit(room, [1]);
    assert.deepEqual(room.reply(gate(1), t0 + 30_000), { type: 'passed', expiresAt: t0 + 300_000 });
    assert.deepEqual(room.reply(gate(1), t0 + 30_001), { type: 'passed', expiresAt: t0 + 330_001 });
    assert.deepEqual(room.reply(gate(1), t0 + 60_001), { type: 'passed', expiresAt: t0 + 330_001 });
    assert.equal(room.kind.nextDeadline(room.state), t0 + 330_001);
  });

  it('past the longest stay renews nothing, refuses holds, and lets browse until the deadline', () => {
    const room = open({ maxSessionSeconds: 100 });
    admit(room, [1]);
    assert.deepEqual(room.reply(gate(1), t0 + 99_999), { type: 'passed', expiresAt: t0 + 399_999 });
    assert.deepEqual(codeOf(room, gate(1), t0 + 100_000), ['queue_token_expired', {}]);
    assert.deepEqual(room.reply(gate(1, 'browse'), t0 + 150_000), { type: 'passed', expiresAt: t0 + 399_999 });
    assert.deepEqual(room.reply(gate(1, 'browse'), t0 + 399_998), { type: 'passed', expiresAt: t0 + 399_999 });
    assert.equal(status(room, token(1), t0 + 399_998).status, 'active');
    assert.deepEqual(codeOf(room, gate(1, 'browse'), t0 + 399_999), ['queue_token_expired', {}]);
  });

  it('renews by its own tenth when a new policy has longer sessions', () => {
    const room = open({ sessionSeconds: 30 });
    admit(room, [1]);
    room.reply({ type: 'SetPolicy', policy: { ...policy, sessionSeconds: 300 } }, t0);
    assert.deepEqual(room.reply(gate(1), t0 + 3_000), { type: 'passed', expiresAt: t0 + 30_000 });
    assert.deepEqual(room.reply(gate(1), t0 + 3_001), { type: 'passed', expiresAt: t0 + 303_001 });
    assert.deepEqual(room.reply(gate(1), t0 + 33_001), { type: 'passed', expiresAt: t0 + 303_001 });
    assert.deepEqual(room.reply(gate(1), t0 + 33_002), { type: 'passed', expiresAt: t0 + 333_002 });
  });

  it('never takes back time when a new policy has shorter sessions', () => {
    const room = open();
    admit(room, [1]);
    room.reply({ type: 'SetPolicy', policy: { ...policy, sessionSeconds: 10 } }, t0);
    assert.deepEqual(room.reply(gate(1), t0 + 60_000), { type: 'passed', expiresAt: t0 + 300_000 });
  });
});

describe('ending', () => {
  it('a session or a place happens once', () => {
    const room = open();
    admit(room, [1]);
    for (const command of [
      { type: 'Leave', session: token(1) },
      { type: 'Leave', session: token(2) },
      { type: 'EndSession', session: token(1), reason: 'paid' },
    ] as const) {
      room.reply(command, t0);
      const { length } = room.journal;
      assert.deepEqual(room.reply(command, t0), { type: 'left' });
      assert.equal(room.journal.length, length);
    }
    assert.deepEqual(
      room.journal.slice(-2).map((event) => event.type),
      ['SessionEnded', 'PlaceLeft'],
    );
  });

  it('by time comes in pieces of a bounded size', () => {
    const room = open({ admitPerSecond: 100 }, { expiriesPerTurnMax: 3 });
    admit(room, [1, 2, 3, 4, 5, 6, 7]);
    const counts = [0, 0, 0, 0].map(() => room.events({ type: 'ExpireDue' }, t0 + 300_000).length);
    assert.deepEqual(counts, [3, 3, 1, 0]);
    assert.equal(room.kind.nextDeadline(room.state), Infinity);
  });

  it('a place is refused once there is no room for another range of leavers', () => {
    const room = open({}, { leaverRangesMax: 1 });
    room.reply({ type: 'Leave', session: token(5) }, t0);
    assert.deepEqual(codeOf(room, { type: 'Leave', session: token(7) }), ['overloaded', {}]);
    assert.equal(codeOf(room, { type: 'Leave', session: token(6) }), 'accepted');
  });
});

describe('the admissions of the last minute', () => {
  it('are counted by the second, and survive a restart', () => {
    const room = open({ admitPerSecond: 1_000, maxActive: 10_000 });
    admit(room, [1, 2, 3]);
    admit(room, [4], t0 + 10_000);
    room.reload();
    const seen = (atMs: number) => {
      const view = room.view<'room'>({ type: 'room' }, atMs);
      return [view?.admittedLastMinute, view?.admittedOverMs];
    };
    assert.deepEqual(seen(t0 + 10_000), [4, 10_000]);
    assert.deepEqual(seen(t0 + 59_999), [4, 59_999]);
    assert.deepEqual(seen(t0 + 60_000), [1, 50_000]);
    assert.deepEqual(seen(t0 + 70_000), [0, 0]);
  });
});

describe('an event of an unknown version', () => {
  it('is not taken for a known one', () => {
    assert.throws(() => createAdmission(rulesUnderTest).upcast({ type: 'PolicySet', v: 2 }));
  });
});

describe('places kept as ranges', () => {
  const moves = fc.array(
    fc.record({ drop: fc.boolean(), place: fc.oneof({ weight: 4, arbitrary: fc.nat(60) }, fc.nat(4_000)) }),
    { maxLength: 400, size: 'max' },
  );

  it('are the set that they stand for', () => {
    fc.assert(
      fc.property(moves, (course) => {
        let ranges = new PlaceRanges();
        const set = new Set<number>();
        for (const { drop, place } of course) {
          if (drop && place < 30) {
            ranges.dropThrough(place);
            for (const other of set) if (other <= place) set.delete(other);
          } else {
            ranges.add(place);
            set.add(place);
          }
          assert.equal(ranges.places, set.size);
          assert.equal(ranges.has(place), set.has(place));
          assert.equal(ranges.countThrough(place), [...set].filter((other) => other <= place).length);
        }
        const starts = [...set].filter((place) => !set.has(place - 1)).length;
        assert.equal(ranges.ranges, starts);
        const pairs = ranges.toPairs();
        ranges = PlaceRanges.fromPairs(pairs);
        assert.deepEqual(ranges.toPairs(), pairs);
        assert.equal(ranges.places, set.size);
        assert.equal(ranges.ranges, starts);
      }),
      { numRuns: 200 },
    );
  });

  it('stay right over many blocks', () => {
    const ranges = new PlaceRanges();
    for (let i = 1; i <= 5_000; i += 1) ranges.add((i * 7_919) % 10_007);
    const set = new Set(Array.from({ length: 5_000 }, (_, i) => ((i + 1) * 7_919) % 10_007));
    for (let place = 0; place < 10_010; place += 1) assert.equal(ranges.has(place), set.has(place));
    ranges.dropThrough(5_000);
    for (const place of set) if (place <= 5_000) set.delete(place);
    assert.equal(ranges.places, set.size);
    assert.equal(ranges.countThrough(8_000), [...set].filter((place) => place <= 8_000).length);
    for (let place = 0; place < 10_010; place += 1) ranges.add(place);
    assert.deepEqual(ranges.toPairs(), [0, 10_009]);
    assert.equal(ranges.places, 10_010);
  });
});
