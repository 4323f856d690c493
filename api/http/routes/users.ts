/** A user's balance and reservations. Not gated. */
import { z } from '@hono/zod-openapi';
import type { Reservation } from '../../../actors/schedule/messages.ts';
import type { WalletCommand } from '../../../actors/wallet/messages.ts';
import type { Address } from '../../../engine/actor.ts';
import type { ClientKey } from '../../../engine/asker.ts';
import { json } from '../../answers/answer.ts';
import { clientKey, keyed } from '../../answers/client-key.ts';
import { balanceAnswer, toChargeAnswer } from '../../answers/money-answers.ts';
import { invalidRequest, problem } from '../../answers/problems.ts';
import { userId, userParams } from '../../answers/schemas/ids.ts';
import { chargeAmountIn, chargeSchema, reservationBody, reservationSchema } from '../../answers/schemas/reservation.ts';
import { cursorIn, cursorOut, limitDefault, limitIn, money } from '../../answers/schemas/values.ts';
import { limits } from '../../limits.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { operation, type Operation } from '../operation.ts';

const balanceSchema = z.object({ userId, balance: money }).openapi('Balance');

const chargeRequest = z.strictObject({ amount: chargeAmountIn }).openapi('ChargeBalance');

const pageQuery = z.object({ limit: limitIn, cursor: cursorIn });
const reservationPage = z
  .object({ items: z.array(reservationSchema), nextCursor: cursorOut })
  .openapi('ReservationPage');

export interface ChargeCall {
  readonly to: Address<'wallet'>;
  readonly command: Extract<WalletCommand, { type: 'ChargeWallet' }>;
  readonly key: ClientKey | null;
}

function toCharge(user: string, { amount }: z.output<typeof chargeRequest>, key: string | null): ChargeCall {
  return {
    to: `wallet:${user}`,
    command: { type: 'ChargeWallet', amount },
    key: clientKey(key, user, 'ChargeWallet', { userId: user, amount }),
  };
}

/** After the tables were taken away or are of an earlier version, for minutes; after a kill, for a moment. */
const beingFilled = 'Lists of reservations are being made again.';

export function userRoutes({ engine, readModel, readModelProgress }: HttpDependencies): Operation[] {
  const bodyBytesMax = limits.bodyBytesMax;

  /** A hold past its deadline reads `expired` here as everywhere, whether its expiry has been journaled yet or not. */
  function seenNow(reservation: Reservation): Reservation {
    const overdue = reservation.status === 'held' && reservation.expiresAt <= engine.nowMs();
    return overdue ? { ...reservation, status: 'expired' } : reservation;
  }

  return [
    operation({
      id: 'getBalance',
      method: 'get',
      path: '/v1/users/{userId}/balance',
      tag: 'Users',
      summary: 'The balance; 0 for a user never seen',
      access: 'user',
      bodyBytesMax,
      params: userParams,
      answers: { 200: { description: 'The balance', schema: balanceSchema } },
      refusals: [],
      namedUser: ({ params }) => params.userId,
      handle: ({ params }) => balanceAnswer(engine, params.userId),
    }),
    operation({
      id: 'chargeBalance',
      method: 'post',
      path: '/v1/users/{userId}/charges',
      tag: 'Users',
      summary: 'Add money to the balance',
      access: 'user',
      keyed: true,
      command: true,
      bodyBytesMax,
      params: userParams,
      body: chargeRequest,
      answers: { 201: { description: 'The charge', schema: chargeSchema } },
      refusals: ['balance_limit_exceeded'],
      namedUser: ({ params }) => params.userId,
      async handle({ params, body, key }) {
        const { to, command, key: boundTo } = toCharge(params.userId, body, key);
        return toChargeAnswer(await engine.ask(to, command, keyed(boundTo)));
      },
    }),
    operation({
      id: 'listReservations',
      method: 'get',
      path: '/v1/users/{userId}/reservations',
      tag: 'Users',
      summary: 'The user’s reservations, newest first',
      access: 'user-or-token',
      bodyBytesMax,
      params: userParams,
      query: pageQuery,
      answers: { 200: { description: 'A page', schema: reservationPage } },
      refusals: [],
      namedUser: ({ params }) => params.userId,
      async handle({ params, query }) {
        if (readModelProgress.farBehind) return problem('overloaded', { detail: beingFilled });
        // What the caller was told of is durable by now; a page read after that batch has it.
        await readModelProgress.reached(engine.durableBatch);
        if (readModelProgress.missing > 0) return problem('overloaded', { detail: beingFilled });
        const page = readModel.reservationsOf(params.userId, query.limit ?? limitDefault, query.cursor ?? null);
        if (page === null) return invalidRequest([{ path: 'cursor', message: 'is none that was given out' }]);
        const items = page.items.map((reservation) => reservationBody(seenNow(reservation)));
        return json(200, { items, nextCursor: page.nextCursor });
      },
    }),
  ];
}
