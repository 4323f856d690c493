import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createLine, type LineState } from '../../actors/line/line.ts';
import type { LineProtocol } from '../../actors/line/messages.ts';
import { OneActor } from './one-actor.ts';
import { rulesUnderTest } from './rules-under-test.ts';

type Line = OneActor<LineState, LineProtocol>;

function unstarted(engineLineMax = 100): Line {
  return new OneActor(createLine({ ...rulesUnderTest, engineLineMax }), 'main');
}

function started(engineLineMax = 100): Line {
  const line = unstarted(engineLineMax);
  line.reply({ type: 'StartLine', epoch: 'e' }, 0);
  return line;
}

describe('a line that was not started', () => {
  it('gives no places, and starts once', () => {
    const line = unstarted();
    const refused = line.ask({ type: 'JoinLine', userId: 'ann' }, 0);
    assert.deepEqual(refused, { type: 'rejected', code: 'overloaded', details: {} });
    assert.deepEqual(line.reply({ type: 'StartLine', epoch: 'e' }, 0), { type: 'started', epoch: 'e' });
    assert.deepEqual(line.reply({ type: 'StartLine', epoch: 'f' }, 0), { type: 'started', epoch: 'e' });
  });
});

describe('a full line', () => {
  it('refuses the next one, and says where its bound is', () => {
    const line = started(1);
    const joined = { type: 'joined', epoch: 'e', place: 1 };
    assert.deepEqual(line.reply({ type: 'JoinLine', userId: 'ann' }, 0), { ...joined, existing: false });
    assert.deepEqual(line.ask({ type: 'JoinLine', userId: 'bob' }, 0), {
      type: 'rejected',
      code: 'overloaded',
      details: { limit: 1 },
    });
    assert.deepEqual(line.reply({ type: 'JoinLine', userId: 'ann' }, 0), { ...joined, existing: true });
  });
});

describe('a line under any course of joins, leaves and settlements', () => {
  const moves = fc.array(
    fc.record({ kind: fc.constantFrom('join', 'join', 'join', 'leave', 'settle', 'reload'), pick: fc.nat(10_000) }),
    { maxLength: 300, size: 'max' },
  );

  it('is the ordered list of people that it stands for, and replays to the same bytes', () => {
    fc.assert(
      fc.property(moves, (course) => {
        const line = started();
        let people: { place: number; userId: string }[] = [];
        let lastPlace = 0;
        for (const { kind, pick } of course) {
          const anyPlace = pick % (lastPlace + 2);
          if (kind === 'reload') line.reload();
          if (kind === 'leave') {
            line.reply({ type: 'LeaveLine', place: anyPlace }, 0);
            people = people.filter((person) => person.place !== anyPlace);
          }
          if (kind === 'settle') {
            const through = Math.floor(anyPlace / 3);
            line.reply({ type: 'SettleLine', through }, 0);
            people = people.filter((person) => person.place > through);
          }
          if (kind === 'join') {
            const userId = `u${pick % 120}`;
            const found = people.find((person) => person.userId === userId);
            const decision = line.ask({ type: 'JoinLine', userId }, 0);
            assert.equal(decision.type === 'rejected', found === undefined && people.length === 100);
            if (found === undefined && decision.type === 'accepted') {
              lastPlace += 1;
              people.push({ place: lastPlace, userId });
            }
          }
          const next = line.view<'next'>({ type: 'next', after: anyPlace, count: 3 }, 0);
          assert.deepEqual(next, people.filter((person) => person.place > anyPlace).slice(0, 3));
          const counts = line.view<'counts'>({ type: 'counts' }, 0);
          assert.deepEqual(counts, { epoch: 'e', waiting: people.length, lastPlace });
        }
        assert.deepEqual(line.replayed(), line.kind.encode(line.state));
      }),
      { numRuns: 200 },
    );
  });

  it('keeps no more entries than twice its people and a bound, however many leave', () => {
    const line = started();
    for (let i = 1; i <= 10_000; i += 1) {
      line.reply({ type: 'JoinLine', userId: `u${i}` }, 0);
      if (i > 1) line.reply({ type: 'LeaveLine', place: i }, 0);
    }
    assert.ok(line.state.places.length <= 2 + 1_024 + 1);
    assert.deepEqual(line.view<'next'>({ type: 'next', after: 0, count: 9 }, 0), [{ place: 1, userId: 'u1' }]);
  });
});
