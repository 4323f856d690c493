/** Histories written by hand: who asked what, from when to when, and what came back. One date `s`, holds of 1,000 ms. */
import type { Recorded, Refused, ReservationStatus } from './recorded.ts';

export const holdTtlMs = 1_000;

type Times = readonly [callMs: number, returnMs: number];

function asked(userId: string, [callMs, returnMs]: Times, key?: string) {
  return { door: 'http', userId, callMs, returnMs, ...(key === undefined ? {} : { key }) } as const;
}

const unknown = { type: 'unknown' } as const;

/** Its deadline counts from its return; each seat costs 100. */
export function held(userId: string, seatIds: string, reservationId: string, times: Times, key?: string): Recorded {
  const seats = seatIds.split(',');
  const outcome = {
    type: 'done',
    reservationId,
    totalPrice: 100 * seats.length,
    expiresAtMs: times[1] + holdTtlMs,
  } as const;
  return { ...asked(userId, times, key), type: 'hold', scheduleId: 's', seatIds: seats, outcome };
}

export function holdUnknown(userId: string, seatIds: string, callMs: number, key?: string): Recorded {
  const seats = seatIds.split(',');
  return {
    ...asked(userId, [callMs, callMs], key),
    type: 'hold',
    scheduleId: 's',
    seatIds: seats,
    outcome: unknown,
  };
}

export function holdRefused(userId: string, seatIds: string, taken: string, times: Times, key?: string): Recorded {
  const outcome = { type: 'refused', code: 'seat_unavailable', seatIds: taken.split(',') } as const;
  return { ...asked(userId, times, key), type: 'hold', scheduleId: 's', seatIds: seatIds.split(','), outcome };
}

export function cancelled(userId: string, reservationId: string, times: Times): Recorded {
  return { ...asked(userId, times), type: 'cancel', reservationId, outcome: { type: 'done' } };
}

export function paid(userId: string, reservationId: string, balance: number, times: Times, key?: string): Recorded {
  return { ...asked(userId, times, key), type: 'pay', reservationId, outcome: { type: 'done', amount: 100, balance } };
}

export function payUnknown(userId: string, reservationId: string, callMs: number, key?: string): Recorded {
  return { ...asked(userId, [callMs, callMs], key), type: 'pay', reservationId, outcome: unknown };
}

export function payRefused(
  userId: string,
  reservationId: string,
  refused: Omit<Refused, 'type'>,
  times: Times,
): Recorded {
  return { ...asked(userId, times), type: 'pay', reservationId, outcome: { type: 'refused', ...refused } };
}

export function read(userId: string, reservationId: string, status: ReservationStatus, times: Times): Recorded {
  return { ...asked(userId, times), type: 'read', reservationId, outcome: { type: 'done', status } };
}

export function readRefused(userId: string, reservationId: string, code: string, times: Times): Recorded {
  return { ...asked(userId, times), type: 'read', reservationId, outcome: { type: 'refused', code } };
}

export function charged(userId: string, amount: number, balance: number, times: Times, key?: string): Recorded {
  const outcome = { type: 'done', chargeId: `chg.${balance}`, balance } as const;
  return { ...asked(userId, times, key), type: 'charge', amount, outcome };
}

export function chargeUnknown(userId: string, amount: number, callMs: number, key?: string): Recorded {
  return { ...asked(userId, [callMs, callMs], key), type: 'charge', amount, outcome: unknown };
}

export function balance(userId: string, found: number, times: Times): Recorded {
  return { ...asked(userId, times), type: 'balance', outcome: { type: 'done', balance: found } };
}
