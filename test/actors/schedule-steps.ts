/** Random steps in the life of one schedule, for property tests, and how they are played on a stage. */
import fc from 'fast-check';
import type { Accepted, Rejected } from '../../engine/actor.ts';
import type { ScheduleCommand, ScheduleEvent, ScheduleReply } from '../../actors/schedule/messages.ts';
import { allSeatIds, session, type Stage } from './schedule-stage.ts';

export type Step =
  | { readonly type: 'hold'; readonly userId: string; readonly seatIds: readonly string[] }
  | { readonly type: 'cancel' | 'pay'; readonly userId: string; readonly ordinal: number }
  /** The wallet answers the open question of this reservation, or one that is not open. */
  | { readonly type: 'answer'; readonly ordinal: number; readonly attempt: number; readonly rich: boolean }
  | { readonly type: 'expire' }
  | { readonly type: 'wait'; readonly ms: number };

/** Mostly one user and few reservations, so that walks get far instead of being refused. */
const userId = fc.constantFrom('ann', 'ann', 'ann', 'bob', 'eve');
const ordinal = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 15 }));
const seatIds = fc.oneof(
  { weight: 6, arbitrary: fc.subarray([...allSeatIds], { minLength: 1, maxLength: 2 }) },
  { weight: 1, arbitrary: fc.subarray([...allSeatIds, 'C-1-1'], { minLength: 1, maxLength: 5 }) },
);
/** With `holdTtlMs` of 100 a wait often lands on a deadline, or one off it. */
const wait = fc.constantFrom(1, 49, 50, 51, 99, 100);

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant('hold' as const), userId, seatIds }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('cancel' as const), userId, ordinal }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('pay' as const), userId, ordinal }) },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('answer' as const),
        ordinal,
        attempt: fc.integer({ min: 1, max: 2 }),
        rich: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ type: 'expire' } as const) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: wait }) },
  ),
  { minLength: 10, maxLength: 60, size: 'max' },
);

/** The command of a step; null for a wait. */
export function commandOf(step: Step): ScheduleCommand | null {
  switch (step.type) {
    case 'hold':
      return { type: 'HoldSeats', userId: step.userId, seatIds: step.seatIds };
    case 'cancel':
      return { type: 'CancelHold', userId: step.userId, reservationId: `d1.${step.ordinal}` };
    case 'pay':
      return { type: 'PayReservation', userId: step.userId, reservationId: `d1.${step.ordinal}`, session };
    case 'answer':
      return {
        type: 'QuestionAnswered',
        question: `d1.${step.ordinal}#${step.attempt}`,
        outcome: step.rich
          ? { type: 'accepted', reply: { type: 'moved', balance: 40 } }
          : { type: 'rejected', code: 'insufficient_balance', details: { balance: 1, required: 2 } },
      };
    case 'expire':
      return { type: 'ExpireDue' };
    case 'wait':
      return null;
  }
}

/** Plays one step; the decision, or null for a wait. */
export function play(stage: Stage, step: Step): Accepted<ScheduleEvent, ScheduleReply> | Rejected | null {
  const command = commandOf(step);
  if (step.type === 'wait') stage.atMs += step.ms;
  if (command === null) return null;
  const decision = stage.decide(command);
  return decision.type === 'rejected' ? decision : stage.accept(command);
}
