/** A date's list of seats against all reservations that were ever acknowledged: no seat has two owners. Pure. */
import type { KnownReservation } from './known.ts';
import type { Ledger } from './ledger.ts';
import { deadlineSlackMs, type Moment } from './read-back.ts';

interface Owner {
  readonly reservation: KnownReservation;
  /** `maybe`: its deadline is too near to tell. */
  readonly as: 'sold' | 'held' | 'maybe';
}

export type SeatStatuses = readonly { readonly id: string; readonly status: string }[];

/** `reservations`: all of this date. */
export function judgeSeats(
  ledger: Ledger,
  scheduleId: string,
  reservations: readonly KnownReservation[],
  seats: SeatStatuses,
  at: Moment,
): void {
  const owners = new Map<string, Owner>();
  for (const reservation of reservations) {
    const as = standingOf(reservation, at);
    if (as === null) continue;
    for (const seatId of reservation.seatIds) {
      const other = owners.get(seatId);
      if (other !== undefined && other.as !== 'maybe' && as !== 'maybe') {
        ledger.find('double-owner', `${scheduleId} ${seatId}`, [other.reservation, reservation]);
      }
      if (other === undefined || other.as === 'maybe') owners.set(seatId, { reservation, as });
    }
  }
  for (const { id, status } of seats) {
    const owner = owners.get(id);
    if (isLegal(status, owner)) continue;
    const what = `${scheduleId} ${id} is ${status}, but ${owner === undefined ? 'nobody has it' : owner.as}`;
    ledger.find('wrong-seat', what, owner?.reservation);
  }
}

function isLegal(status: string, owner: Owner | undefined): boolean {
  switch (owner?.as) {
    case undefined:
      return status === 'available';
    case 'sold':
    case 'held':
      return status === owner?.as;
    case 'maybe':
      return status === 'held' || status === 'available';
  }
}

function standingOf(reservation: KnownReservation, { fromMs, toMs }: Moment): Owner['as'] | null {
  const { paid, cancelled, told, expiresAtMs } = reservation;
  if (paid) return 'sold';
  if (cancelled || told.expired > 0 || fromMs > expiresAtMs + deadlineSlackMs) return null;
  return toMs < expiresAtMs - deadlineSlackMs ? 'held' : 'maybe';
}
