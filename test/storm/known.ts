/** What the ledger knows of one reservation, and of one place in line. */
import type { Entry } from './entry.ts';

export interface KnownReservation {
  readonly id: string;
  readonly userId: string;
  readonly scheduleId: string;
  /** Sorted. */
  readonly seatIds: readonly string[];
  readonly totalPrice: number;
  readonly expiresAtMs: number;
  /** The command that made it. */
  readonly madeBy: Entry;
  /** Acknowledged, or (durable commands) told by the journal. */
  paid: boolean;
  cancelled: boolean;
  cancelsSent: number;
  /** How often the journal has told it. */
  readonly told: { held: number; paid: number; debited: number; cancelled: number; expired: number };
  /** As last read back; null before. */
  status: string | null;
}

export interface KnownPlace {
  readonly room: string;
  readonly epoch: string;
  readonly place: number;
  readonly userId: string;
  readonly token: string;
  left: boolean;
  /** Somebody asked to leave with it, or to pay with it, which ends its session. */
  endSent: boolean;
  /** As last told. */
  status: string;
  /** While active. */
  expiresAtMs: number | null;
}

/** What the owner of a token is told of it. */
export function tellStatus(known: KnownPlace, { status, expiresAt }: Readonly<Record<string, unknown>>): void {
  known.status = String(status);
  known.expiresAtMs = typeof expiresAt === 'string' ? Date.parse(expiresAt) : null;
}

export function knownReservation(madeBy: Entry, body: Readonly<Record<string, unknown>>): KnownReservation {
  const seats = body['seats'] as readonly { readonly id: string }[]; // The API's shape; a wrong one throws here.
  return {
    id: String(body['id']),
    userId: String(body['userId']),
    scheduleId: String(body['scheduleId']),
    seatIds: seats.map(({ id }) => id).sort(),
    totalPrice: Number(body['totalPrice']),
    expiresAtMs: Date.parse(String(body['expiresAt'])),
    madeBy,
    paid: false,
    cancelled: false,
    cancelsSent: 0,
    told: { held: 0, paid: 0, debited: 0, cancelled: 0, expired: 0 },
    status: null,
  };
}
