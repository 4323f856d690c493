/** What a client of the API asked, when, and what it learned: one entry of a history. */

interface Asked {
  readonly door: 'http' | 'nats';
  readonly userId: string;
  /** The client's idempotency key. Operations of one door and user that share it are tries of one command. */
  readonly key?: string;
  /** Of one clock for the whole history, which `expiresAtMs` is told by as well (see `CheckOptions.toleranceMs`). */
  readonly callMs: number;
  /** When the answer was there; of an unknown outcome it is not looked at. */
  readonly returnMs: number;
}

/** No answer came: it may have taken effect at any time since the call, or never. */
interface Unknown {
  readonly type: 'unknown';
}

export interface Refused {
  readonly type: 'refused';
  /** Of the API's problems. One that says nothing of seats, reservations and balances (`overloaded`) is passed over. */
  readonly code: string;
  /** Of `seat_unavailable`: exactly the ones that are taken. */
  readonly seatIds?: readonly string[];
  /** Of `insufficient_balance`. */
  readonly balance?: number;
  readonly required?: number;
}

type Outcome<Answer> = ({ readonly type: 'done' } & Answer) | Refused | Unknown;

export const reservationStatuses = ['held', 'paying', 'paid', 'expired', 'cancelled'] as const;
export type ReservationStatus = (typeof reservationStatuses)[number];

export interface RecordedHold extends Asked {
  readonly type: 'hold';
  readonly scheduleId: string;
  readonly seatIds: readonly string[];
  readonly outcome: Outcome<{
    readonly reservationId: string;
    readonly totalPrice: number;
    readonly expiresAtMs: number;
  }>;
}

export interface RecordedCancel extends Asked {
  readonly type: 'cancel';
  readonly reservationId: string;
  readonly outcome: Outcome<object>;
}

export interface RecordedPay extends Asked {
  readonly type: 'pay';
  readonly reservationId: string;
  /** `balance`: what is left. */
  readonly outcome: Outcome<{ readonly amount: number; readonly balance: number }>;
}

/** The durable read of a reservation. */
export interface RecordedRead extends Asked {
  readonly type: 'read';
  readonly reservationId: string;
  readonly outcome: Outcome<{ readonly status: ReservationStatus }>;
}

export interface RecordedCharge extends Asked {
  readonly type: 'charge';
  readonly amount: number;
  readonly outcome: Outcome<{ readonly chargeId: string; readonly balance: number }>;
}

export interface RecordedBalance extends Asked {
  readonly type: 'balance';
  readonly outcome: Outcome<{ readonly balance: number }>;
}

export type Recorded = RecordedHold | RecordedCancel | RecordedPay | RecordedRead | RecordedCharge | RecordedBalance;
