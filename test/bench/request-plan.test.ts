import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestBytes, textOf } from '../../bench/harness/request-bytes.ts';
import { browseMix, type RequestPlan, requestsOf } from '../../bench/harness/request-plan.ts';

const tokens = ['t0', 't1', 't2'];

/** `<schedule> <seat>` of each hold. */
function seatsOf(plan: RequestPlan): string[] {
  const requestAt = requestsOf(plan);
  return Array.from({ length: plan.count }, (_, index) => requestAt(index)).flatMap(({ method, body }) => {
    if (method !== 'POST') return [];
    // The plan itself wrote it.
    const { scheduleId, seatIds } = JSON.parse(body ?? '') as { scheduleId: string; seatIds: string[] };
    return [`${scheduleId} ${seatIds.join()}`];
  });
}

describe('the requests of a plan', () => {
  it('hold different seats, also those of the next round', () => {
    const plan = { kind: 'holds', tokens, schedules: 7, count: 2_000 } as const;
    const seats = [...seatsOf({ ...plan, first: 0 }), ...seatsOf({ ...plan, first: 2_000 })];
    assert.equal(new Set(seats).size, 4_000);
    assert.deepEqual(seats.slice(0, 2), ['bench-0 A-1-1', 'bench-1 A-1-1']);
  });

  it('want each seat of a crowd’s date equally often, in an order that is the same each time', () => {
    const plan = { kind: 'crowd', tokens, schedule: 3, seats: 500, count: 1_500 } as const;
    const seats = seatsOf(plan);
    const counts = Map.groupBy(seats, (seat) => seat);
    assert.equal(counts.size, 500);
    for (const [seat, asked] of counts) assert.equal(asked.length, 3, seat);
    assert.deepEqual(seats, seatsOf(plan));
    assert.notDeepEqual(seats.slice(0, 500), seats.slice(500, 1_000));
  });

  it('read nineteen times for each hold while people look around', () => {
    const seats = seatsOf({ kind: 'browse', tokens, schedules: 5, first: 0, count: 2_000 });
    assert.equal(seats.length, 2_000 / 20);
    assert.equal(new Set(seats).size, seats.length);
    assert.equal(
      Object.values(browseMix).reduce((sum, share) => sum + share, 0),
      20,
    );
  });

  it('are the same bytes, one by one or in one piece', () => {
    const requestAt = requestsOf({ kind: 'holds', tokens: ['x'.repeat(900)], schedules: 2, first: 0, count: 50 });
    const bytes = new RequestBytes(50, requestAt);
    for (let index = 0; index < 50; index++) {
      assert.equal(Buffer.from(bytes.at(index)).toString('latin1'), textOf(requestAt(index)));
    }
  });
});
