import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ScheduleEvent } from '../../actors/schedule/messages.ts';
import { userHash } from '../../actors/schedule/user-hash.ts';
import { createSchedule } from '../../actors/schedule/schedule.ts';
import { allSeatIds, opening, rules, session, Stage } from './schedule-stage.ts';
import { play, steps } from './schedule-steps.ts';

/** The event as recovery reads it from the journal. */
function journaled(event: ScheduleEvent): ScheduleEvent {
  // JSON keeps the shape of an event, which is what this test shows.
  return JSON.parse(JSON.stringify(event)) as ScheduleEvent;
}

describe('a snapshot', () => {
  test('never shows: replay with snapshots on the way gives the same bytes, deadlines, questions and decisions', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 4 }), (walk, endedMax, every) => {
        const settings = { holdTtlMs: 100, endedReservationsMax: endedMax };
        const stage = Stage.opened(settings);
        for (const step of walk) play(stage, step);

        const { kind } = new Stage(settings);
        let state = kind.initial('d1');
        for (const [i, event] of stage.journal.entries()) {
          state = kind.evolve(state, kind.upcast(journaled(event)));
          if (i % every === 0) state = kind.decode('d1', Buffer.from(kind.encode(state)));
        }
        assert.deepEqual(kind.encode(state), stage.kind.encode(stage.state));
        assert.equal(kind.nextDeadline(state), stage.kind.nextDeadline(stage.state));
        assert.deepEqual(kind.openQuestions(state), stage.kind.openQuestions(stage.state));
        assert.deepEqual(kind.summary(state), stage.kind.summary(stage.state));
        for (const seatId of allSeatIds) {
          const command = { type: 'HoldSeats', userId: 'zoe', seatIds: [seatId] } as const;
          assert.deepEqual(kind.decide(state, command, stage.atMs), stage.decide(command));
        }
        assert.deepEqual(
          kind.view(state, { type: 'seats' }, stage.atMs),
          stage.kind.view(stage.state, { type: 'seats' }, stage.atMs),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test('depends on the content of sections, not on the order in which their fields were written', () => {
    const stage = new Stage();
    const reordered = opening.sections.map(({ name, price, rows }) => ({ rows, price, name }));
    stage.accept({ ...opening, sections: reordered });
    assert.deepEqual(stage.kind.encode(stage.state), Stage.opened().kind.encode(Stage.opened().state));
  });

  test('of an empty, a full and an unopened schedule comes back', () => {
    const unopened = new Stage();
    assert.deepEqual(unopened.kind.decode('d1', unopened.kind.encode(unopened.state)), unopened.state);
    const stage = Stage.opened({ seatsPerUserMax: 8 });
    for (const seatId of allSeatIds) stage.hold('ann', seatId);
    const again = stage.kind.decode('d1', stage.kind.encode(stage.state));
    assert.deepEqual(stage.kind.encode(again), stage.kind.encode(stage.state));
  });

  test('cut short, or of an unknown format, is refused', () => {
    const stage = Stage.opened();
    stage.hold('ann', 'A-1-1');
    const bytes = stage.kind.encode(stage.state);
    assert.throws(() => stage.kind.decode('d1', bytes.subarray(0, bytes.length - 1)));
    const other = Buffer.from(bytes);
    other.write('{"format":2', 8, 'latin1');
    assert.throws(() => stage.kind.decode('d1', other), /unknown snapshot format 2/);
  });

  test('keeps a hash of users that never changes', () => {
    assert.deepEqual([userHash(''), userHash('a'), userHash('foobar')], [0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });
});

describe('layouts', () => {
  test('are shared by the dates of one kind with equal sections, and by nothing else', () => {
    const kind = createSchedule(rules);
    const seatsOf = (id: string, change: object): unknown => {
      const stage = new Stage({}, id);
      const { events } = stage.accept({ ...opening, ...change });
      let state = kind.initial(id);
      for (const event of events) state = kind.evolve(state, event);
      const view = kind.view(state, { type: 'seats' }, stage.atMs);
      return view !== null && 'layout' in view ? view.layout : null;
    };
    assert.equal(seatsOf('d1', {}), seatsOf('d2', { venue: 'Elsewhere', sections: structuredClone(opening.sections) }));
    const [first, ...rest] = opening.sections;
    assert.notEqual(seatsOf('d1', {}), seatsOf('d3', { sections: [{ ...first, price: 501 }, ...rest] }));
    assert.notEqual(seatsOf('d1', {}), Stage.opened().kind.view(Stage.opened().state, { type: 'seats' }, 0));
  });
});

/** One of each kind; a new kind of event does not compile until it has a journal entry here. */
function oneOfEach(): Record<ScheduleEvent['type'], ScheduleEvent> {
  const stage = Stage.opened();
  const { id } = stage.hold('ann', 'A-1-1');
  stage.answerPoor(stage.startPayment('ann', id, session), 0, 500);
  stage.pay('ann', id);
  stage.cancel('ann', stage.hold('ann', 'A-1-2').id);
  stage.hold('ann', 'A-1-3');
  stage.atMs += rules.holdTtlMs;
  stage.accept({ type: 'ExpireDue' });
  const last = (type: ScheduleEvent['type']): ScheduleEvent => {
    const event = stage.journal.findLast((event) => event.type === type);
    assert.ok(event !== undefined, `the walk has no ${type}`);
    return event;
  };
  return {
    ScheduleOpened: last('ScheduleOpened'),
    SeatsHeld: last('SeatsHeld'),
    HoldCancelled: last('HoldCancelled'),
    HoldExpired: last('HoldExpired'),
    PaymentStarted: last('PaymentStarted'),
    PaymentRefused: last('PaymentRefused'),
    ReservationPaid: last('ReservationPaid'),
  };
}

describe('journaled events', () => {
  test('survive JSON and are all lifted', () => {
    const { kind } = new Stage();
    for (const event of Object.values(oneOfEach())) assert.deepEqual(kind.upcast(journaled(event)), event);
  });

  test('of an unknown name or version are refused', () => {
    const { kind } = new Stage();
    for (const event of [
      { type: 'SeatsHeld', v: 2 },
      { type: 'SeatsLost', v: 1 },
      { type: 'toString', v: 1 },
    ]) {
      assert.throws(() => kind.upcast(event), /knows no event/);
    }
  });

  test('that do not fit the state are a bug', () => {
    const stage = Stage.opened();
    const { SeatsHeld } = oneOfEach();
    assert.throws(() => stage.kind.evolve(stage.kind.initial('d1'), SeatsHeld), /before it was opened/);
    assert.throws(() => stage.kind.evolve(stage.state, SeatsHeld), /out of turn/);
  });
});
