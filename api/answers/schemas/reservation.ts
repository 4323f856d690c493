/** Reservations, payments and charges as clients see them: the schema, and how an actor's answer becomes it. */
import { z } from '@hono/zod-openapi';
import type { Payment, Reservation, Seat } from '../../../actors/schedule/messages.ts';
import type { Charge } from '../../../actors/wallet/messages.ts';
import { limits } from '../../limits.ts';
import { isoTime, isoTimeOrNull } from '../answer.ts';
import { concertId, reservationId, scheduleId, userId } from './ids.ts';
import { money, timeOut, timeOutOrNull } from './values.ts';

const seatsPerCallMax = 1_000;

/** The seats of a hold, as every door takes them. */
export const seatIdsIn = z
  .array(z.string().min(1).max(64).openapi({ example: 'Floor A-1-12' }))
  .min(1)
  .max(seatsPerCallMax)
  .refine(allDistinct, 'must not name a seat twice')
  .openapi({ uniqueItems: true });

/** Minor units of one charge. */
export const chargeAmountIn = z.int().min(1).max(limits.chargeAmountMax).openapi({ example: 500_000 });

export const seatFields = {
  id: z.string().openapi({ description: '`<section>-<row>-<number>`', example: 'Floor A-1-12' }),
  section: z.string(),
  row: z.string(),
  number: z.int().min(1),
  price: money,
};

export const reservationSchema = z
  .object({
    id: reservationId,
    scheduleId,
    concertId,
    userId,
    status: z.enum(['held', 'paying', 'paid', 'expired', 'cancelled']),
    seats: z.array(z.object(seatFields)),
    totalPrice: money,
    heldAt: timeOut,
    expiresAt: timeOut.openapi({ description: 'Count down from `expiresAt − heldAt`' }),
    paidAt: timeOutOrNull,
  })
  .openapi('Reservation');

export const paymentSchema = z
  .object({
    id: z.string().openapi({ description: 'Opaque' }),
    reservationId,
    userId,
    amount: money,
    balance: money.openapi({ description: 'What is left after it' }),
    paidAt: timeOut,
  })
  .openapi('Payment');

export const chargeSchema = z
  .object({
    id: z.string().openapi({ description: 'Opaque' }),
    userId,
    amount: money,
    balance: money.openapi({ description: 'The balance after it' }),
    chargedAt: timeOut,
  })
  .openapi('Charge');

export function reservationBody(reservation: Reservation): object {
  return {
    id: reservation.id,
    scheduleId: reservation.scheduleId,
    concertId: reservation.concertId,
    userId: reservation.userId,
    status: reservation.status,
    seats: reservation.seats.map(seatBody),
    totalPrice: reservation.totalPrice,
    heldAt: isoTime(reservation.heldAt),
    expiresAt: isoTime(reservation.expiresAt),
    paidAt: isoTimeOrNull(reservation.paidAt),
  };
}

function seatBody({ id, section, row, number, price }: Seat): object {
  return { id, section, row, number, price };
}

export function paymentBody({ id, reservationId, userId, amount, balance, paidAt }: Payment): object {
  return { id, reservationId, userId, amount, balance, paidAt: isoTime(paidAt) };
}

export function chargeBody({ id, userId, amount, balance, chargedAt }: Charge): object {
  return { id, userId, amount, balance, chargedAt: isoTime(chargedAt) };
}

function allDistinct(seatIds: readonly string[]): boolean {
  return seatIds.length === 1 || new Set(seatIds).size === seatIds.length;
}
