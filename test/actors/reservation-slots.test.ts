import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ReservationSlots } from '../../actors/schedule/reservation-slots.ts';

const user = fc.constantFrom('ann', 'bob', 'cat');
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('take' as const), user, seats: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('end' as const), which: fc.nat(), release: fc.boolean() }) },
);

/** Of one user, newest first. */
function listOf(slots: ReservationSlots, userId: string): number[] {
  const list: number[] = [];
  for (let link = slots.firstOfUser(userId); link !== 0; link = slots.next.get(link - 1)) list.push(link - 1);
  return list;
}

describe('the slots of a date', () => {
  it('are listed by user, newest first, with the seats of all, whichever of them end and are used again', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const slots = new ReservationSlots();
        let live: { slot: number; user: string; seats: number }[] = [];
        let ordinal = 0;
        for (const each of steps) {
          if (each.what === 'take') {
            const seats = each.seats === 1 ? 7 : Array.from({ length: each.seats }, (_, i) => i);
            const slot = slots.take(++ordinal, each.user, seats, 0, 1);
            slots.linkToUser(slot);
            live.unshift({ slot, user: each.user, seats: each.seats });
          } else {
            const ended = live[each.which % Math.max(1, live.length)];
            if (ended === undefined) continue;
            slots.unlinkFromUser(ended.slot);
            if (each.release) slots.release(ended.slot);
            live = live.filter((other) => other !== ended);
          }
          for (const name of ['ann', 'bob', 'cat']) {
            const own = live.filter(({ user: of }) => of === name);
            assert.deepEqual(
              listOf(slots, name),
              own.map(({ slot }) => slot),
            );
            assert.equal(
              slots.seatsOfUser(name),
              own.reduce((sum, { seats }) => sum + seats, 0),
            );
          }
        }
      }),
    );
  });

  it('end one after the other, the oldest first, without a walk past all of the same user', () => {
    const slots = new ReservationSlots();
    const count = 100_000;
    for (let i = 0; i < count; i++) slots.linkToUser(slots.take(i + 1, 'box-office', i, 0, 1));
    // A walk each would be five thousand million steps: the test's limit of time would end it.
    for (let slot = 0; slot < count; slot++) slots.unlinkFromUser(slot);
    assert.equal(slots.seatsOfUser('box-office'), 0);
    assert.equal(slots.firstOfUser('box-office'), 0);
  });

  it('of nobody are not taken for somebody’s', () => {
    const slots = new ReservationSlots();
    const ann = slots.take(1, 'ann', 1, 0, 1);
    slots.linkToUser(ann);
    slots.linkToUser(slots.take(2, 'ann', 2, 0, 1));
    slots.unlinkFromUser(ann);
    assert.throws(() => slots.unlinkFromUser(ann), /is not among those of user ann/);
  });
});
