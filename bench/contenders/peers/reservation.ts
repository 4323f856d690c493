/** The hold as every peer sees it: what is asked, what its store keeps, and the answer that is made of that. */
import { hash, randomUUID } from 'node:crypto';
import type { Catalogue } from '../../contender.ts';
import { seatsPerRow } from '../../contender.ts';

/** As long as our own bench lets a hold live, so that all of a run's are still there when they are counted. */
export const holdTtlMs = 3_600_000;
export const seatPrice = 10_000;

/** What a store keeps of a reservation; from it the same answer can be made again. */
export interface StoredHold {
  /** A UUID. */
  readonly id: string;
  readonly scheduleId: string;
  readonly userId: string;
  readonly seatIds: readonly string[];
  /** ISO 8601, UTC. */
  readonly heldAt: string;
  readonly expiresAt: string;
}

/**
 * The hold that is asked for. Its id is made from the user and the key, so that the index of reservations is that of the
 * keys, too: one entry fewer to write in every store.
 */
export function askedHold(
  userId: string,
  key: string | undefined,
  { scheduleId, seatIds }: { readonly scheduleId: string; readonly seatIds: readonly string[] },
): StoredHold {
  const nowMs = Date.now();
  return {
    id: key === undefined ? randomUUID() : uuidOf(hash('sha256', JSON.stringify([userId, key]), 'hex')),
    scheduleId,
    userId,
    // One order for all who lock.
    seatIds: seatIds.length === 1 ? seatIds : [...seatIds].sort(),
    heldAt: new Date(nowMs).toISOString(),
    expiresAt: new Date(nowMs + holdTtlMs).toISOString(),
  };
}

function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

const seatPattern = /^A-([1-9]\d*)-([1-9]\d*)$/;

/** Whether all are in the catalogue, which each peer keeps in its memory, because it does not change. */
export function onSale(catalogue: Catalogue, scheduleId: string, seatIds: readonly string[]): boolean {
  const date = /^bench-(\d+)$/.exec(scheduleId)?.[1];
  if (date === undefined || Number(date) >= catalogue.schedules) return false;
  return seatIds.every((id) => {
    const seat = seatPattern.exec(id);
    return seat !== null && Number(seat[1]) <= catalogue.rowsPerSchedule && Number(seat[2]) <= seatsPerRow;
  });
}

/** The answer 201; its shape is that of our contract. */
export function answerOf({ id, scheduleId, userId, seatIds, heldAt, expiresAt }: StoredHold): object {
  return {
    id,
    scheduleId,
    concertId: 'bench',
    userId,
    status: 'held',
    seats: seatIds.map((id) => {
      const [section = '', row = '', number = ''] = id.split('-');
      return { id, section, row, number: Number(number), price: seatPrice };
    }),
    totalPrice: seatIds.length * seatPrice,
    heldAt,
    expiresAt,
    paidAt: null,
  };
}
