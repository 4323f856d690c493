import type { Rules } from '../../actors/rules.ts';

/** Small bounds, so that tests reach them. */
export const rulesUnderTest: Rules = {
  holdTtlMs: 300_000,
  seatsPerReservationMax: 8,
  seatsPerUserMax: 8,
  expiriesPerTurnMax: 1_000,
  endedReservationsMax: 10_000,
  balanceMax: 1_000_000_000_000,
  engineLineMax: 100_000,
  sessionsMax: 1_000_000,
  leaverRangesMax: 1_000_000,
};
