/** A line beside the engine, as a stream is one: the simplest thing that keeps the port's promises. */
import type { Taken, WaitingLine } from '../../api/queue/waiting-line.ts';
import type { PersonInLine } from '../../actors/line/messages.ts';

export class MemoryLine implements WaitingLine {
  readonly epoch: string;
  readonly kind = 'stream';
  people: PersonInLine[] = [];
  /** While true every call fails, as it does when the server is away. */
  away = false;
  #lastPlace = 0;

  constructor(epoch: string) {
    this.epoch = epoch;
  }

  async join(userId: string) {
    if (this.away) return { type: 'refused', code: 'queue_unavailable' } as const;
    const found = this.people.find((person) => person.userId === userId);
    if (found !== undefined) return { type: 'joined', place: found.place, existing: true } as const;
    this.#lastPlace += 1;
    this.people.push({ place: this.#lastPlace, userId });
    return { type: 'joined', place: this.#lastPlace, existing: false } as const;
  }

  async take(after: number, count: number): Promise<Taken> {
    this.#reach();
    const people = this.people.filter((person) => person.place > after).slice(0, count);
    const through = people.length === count ? (people.at(-1)?.place ?? after) : Math.max(after, this.#lastPlace);
    return { people, through };
  }

  async settle(through: number): Promise<void> {
    this.#reach();
    this.people = this.people.filter((person) => person.place > through);
  }

  async leave(place: number): Promise<void> {
    this.#reach();
    this.people = this.people.filter((person) => person.place !== place);
  }

  async counts() {
    this.#reach();
    return { waiting: this.people.length, lastPlace: this.#lastPlace };
  }

  #reach(): void {
    if (this.away) throw new Error('the line is away');
  }
}
