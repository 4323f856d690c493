import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allSeatIds, rules, Stage } from './schedule-stage.ts';
import { play, type Step, steps } from './schedule-steps.ts';

const holdTtlMs = 100;

interface ModelReservation {
  readonly userId: string;
  readonly seatIds: readonly string[];
  readonly expiresAt: number;
  status: 'held' | 'paying' | 'paid' | 'expired' | 'cancelled';
  attempt: number;
}

/** The trade in its plainest form: a list of reservations, and everything else looked up in it. */
class Model {
  readonly reservations: ModelReservation[] = [];

  /** The code with which the step is refused; null when it is accepted. */
  play(step: Step, atMs: number): string | null {
    switch (step.type) {
      case 'hold':
        return this.#hold(step.userId, step.seatIds, atMs);
      case 'cancel':
      case 'pay':
        return this.#cancelOrPay(step, atMs);
      case 'answer': {
        const reservation = this.reservations[step.ordinal - 1];
        if (reservation?.status !== 'paying' || reservation.attempt !== step.attempt) return null;
        if (step.rich) reservation.status = 'paid';
        else reservation.status = reservation.expiresAt <= atMs ? 'expired' : 'held';
        return null;
      }
      case 'expire':
        for (const old of this.reservations) if (overdue(old, atMs)) old.status = 'expired';
        return null;
      case 'wait':
        return null;
    }
  }

  ownerOf(seatId: string): ModelReservation | undefined {
    return this.reservations.find(
      ({ status, seatIds }) => ['held', 'paying', 'paid'].includes(status) && seatIds.includes(seatId),
    );
  }

  #hold(userId: string, seatIds: readonly string[], atMs: number): string | null {
    if (seatIds.some((seatId) => !allSeatIds.some((known) => known === seatId))) return 'seat_not_found';
    if (seatIds.length > rules.seatsPerReservationMax) return 'seat_limit_exceeded';
    const had = allSeatIds.filter((seatId) => {
      const owner = this.ownerOf(seatId);
      return owner?.userId === userId && !overdue(owner, atMs);
    });
    if (had.length + seatIds.length > rules.seatsPerUserMax) return 'seat_limit_exceeded';
    const owners = seatIds.map((seatId) => this.ownerOf(seatId)).filter((owner) => owner !== undefined);
    if (owners.some((owner) => !overdue(owner, atMs))) return 'seat_unavailable';
    for (const owner of owners) owner.status = 'expired';
    this.reservations.push({ userId, seatIds, expiresAt: atMs + holdTtlMs, status: 'held', attempt: 0 });
    return null;
  }

  #cancelOrPay(step: Extract<Step, { type: 'cancel' | 'pay' }>, atMs: number): string | null {
    const reservation = this.reservations[step.ordinal - 1];
    if (reservation?.userId !== step.userId) return 'reservation_not_found';
    if (reservation.status === 'paid') return 'already_paid';
    if (reservation.status === 'cancelled') return step.type === 'pay' ? 'reservation_cancelled' : null;
    if (reservation.status === 'expired' || overdue(reservation, atMs)) return 'hold_expired';
    if (reservation.status === 'paying') return 'payment_in_progress';
    if (step.type === 'cancel') reservation.status = 'cancelled';
    else {
      reservation.status = 'paying';
      reservation.attempt++;
    }
    return null;
  }
}

function overdue(reservation: ModelReservation, atMs: number): boolean {
  return reservation.status === 'held' && reservation.expiresAt <= atMs;
}

function seatText(status: ModelReservation['status'] | undefined): string {
  if (status === undefined) return '.';
  return status === 'paid' ? 'S' : 'h';
}

/** Everything that can be seen of the schedule equals what the model says. */
function compare(stage: Stage, model: Model): void {
  const seats = allSeatIds.map((seatId) => seatText(model.ownerOf(seatId)?.status)).join('');
  assert.equal(stage.seats(), seats);
  for (const [i, { userId, seatIds, ...expected }] of model.reservations.entries()) {
    const view = stage.reservation(userId, `d1.${i + 1}`);
    assert.ok(view !== null);
    assert.equal(
      view.type === 'reservation' ? view.reservation.status : view.status,
      overdue(model.reservations[i] as ModelReservation, stage.atMs) ? 'expired' : expected.status,
    );
    if (view.type !== 'reservation') continue;
    assert.deepEqual(
      view.reservation.seats.map((seat) => seat.id),
      allSeatIds.filter((seatId) => seatIds.includes(seatId)),
    );
  }
  const deadlines = model.reservations.filter(({ status }) => status === 'held').map(({ expiresAt }) => expiresAt);
  assert.equal(stage.kind.nextDeadline(stage.state), Math.min(Infinity, ...deadlines));
  const paying = model.reservations.flatMap(({ status, attempt }, i) =>
    status === 'paying' ? [`d1.${i + 1}#${attempt}`] : [],
  );
  assert.deepEqual(
    stage.kind.openQuestions(stage.state).map((effect) => effect.type === 'ask' && effect.question),
    paying,
  );
}

test('a schedule does what the plainest model does, whatever comes in whatever order', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 5 }), (walk, endedReservationsMax) => {
      const stage = Stage.opened({ holdTtlMs, endedReservationsMax });
      const model = new Model();
      for (const step of walk) {
        const expected = model.play(step, stage.atMs);
        const decision = play(stage, step);
        const code = decision?.type === 'rejected' ? decision.code : null;
        assert.equal(code, expected, `${step.type} at ${stage.atMs}`);
        seen.add(`${step.type} ${String(code)}`);
        compare(stage, model);
      }
    }),
    { numRuns: 1_500 },
  );
  for (const outcome of [
    'hold null',
    'hold seat_not_found',
    'hold seat_limit_exceeded',
    'hold seat_unavailable',
    'cancel null',
    'cancel already_paid',
    'pay null',
    'pay already_paid',
    'pay reservation_cancelled',
    'pay hold_expired',
    'pay payment_in_progress',
  ]) {
    assert.ok(seen.has(outcome), `the walks never met: ${outcome}`);
  }
});
