import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FreeSeats } from '../../actors/catalog/free-seats.ts';
import type { ScheduleSummary } from '../../actors/schedule/messages.ts';

function summary(id: string, concertId: string, changes: Partial<ScheduleSummary> = {}): ScheduleSummary {
  return {
    id,
    concertId,
    venue: 'Hall',
    startsAt: 100,
    salesOpenAt: 10,
    salesCloseAt: 20,
    seatsTotal: 9,
    seatsAvailable: 9,
    ...changes,
  };
}

const concert = (id: string) => ({ id, name: `Concert ${id}`, description: '' });

function freeSeats(): FreeSeats {
  const free = new FreeSeats();
  for (const id of ['b', 'a', 'c']) free.addConcert(concert(id));
  free.update(summary('a1', 'a'));
  free.update(summary('a2', 'a', { salesOpenAt: 15, seatsAvailable: 5, startsAt: 50 }));
  free.update(summary('b1', 'b', { seatsAvailable: 0 }));
  return free;
}

/** What concert `a` has on sale. */
function counts(free: FreeSeats, atMs: number): { readonly schedules: number; readonly seatsAvailable: number } {
  const [first] = free.page({ available: false, after: null, limit: 1, atMs }).items;
  assert.ok(first !== undefined && first.concert.id === 'a');
  return { schedules: first.schedules, seatsAvailable: first.seatsAvailable };
}

describe('the counters of free seats', () => {
  it('count what is on sale now, from the opening on and until just before the close', () => {
    const free = freeSeats();
    assert.deepEqual(counts(free, 9), { schedules: 0, seatsAvailable: 0 });
    assert.deepEqual(counts(free, 10), { schedules: 1, seatsAvailable: 9 });
    assert.deepEqual(counts(free, 15), { schedules: 2, seatsAvailable: 14 });
    assert.deepEqual(counts(free, 19.9), { schedules: 2, seatsAvailable: 14 });
    assert.deepEqual(counts(free, 20), { schedules: 0, seatsAvailable: 0 });
    free.countAll(15);
    assert.deepEqual(counts(free, 15), { schedules: 2, seatsAvailable: 14 });
  });

  it('list all concerts, or those that can still be booked', () => {
    const free = freeSeats();
    const all = free.page({ available: false, after: null, limit: 10, atMs: 15 });
    assert.deepEqual(all, {
      items: [
        { concert: concert('a'), schedules: 2, seatsAvailable: 14 },
        { concert: concert('b'), schedules: 1, seatsAvailable: 0 },
        { concert: concert('c'), schedules: 0, seatsAvailable: 0 },
      ],
      next: null,
    });
    const available = free.page({ available: true, after: null, limit: 10, atMs: 15 });
    assert.deepEqual(available, { items: all.items.slice(0, 1), next: null });
  });

  it('follow each change of a schedule', () => {
    const free = freeSeats();
    assert.equal(counts(free, 12).seatsAvailable, 9);
    free.update(summary('a1', 'a', { seatsAvailable: 3 }));
    assert.equal(counts(free, 12).seatsAvailable, 3);
    assert.equal(counts(free, 15).seatsAvailable, 8);
    assert.deepEqual(
      free.dates('a', false, 12).map(({ seatsAvailable }) => seatsAvailable),
      [5, 3],
    );
  });

  it('tell a concert’s dates in order, or those that can still be booked', () => {
    const free = freeSeats();
    const ids = (available: boolean, atMs: number) => free.dates('a', available, atMs).map((date) => date.id);
    assert.deepEqual(ids(false, 0), ['a2', 'a1']);
    assert.deepEqual(ids(true, 12), ['a1']);
    assert.deepEqual(free.dates('none', false, 0), []);
  });

  it('leave a concert out until the catalog has told of it', () => {
    const free = new FreeSeats();
    free.update(summary('a1', 'a'));
    const query = { available: false, after: null, limit: 10, atMs: 15 };
    assert.deepEqual(free.page(query).items, []);
    free.addConcert(concert('a'));
    assert.deepEqual(free.page(query).items, [{ concert: concert('a'), schedules: 1, seatsAvailable: 9 }]);
  });

  it('agree with a scan of everything, in any course of changes and moments', () => {
    const step = fc.record({
      schedule: fc.nat(30),
      seatsAvailable: fc.constantFrom(0, 0, 1, 5),
      atMs: fc.nat(60),
      available: fc.boolean(),
      limit: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (course) => {
        const free = new FreeSeats();
        const all = new Map<string, ScheduleSummary>();
        for (let i = 0; i < 12; i += 1) free.addConcert(concert(`c${i}`));
        for (const { schedule, seatsAvailable, atMs, available, limit } of course) {
          const salesOpenAt = (schedule * 7) % 40;
          const facts = { salesOpenAt, salesCloseAt: salesOpenAt + (schedule % 5) * 5, seatsAvailable };
          const changed = summary(`s${schedule}`, `c${schedule % 12}`, facts);
          all.set(changed.id, changed);
          free.update(changed);
          const expected = Array.from({ length: 12 }, (_, i) => `c${i}`)
            .sort()
            .map((id) => {
              const onSale = [...all.values()].filter(
                (s) => s.concertId === id && s.salesOpenAt <= atMs && atMs < s.salesCloseAt,
              );
              const seats = onSale.reduce((sum, s) => sum + s.seatsAvailable, 0);
              return { concert: concert(id), schedules: onSale.length, seatsAvailable: seats };
            })
            .filter((item) => !available || item.seatsAvailable > 0);
          const paged: unknown[] = [];
          for (let after: string | null = null; ;) {
            const page = free.page({ available, after, limit, atMs });
            assert.ok(page.items.length <= limit);
            paged.push(...page.items);
            after = page.next;
            if (after === null) break;
          }
          assert.deepEqual(paged, expected);
        }
      }),
      { numRuns: 100 },
    );
  });
});
