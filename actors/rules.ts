/**
 * The settings of the trade, given once by the composition root. `decide` may use all of them; `evolve` and `decode`
 * only those marked *fixed*, because a journal must replay to the same bytes under any configuration.
 */
export interface Rules {
  /** How long a hold lasts, ms. */
  readonly holdTtlMs: number;
  readonly seatsPerReservationMax: number;
  /** Seats of one schedule that one user may have: live holds plus paid. */
  readonly seatsPerUserMax: number;
  /** Holds or sessions ended by one `ExpireDue`. */
  readonly expiriesPerTurnMax: number;
  /** Ended reservations that a schedule keeps whole. *Fixed.* */
  readonly endedReservationsMax: number;
  /** Highest balance of a wallet, minor units. */
  readonly balanceMax: number;
  /** People in the engine's own line. */
  readonly engineLineMax: number;
  /** Live sessions of one room. */
  readonly sessionsMax: number;
  /** Ranges of places left early, per line. */
  readonly leaverRangesMax: number;
}
