/** What people and services ask for, the same whichever door they take. */
import type { Answer } from '../../api/answers/answer.ts';
import type { SimulatedProgram } from './simulated-program.ts';

export type Wish =
  | { readonly type: 'hold'; readonly scheduleId: string; readonly seatIds: readonly string[] }
  | { readonly type: 'pay' | 'cancel' | 'reservation'; readonly reservationId: string }
  | { readonly type: 'charge'; readonly amount: number }
  | { readonly type: 'balance' }
  | { readonly type: 'join'; readonly room: string }
  | { readonly type: 'token' | 'leave'; readonly token: string }
  | { readonly type: 'seats'; readonly scheduleId: string }
  | { readonly type: 'concerts' };

export interface Request {
  readonly door: 'http' | 'cmd' | 'do';
  readonly userId: string;
  readonly wish: Wish;
  /** Over HTTP, whatever is gated needs one. */
  readonly token: string | null;
  readonly key: string | null;
}

/** The schedule in a reservation's id. */
export function scheduleOf(reservationId: string): string {
  return reservationId.slice(0, reservationId.lastIndexOf('.'));
}

/** Door, user, actor addressed, key (invariant 6); null without a key. */
export function scopeOfRequest({ door, userId, wish, key }: Request): string | null {
  if (key === null) return null;
  const to =
    wish.type === 'hold'
      ? `schedule:${wish.scheduleId}`
      : 'reservationId' in wish
        ? `schedule:${scheduleOf(wish.reservationId)}`
        : `wallet:${userId}`;
  return `${door}|${userId}|${to}|${key}`;
}

/** Two requests of one scope are the same command when these are equal. */
export function fingerprintOfRequest({ wish }: Request): string {
  return JSON.stringify(wish);
}

/** A message as NATS carries it, for the wishes that services have. */
export function messageOf({ door, userId, wish, key }: Request) {
  const headers = key === null ? [] : [['Idempotency-Key', [key]] as const];
  const message = (subject: string, body: object | null) => ({
    subject: `onsale.v1.${subject}`,
    data: new TextEncoder().encode(body === null ? '' : JSON.stringify(body)),
    headers,
  });
  switch (wish.type) {
    case 'hold':
      return message(`${door}.hold.${wish.scheduleId}`, { userId, seatIds: wish.seatIds });
    case 'pay':
    case 'cancel':
      return message(`${door}.${wish.type}.${scheduleOf(wish.reservationId)}`, {
        userId,
        reservationId: wish.reservationId,
      });
    case 'reservation':
      return message(`query.reservation.${scheduleOf(wish.reservationId)}`, {
        userId,
        reservationId: wish.reservationId,
      });
    case 'charge':
      return message(`${door}.charge.${userId}`, { amount: wish.amount });
    case 'balance':
      return message(`query.balance.${userId}`, null);
    case 'join':
      return message(`cmd.join.${wish.room}`, { userId });
    case 'seats':
      return message(`query.seats.${wish.scheduleId}`, null);
    case 'token':
    case 'leave':
    case 'concerts':
      throw new Error(`services cannot ask for ${wish.type}`);
  }
}

/** The answer, when the program gives one. */
export async function askProgram(program: SimulatedProgram, request: Request): Promise<Answer> {
  const { door, userId, wish, token, key } = request;
  if (door !== 'http') {
    const answer = await program.doors.cmd(messageOf(request));
    if (answer === null) throw new Error(`nobody listens to ${JSON.stringify(wish)}`);
    return answer;
  }
  const common = { ...(token === null ? {} : { token }), ...(key === null ? {} : { key }) };
  switch (wish.type) {
    case 'hold': {
      const { scheduleId, seatIds } = wish;
      return await program.doors.http({ operation: 'holdSeats', body: { scheduleId, seatIds }, ...common });
    }
    case 'pay':
      return await program.doors.http({
        operation: 'payReservation',
        body: { reservationId: wish.reservationId },
        ...common,
      });
    case 'cancel':
      return await program.doors.http({
        operation: 'cancelReservation',
        params: { id: wish.reservationId },
        ...common,
      });
    case 'reservation':
      return await program.doors.http({ operation: 'getReservation', params: { id: wish.reservationId }, ...common });
    case 'charge':
      return await program.doors.http({
        operation: 'chargeBalance',
        params: { userId },
        body: { amount: wish.amount },
        ...common,
      });
    case 'balance':
      return await program.doors.http({ operation: 'getBalance', params: { userId } });
    case 'join':
      return await program.doors.http({ operation: 'joinQueue', body: { userId, room: wish.room } });
    case 'token':
      return await program.doors.http({ operation: 'getQueueToken', token: wish.token });
    case 'leave':
      return await program.doors.http({ operation: 'leaveQueue', token: wish.token });
    case 'seats':
      return await program.doors.http({ operation: 'listSeats', params: { scheduleId: wish.scheduleId }, ...common });
    case 'concerts':
      return await program.doors.http({ operation: 'listConcerts', ...common });
  }
}
