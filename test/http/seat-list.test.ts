/** The bytes of a seat list say what JSON.stringify would. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSeatLists } from '../../api/seats/seat-list.ts';

const names = ['available', 'held', 'sold'] as const;
const schedule = { id: 's', concertId: 'c', venue: 'v', startsAt: 0, salesOpenAt: 0, salesCloseAt: 0 };
const status = fc.integer({ min: 0, max: 2 });
const halls = fc.array(fc.record({ section: fc.constantFrom('A', '구역', 'é'), price: fc.nat(), status }), {
  maxLength: 40,
});

test('a list, whole and filtered, names every seat with its status, also when only statuses changed', () => {
  fc.assert(
    fc.property(halls, fc.array(status), (hall, changes) => {
      const lists = createSeatLists();
      const seats = hall.map(({ section, price }, index) => {
        return { id: `${section}-1-${index + 1}`, section, row: '1', number: index + 1, price };
      });
      const statuses = Uint8Array.from(hall, (seat) => seat.status);
      for (const version of ['b.1', 'b.2']) {
        const layout = { seatsTotal: seats.length, seats: () => seats };
        const view = { schedule, changes: 0, seatsAvailable: 0, seatsTotal: seats.length, layout, statuses };
        const all = seats.map((seat, index) => ({ ...seat, status: names[statuses[index] ?? 0] }));
        for (const [freeOnly, items] of [
          [false, all],
          [true, all.filter((seat) => seat.status === 'available')],
        ] as const) {
          const text = Buffer.from(lists.body(view, version, freeOnly)).toString();
          assert.deepEqual(JSON.parse(text), { scheduleId: 's', version, items });
        }
        changes.slice(0, seats.length).forEach((changed, index) => (statuses[index] = changed));
      }
    }),
  );
});
