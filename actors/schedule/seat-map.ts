/**
 * The seats of one date in layout order: five bytes each, however many there are. A date of which no seat was ever held
 * has none of its own: most of a season's dates are like that, and share the columns of their layout.
 */

/** The bytes of `SeatsView.statuses`. */
export const seatAvailable = 0;
export const seatHeld = 1;
export const seatSold = 2;

/** The columns of a date of which no seat was ever held: zeros, never written. */
export interface BlankSeats {
  readonly statuses: Readonly<Uint8Array>;
  readonly owners: Readonly<Int32Array>;
}

export function blankSeats(seatsTotal: number): BlankSeats {
  return { statuses: new Uint8Array(seatsTotal), owners: new Int32Array(seatsTotal) };
}

export class SeatMap {
  available: number;
  /** Changes of a seat's status since the schedule was opened. */
  changes = 0;
  #statuses: Uint8Array;
  #owners: Int32Array;
  #shared = true;

  constructor(blank: BlankSeats) {
    // Not written while they are shared: see `hold`, which comes before every other change of a seat.
    this.#statuses = blank.statuses;
    this.#owners = blank.owners;
    this.available = blank.statuses.length;
  }

  /** A byte a seat. */
  get statuses(): Readonly<Uint8Array> {
    return this.#statuses;
  }

  /** Ordinal of the reservation that has the seat; 0 for a free one. */
  get owners(): Readonly<Int32Array> {
    return this.#owners;
  }

  hold(index: number, ordinal: number): void {
    if (this.#shared) this.#ownColumns();
    this.#statuses[index] = seatHeld;
    this.#owners[index] = ordinal;
    this.available--;
    this.changes++;
  }

  free(index: number): void {
    this.#statuses[index] = seatAvailable;
    this.#owners[index] = 0;
    this.available++;
    this.changes++;
  }

  /** A held seat is sold to the reservation that has it. */
  sell(index: number): void {
    this.#statuses[index] = seatSold;
    this.changes++;
  }

  #ownColumns(): void {
    this.#shared = false;
    this.#statuses = new Uint8Array(this.#statuses.length);
    this.#owners = new Int32Array(this.#owners.length);
  }
}
