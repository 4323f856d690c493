/** How many may pass, to the request; and that a crowd of addresses fills no memory. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RateLimit } from '../../api/http/rate-limit.ts';

/** A limit whose clock stands where it is put. */
function limitAt(perSecond: number, entriesMax = 1_000) {
  const clock = { ms: 1_000 };
  return { clock, limit: new RateLimit({ perSecond, entriesMax, nowMs: () => clock.ms }) };
}

function passed(limit: RateLimit, name: string, tries: number): number {
  let count = 0;
  for (let i = 0; i < tries; i++) if (limit.passes(name)) count++;
  return count;
}

describe('a caller who was quiet', () => {
  for (const perSecond of [1, 3, 7, 100, 999, 1_000_000]) {
    test(`may send exactly ${perSecond} at once, and again as many a second later`, () => {
      const { clock, limit } = limitAt(perSecond);
      const tries = Math.min(perSecond * 2, perSecond + 10);
      assert.equal(passed(limit, 'a', tries), perSecond);
      clock.ms += 1_000;
      assert.equal(passed(limit, 'a', tries), perSecond);
    });
  }

  test('takes nothing from another', () => {
    const { limit } = limitAt(2);
    assert.equal(passed(limit, 'a', 5), 2);
    assert.equal(passed(limit, 'b', 5), 2);
  });
});

describe('a caller who never stops', () => {
  test('gets its rate: over a minute, not one more and not one less than the first second’s worth on top', () => {
    for (const perSecond of [1, 3, 7, 333]) {
      const { clock, limit } = limitAt(perSecond);
      let count = 0;
      for (let i = 0; i <= 60_000; i++, clock.ms++) count += passed(limit, 'a', 2);
      assert.equal(count, perSecond + 60 * perSecond);
    }
  });

  test('may send the next one as soon as its time has come, and not before: it never waits longer than a second', () => {
    const { clock, limit } = limitAt(4);
    assert.equal(passed(limit, 'a', 10), 4);
    clock.ms += 249;
    assert.equal(limit.passes('a'), false);
    clock.ms += 1;
    assert.equal(passed(limit, 'a', 2), 1);
  });

  test('of whatever pattern, is never over rate × time plus one second’s worth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(400), { maxLength: 300 }), (perSecond, gaps) => {
        const { clock, limit } = limitAt(perSecond);
        const at: number[] = [];
        for (const gap of gaps) {
          clock.ms += gap;
          if (limit.passes('a')) at.push(clock.ms);
        }
        for (const [first, from] of at.entries()) {
          for (let last = first; last < at.length; last++) {
            const spanMs = (at[last] ?? 0) - from;
            assert.ok(last - first + 1 <= perSecond + (perSecond * spanMs) / 1000);
          }
        }
      }),
    );
  });
});

describe('memory', () => {
  test('is bounded under any number of names at once; the newest are the ones remembered', () => {
    const { limit } = limitAt(1, 1_000);
    for (let i = 0; i < 200_000; i++) {
      assert.equal(limit.passes(`name-${i}`), true);
      assert.ok(limit.size <= 1_000);
    }
    assert.equal(limit.size, 1_000);
    assert.equal(limit.passes('name-199999'), false);
    assert.equal(limit.passes('name-199500'), false);
  });

  test('is given back when names fall silent, without changing what passes', () => {
    const { clock, limit } = limitAt(5, 100_000);
    for (let i = 0; i < 50_000; i++) limit.passes(`name-${i}`);
    assert.equal(limit.size, 50_000);
    clock.ms += 1_000;
    for (let i = 0; i < 50_000; i++) limit.passes('one');
    // Only what passes sweeps: five of these did.
    assert.ok(limit.size < 50_000);
    for (let second = 0; second < 6_000; second++) {
      clock.ms += 1_000;
      passed(limit, 'one', 6);
    }
    assert.equal(limit.size, 1);
  });

  test('says of each name what a limit without a bound would', () => {
    const names = fc.array(fc.tuple(fc.nat(9), fc.nat(300)), { maxLength: 400 });
    fc.assert(
      fc.property(names, (calls) => {
        const { clock, limit } = limitAt(2, 1_000);
        const alone = new Map<number, RateLimit>();
        for (const [name, gap] of calls) {
          clock.ms += gap;
          const own = alone.get(name) ?? new RateLimit({ perSecond: 2, entriesMax: 10, nowMs: () => clock.ms });
          alone.set(name, own);
          assert.equal(limit.passes(String(name)), own.passes('it'));
        }
      }),
    );
  });
});
