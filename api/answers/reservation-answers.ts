/** What is answered about reservations, the same at every door. */
import type { Reservation, ScheduleReply, ScheduleViews } from '../../actors/schedule/messages.ts';
import type { Outcome } from '../../engine/asker.ts';
import type { ReadModelReader } from '../../storage/read-model/reader.ts';
import { chain, type Awaitable } from '../chain.ts';
import type { OnsaleEngine } from '../protocols.ts';
import type { ReadModelProgress } from '../read-model-progress.ts';
import { json, replayedHeader, type Answer, type Header } from './answer.ts';
import { problem, type ProblemCode } from './problems.ts';
import { reservationBody } from './schemas/reservation.ts';

/** Where a reservation is read of which its schedule remembers only how it ended. */
export interface ReservationSources {
  readonly engine: OnsaleEngine;
  readonly readModel: Pick<ReadModelReader, 'reservation'>;
  readonly readModelProgress: ReadModelProgress;
}

export function toHoldAnswer(outcome: Outcome<ScheduleReply, ProblemCode>): Answer {
  if (outcome.type === 'rejected') return problem(outcome.code, outcome.details);
  const { reply, replayed } = outcome;
  if (reply.type !== 'reservation') throw new Error(`a hold was answered with ${reply.type}`);
  const location = ['Location', `/v1/reservations/${encodeURIComponent(reply.reservation.id)}`] as const;
  return json(201, reservationBody(reply.reservation), replayed ? [location, replayedHeader] : [location]);
}

/** Answers with the details of a reservation of which its schedule remembers only how it ended. */
export type ReadShrunk = (id: string, status: Reservation['status'], headers: readonly Header[]) => Promise<Answer>;
/** For whoever asks: another one's is not found. */
export type ShrunkReader = (userId: string) => ReadShrunk;

export function toReservationAnswer(
  view: ScheduleViews['reservation'],
  shrunk: ReadShrunk,
  headers: readonly Header[] = [],
): Awaitable<Answer> {
  if (view === null) return problem('reservation_not_found');
  return view.type === 'reservation'
    ? json(200, reservationBody(view.reservation), headers)
    : shrunk(view.id, view.status, headers);
}

export function toCancelAnswer(outcome: Outcome<ScheduleReply, ProblemCode>, shrunk: ReadShrunk): Awaitable<Answer> {
  if (outcome.type === 'rejected') return problem(outcome.code, outcome.details);
  const { reply, replayed } = outcome;
  if (reply.type === 'reservation' || reply.type === 'shrunk-reservation') {
    return toReservationAnswer(reply, shrunk, replayed ? [replayedHeader] : []);
  }
  throw new Error(`a cancellation was answered with ${reply.type}`);
}

/** One's own reservation. */
export function ownReservationAnswer(
  engine: OnsaleEngine,
  scheduleId: string,
  asked: { readonly reservationId: string; readonly userId: string },
  shrunkOf: ShrunkReader,
): Awaitable<Answer> {
  const view = engine.viewDurable<'schedule', 'reservation'>(`schedule:${scheduleId}`, {
    type: 'reservation',
    ...asked,
  });
  return chain(view, (found) => toReservationAnswer(found, shrunkOf(asked.userId)));
}

/**
 * Of this user, a reservation that its schedule remembers only as ended: the SQL tables have the details, and whose it
 * is. The schedule compared no more than a hash of 32 bits, which two users can share.
 */
export function createShrunkReader({ engine, readModel, readModelProgress }: ReservationSources): ShrunkReader {
  return (userId) => async (id, status, headers) => {
    await readModelProgress.reached(engine.durableBatch);
    const reservation = readModel.reservation(id);
    // Only a read model that is being rebuilt does not have it yet.
    if (reservation === undefined)
      return problem('overloaded', { detail: 'Old reservations cannot be read just now.' });
    if (reservation.userId !== userId) return problem('reservation_not_found');
    return json(200, reservationBody({ ...reservation, status }), headers);
  };
}
