/** The seats of a hall by id, in layout order. Dates with equal sections share one. */
import type { Seat, SectionSpec } from '../../actors/schedule/messages.ts';

export class Hall {
  readonly sections: readonly SectionSpec[];
  readonly seats: readonly Seat[];
  readonly #indexes = new Map<string, number>();

  constructor(sections: readonly SectionSpec[]) {
    const seats: Seat[] = [];
    for (const section of sections) {
      for (const row of section.rows) {
        for (let number = 1; number <= row.seats; number += 1) {
          const id = `${section.name}-${row.name}-${number}`;
          this.#indexes.set(id, seats.length);
          seats.push({ id, section: section.name, row: row.name, number, price: section.price });
        }
      }
    }
    this.sections = sections;
    this.seats = seats;
  }

  /** The seat's index in layout order; undefined for a seat that the hall does not have. */
  indexOf(seatId: string): number | undefined {
    return this.#indexes.get(seatId);
  }

  seatAt(index: number): Seat {
    const seat = this.seats[index];
    if (seat === undefined) throw new Error(`no seat has the index ${index}`);
    return seat;
  }
}

export class Halls {
  readonly #byText = new Map<string, Hall>();

  of(sections: readonly SectionSpec[]): Hall {
    const text = JSON.stringify(sections);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const hall = new Hall(sections);
    this.#byText.set(text, hall);
    return hall;
  }
}
