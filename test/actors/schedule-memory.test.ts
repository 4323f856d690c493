/** What dates hold in memory: one of which nobody ever held a seat has no seat map of its own. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SeatsView } from '../../actors/schedule/messages.ts';
import { createSchedule } from '../../actors/schedule/schedule.ts';
import type { ScheduleState } from '../../actors/schedule/state.ts';
import { opening, rules, salesOpenAt } from './schedule-stage.ts';

const kind = createSchedule(rules);

function opened(id: string): ScheduleState {
  const decision = kind.decide(kind.initial(id), opening, salesOpenAt);
  assert.equal(decision.type, 'accepted');
  return decision.events.reduce((state, event) => kind.evolve(state, event), kind.initial(id));
}

function seatsOf(state: ScheduleState): SeatsView {
  const view = kind.view(state, { type: 'seats' }, salesOpenAt);
  assert.ok(view !== null && 'statuses' in view);
  return view;
}

function withHold(state: ScheduleState, seatId: string): ScheduleState {
  const decision = kind.decide(state, { type: 'HoldSeats', userId: 'ann', seatIds: [seatId] }, salesOpenAt);
  assert.equal(decision.type, 'accepted');
  return decision.events.reduce((held, event) => kind.evolve(held, event), state);
}

describe('dates of the same hall', () => {
  test('share the seats while nobody has held one', () => {
    assert.equal(seatsOf(opened('monday')).statuses, seatsOf(opened('tuesday')).statuses);
  });

  test('also when they come back from their snapshots', () => {
    const monday = opened('monday');
    const back = kind.decode('monday', kind.encode(monday));
    assert.equal(seatsOf(back).statuses, seatsOf(monday).statuses);
  });

  test('of which one has a held seat have it there only', () => {
    const monday = opened('monday');
    const tuesday = withHold(opened('tuesday'), 'A-1-2');
    assert.deepEqual([...seatsOf(monday).statuses], [0, 0, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual([...seatsOf(tuesday).statuses], [0, 1, 0, 0, 0, 0, 0, 0]);
    assert.equal(seatsOf(monday).seatsAvailable, 8);
    assert.equal(seatsOf(opened('wednesday')).seatsAvailable, 8);
    assert.deepEqual([...seatsOf(withHold(monday, 'B-1-3')).statuses], [0, 0, 0, 0, 0, 0, 0, 1]);
  });
});

describe('a date of a large hall', () => {
  const hall = {
    ...opening,
    sections: [
      { name: 'A', price: 1, rows: Array.from({ length: 40 }, (_, row) => ({ name: `${row + 1}`, seats: 100 })) },
    ],
  };

  test('takes memory in small pieces: dates that have sold alike all take theirs in the same moment', () => {
    const decision = kind.decide(kind.initial('friday'), hall, salesOpenAt);
    assert.equal(decision.type, 'accepted');
    let state = decision.events.reduce((opened, event) => kind.evolve(opened, event), kind.initial('friday'));
    let most = 0;
    for (let hold = 0; hold < 4_000; hold++) {
      const seatIds = [`A-${Math.floor(hold / 100) + 1}-${(hold % 100) + 1}`];
      const held = kind.decide(state, { type: 'HoldSeats', userId: `user-${hold}`, seatIds }, salesOpenAt);
      assert.equal(held.type, 'accepted');
      const before = process.memoryUsage().arrayBuffers;
      state = held.events.reduce((holding, event) => kind.evolve(holding, event), state);
      // The first one makes the seat map, which has a size of its own.
      if (hold > 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    assert.ok(most > 0 && most < 50_000, `one hold took ${most} bytes`);
  });
});
