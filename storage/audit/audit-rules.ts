/** Settings of the audited program. The journal does not tell them; what is null is not checked. */
export interface AuditRules {
  /** How long a hold lasts, ms. */
  readonly holdTtlMs: number | null;
  readonly seatsPerReservationMax: number | null;
  /** Seats of one schedule that one user may have: live holds plus paid. */
  readonly seatsPerUserMax: number | null;
  /** Highest balance of a wallet, minor units. */
  readonly balanceMax: number | null;
  /** How long a key stays bound, ms. Null: for ever. */
  readonly keyTtlMs: number | null;
  /** Ended reservations that a schedule’s snapshot keeps whole. */
  readonly endedReservationsMax: number | null;
  /** How late a hold or session may end, ms of activity (`overdue.ts`). */
  readonly overdueMaxMs: number | null;
  /** The longest pause between two turns that counts as activity, ms: in a longer one the program may have been down. */
  readonly pauseMaxMs: number;
}

/** Checks only what holds under every setting. */
export const anySettings: AuditRules = {
  holdTtlMs: null,
  seatsPerReservationMax: null,
  seatsPerUserMax: null,
  balanceMax: null,
  keyTtlMs: null,
  endedReservationsMax: null,
  overdueMaxMs: 1_000,
  pauseMaxMs: 250,
};

/** The bounds of `api/limits.ts` that no setting changes; a test compares them. */
export const fixedRules: AuditRules = {
  ...anySettings,
  balanceMax: 1_000_000_000_000,
  keyTtlMs: 24 * 60 * 60 * 1000,
  endedReservationsMax: 10_000,
};
