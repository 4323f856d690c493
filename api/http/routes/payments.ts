/** Paying for a reservation. */
import { z } from '@hono/zod-openapi';
import type { PlaceInLine } from '../../../actors/admission/messages.ts';
import type { PayReservation } from '../../../actors/schedule/messages.ts';
import type { Address } from '../../../engine/actor.ts';
import type { ClientKey } from '../../../engine/asker.ts';
import { clientKey, keyed } from '../../answers/client-key.ts';
import { toPayAnswer } from '../../answers/money-answers.ts';
import { problem } from '../../answers/problems.ts';
import { reservationId } from '../../answers/schemas/ids.ts';
import { paymentSchema } from '../../answers/schemas/reservation.ts';
import { limits } from '../../limits.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { operation, type Operation } from '../operation.ts';
import { scheduleOfReservation } from './reservations.ts';

const payBody = z.strictObject({ reservationId }).openapi('PayReservation');

export interface Pay {
  readonly to: Address<'schedule'>;
  readonly command: PayReservation;
  readonly key: ClientKey | null;
}

/** The session that paying ends is the token's own; which one it was is no part of the key's fingerprint. */
function toPay(body: z.output<typeof payBody>, schedule: string, place: PlaceInLine, key: string | null): Pay {
  const { userId } = place;
  return {
    to: `schedule:${schedule}`,
    command: { type: 'PayReservation', userId, reservationId: body.reservationId, session: place },
    key: clientKey(key, userId, 'PayReservation', body),
  };
}

export function paymentRoutes({ engine }: HttpDependencies): Operation[] {
  return [
    operation({
      id: 'payReservation',
      method: 'post',
      path: '/v1/payments',
      tag: 'Reserve and pay',
      summary: 'Pay for a reservation from the balance; ends the queue session of the token',
      access: 'queue-token',
      keyed: true,
      command: true,
      bodyBytesMax: limits.bodyBytesMax,
      body: payBody,
      answers: { 201: { description: 'The payment', schema: paymentSchema } },
      refusals: [
        'reservation_not_found',
        'already_paid',
        'reservation_cancelled',
        'hold_expired',
        'payment_in_progress',
        'insufficient_balance',
      ],
      async handle({ body, caller, key }) {
        const schedule = scheduleOfReservation(engine, body.reservationId);
        if (schedule === null) return problem('reservation_not_found');
        const { to, command, key: boundTo } = toPay(body, schedule, caller.place, key);
        return toPayAnswer(await engine.ask(to, command, keyed(boundTo)));
      },
    }),
  ];
}
