/** Holding seats, looking at a reservation, giving it up. Each call in two pure halves: to the command, to the answer. */
import { z } from '@hono/zod-openapi';
import type { AdmissionCommand, PlaceInLine } from '../../../actors/admission/messages.ts';
import type { CancelHold, HoldSeats } from '../../../actors/schedule/messages.ts';
import type { Address } from '../../../engine/actor.ts';
import type { ClientKey } from '../../../engine/asker.ts';
import { type Answer } from '../../answers/answer.ts';
import { clientKey } from '../../answers/client-key.ts';
import { problem, type ProblemCode } from '../../answers/problems.ts';
import {
  createShrunkReader,
  ownReservationAnswer,
  toCancelAnswer,
  toHoldAnswer,
} from '../../answers/reservation-answers.ts';
import { reservationParams, scheduleId } from '../../answers/schemas/ids.ts';
import { reservationSchema, seatIdsIn } from '../../answers/schemas/reservation.ts';
import type { Awaitable } from '../../chain.ts';
import { limits } from '../../limits.ts';
import { createCoverage } from '../coverage.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { operation, type Operation } from '../operation.ts';

const holdBody = z.strictObject({ scheduleId, seatIds: seatIdsIn }).openapi('HoldSeats');

export type HoldBody = z.output<typeof holdBody>;

export interface Hold {
  readonly to: Address<'schedule'>;
  readonly command: HoldSeats;
  readonly gate: { readonly to: Address<'admission'>; readonly command: AdmissionCommand };
  readonly key: ClientKey | null;
}

/**
 * `covered`: the token's room covers the concert. Where it does not, the gate names a session that cannot be, so that
 * the engine still replays a key that is bound already before it refuses.
 */
function toHold(body: HoldBody, place: PlaceInLine, key: string | null, covered: boolean): Hold {
  const { userId } = place;
  const session = covered ? place : { ...place, epoch: '', place: 0 };
  return {
    to: `schedule:${body.scheduleId}`,
    command: { type: 'HoldSeats', userId, seatIds: body.seatIds },
    gate: { to: `admission:${place.room}`, command: { type: 'PassGate', session, purpose: 'hold' } },
    key: clientKey(key, userId, 'HoldSeats', body),
  };
}

export interface Cancel {
  readonly to: Address<'schedule'>;
  readonly command: CancelHold;
}

/** Cancelling twice is answered the same, so it needs no key. */
function toCancel(reservationId: string, schedule: string, { userId }: PlaceInLine): Cancel {
  return { to: `schedule:${schedule}`, command: { type: 'CancelHold', userId, reservationId } };
}

/** The schedule that made this reservation, or null when no schedule can have made it. */
export function scheduleOfReservation(engine: HttpDependencies['engine'], reservationId: string): string | null {
  const dot = reservationId.lastIndexOf('.');
  if (dot <= 0 || dot > 64) return null;
  const schedule = reservationId.slice(0, dot);
  return engine.view<'catalog', 'schedule'>('catalog:main', { type: 'schedule', scheduleId: schedule }) === null
    ? null
    : schedule;
}

export function reservationRoutes(deps: HttpDependencies): Operation[] {
  const { engine, desk } = deps;
  const bodyBytesMax = limits.bodyBytesMax;
  const coverage = createCoverage(engine);

  /** An unknown date is covered: the rules will say that it is not there. */
  function covers(place: PlaceInLine, schedule: string): boolean {
    const facts = engine.view<'catalog', 'schedule'>('catalog:main', { type: 'schedule', scheduleId: schedule });
    return facts === null || coverage.covers(place, facts.concertId);
  }

  function hold(body: HoldBody, place: PlaceInLine, key: string | null): Awaitable<Answer> {
    const covered = covers(place, body.scheduleId);
    if (!covered && key === null) return problem('forbidden');
    const { to, command, gate, key: boundTo } = toHold(body, place, key, covered);
    return engine.ask(to, command, boundTo === null ? { gate } : { gate, key: boundTo }).then((outcome) => {
      if (outcome.type === 'rejected') {
        if (!covered && isGateRefusal(outcome.code)) return problem('forbidden');
        if (outcome.code === 'queue_token_waiting') {
          // As others are told, who read it: people may be let in while the refusal is on its way.
          const { position, etaSeconds } = desk.status(place);
          return problem('queue_token_waiting', {
            ...outcome.details,
            ...(position === 0 ? {} : { position }),
            etaSeconds,
          });
        }
      }
      return toHoldAnswer(outcome);
    });
  }

  const shrunkOf = createShrunkReader(deps);
  const reservation = { description: 'The reservation', schema: reservationSchema };

  return [
    operation({
      id: 'holdSeats',
      method: 'post',
      path: '/v1/reservations',
      tag: 'Reserve and pay',
      summary: 'Hold seats of one date, all or none',
      access: 'queue-token',
      keyed: true,
      command: true,
      bodyBytesMax,
      body: holdBody,
      answers: { 201: { ...reservation, headers: { Location: 'Where the reservation can be read' } } },
      refusals: [
        'forbidden',
        'queue_token_waiting',
        'queue_token_expired',
        'schedule_not_found',
        'sales_closed',
        'seat_not_found',
        'seat_limit_exceeded',
        'seat_unavailable',
      ],
      handle: ({ body, caller, key }) => hold(body, caller.place, key),
    }),
    operation({
      id: 'getReservation',
      method: 'get',
      path: '/v1/reservations/{id}',
      tag: 'Reserve and pay',
      summary: 'One’s own reservation',
      access: 'reservation-owner',
      bodyBytesMax,
      params: reservationParams,
      answers: { 200: reservation },
      refusals: ['reservation_not_found'],
      handle({ params, caller }) {
        const schedule = scheduleOfReservation(engine, params.id);
        const userId = caller.place?.userId ?? caller.jwtUser;
        if (schedule === null || userId === null) return problem('reservation_not_found');
        return ownReservationAnswer(engine, schedule, { reservationId: params.id, userId }, shrunkOf);
      },
    }),
    operation({
      id: 'cancelReservation',
      method: 'delete',
      path: '/v1/reservations/{id}',
      tag: 'Reserve and pay',
      summary: 'Give up a hold; its seats are free at once',
      access: 'queue-token',
      command: true,
      bodyBytesMax,
      params: reservationParams,
      answers: { 200: { ...reservation, description: 'The reservation, cancelled; again and again' } },
      refusals: ['reservation_not_found', 'already_paid', 'hold_expired', 'payment_in_progress'],
      async handle({ params, caller }) {
        const schedule = scheduleOfReservation(engine, params.id);
        if (schedule === null) return problem('reservation_not_found');
        const { to, command } = toCancel(params.id, schedule, caller.place);
        return toCancelAnswer(await engine.ask(to, command), shrunkOf(caller.place.userId));
      },
    }),
  ];
}

function isGateRefusal(code: ProblemCode): boolean {
  return code === 'queue_token_expired' || code === 'queue_token_waiting';
}
