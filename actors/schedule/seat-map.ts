/** The seats of one date in layout order: five bytes each, however many there are. */

/** The bytes of `SeatsView.statuses`. */
export const seatAvailable = 0;
export const seatHeld = 1;
export const seatSold = 2;

export class SeatMap {
  /** A byte a seat. Read freely; only the methods below write. */
  readonly statuses: Uint8Array;
  /** Ordinal of the reservation that has the seat; 0 for a free one. */
  readonly owners: Int32Array;
  available: number;
  /** Changes of a seat's status since the schedule was opened. */
  changes = 0;

  constructor(seatsTotal: number) {
    this.statuses = new Uint8Array(seatsTotal);
    this.owners = new Int32Array(seatsTotal);
    this.available = seatsTotal;
  }

  hold(index: number, ordinal: number): void {
    this.statuses[index] = seatHeld;
    this.owners[index] = ordinal;
    this.available--;
    this.changes++;
  }

  free(index: number): void {
    this.statuses[index] = seatAvailable;
    this.owners[index] = 0;
    this.available++;
    this.changes++;
  }

  /** A held seat is sold to the reservation that has it. */
  sell(index: number): void {
    this.statuses[index] = seatSold;
    this.changes++;
  }
}
