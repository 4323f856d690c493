/** What is on sale in the workloads that hold free seats, and which of the seats each contender was asked for. */
import { type Catalogue, seatsPerRow } from '../contender.ts';
import type { Entrant } from '../harness/entrant.ts';
import type { HoldsPlan } from '../harness/request-plan.ts';

const schedules = 50;
/** Seats for so many holds a second; a contender that holds more has shorter rounds. */
const holdsPerSecondMax = 60_000;

export class SalePlan {
  readonly catalogue: Catalogue;
  /** Seats of one round. */
  readonly #roundMax: number;
  readonly #seats: number;
  readonly #asked = new Map<Entrant, number>();

  /** Seats for so many rounds of so many seconds, counted or not; `users` is a multiple of the 50 dates. */
  constructor(rounds: number, seconds: number, users: number) {
    this.#roundMax = Math.ceil(holdsPerSecondMax * seconds);
    const rows = Math.ceil((this.#roundMax * rounds) / schedules / seatsPerRow) + 1;
    this.catalogue = { schedules, rowsPerSchedule: rows, users };
    this.#seats = schedules * rows * seatsPerRow;
  }

  /**
   * Holds of the next free seats of this contender, at most those of one round; throws when there are none left. A
   * baseline keeps no seats, so it has as many as are wished.
   */
  next(entrant: Entrant, wanted: number): HoldsPlan {
    const first = this.#asked.get(entrant) ?? 0;
    const count = entrant.contender.baseline === true ? wanted : Math.min(wanted, this.#roundMax, this.#seats - first);
    if (count <= 0) throw new Error('all seats are held: more rounds than were planned');
    this.#asked.set(entrant, first + count);
    return { kind: 'holds', tokens: entrant.running.tokens, schedules, first, count };
  }
}
