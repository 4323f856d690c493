/** Ids of users, concerts, schedules and rooms, as clients may write them. */
import { z } from '@hono/zod-openapi';

const idPattern = /^[A-Za-z0-9_-]{1,64}$/;

export function isId(text: string): boolean {
  return idPattern.test(text);
}

function id(what: string, example: string) {
  return z
    .string()
    .regex(idPattern, 'must be 1 to 64 letters, digits, _ or -')
    .openapi({ description: `Id of a ${what}`, example });
}

export const userId = id('user', 'ann');
export const concertId = id('concert', 'northern-lights');
export const scheduleId = id('schedule', 'northern-lights-1');
export const roomId = id('waiting room', 'main');
/** Made here and opaque: a malformed one is simply not found. */
export const reservationId = z.string().openapi({ description: 'Opaque', example: 'northern-lights-1.1' });

export const userParams = z.object({ userId });
export const concertParams = z.object({ concertId });
export const scheduleParams = z.object({ scheduleId });
export const roomParams = z.object({ room: roomId });
export const reservationParams = z.object({ id: reservationId });
