/** The engine's own line as anyone would keep one: a list of people. */
import type { Event } from '../../../engine/actor.ts';
import type { LineCommand, LineEvent, LineQuery } from '../../../actors/line/messages.ts';
import { happened, refused, unchanged } from './verdict.ts';

export class LineReference {
  readonly #peopleMax: number;
  #epoch: string | null = null;
  #last = 0;
  #people: { readonly place: number; readonly userId: string }[] = [];

  constructor(peopleMax: number) {
    this.#peopleMax = peopleMax;
  }

  expect(command: LineCommand): string {
    switch (command.type) {
      case 'StartLine':
        return this.#epoch === null ? happened([`started ${command.epoch}`]) : unchanged(`started ${this.#epoch}`);
      case 'JoinLine': {
        const found = this.#people.find(({ userId }) => userId === command.userId);
        if (found !== undefined) return unchanged(`joined ${found.place}`);
        if (this.#people.length >= this.#peopleMax) return refused('overloaded', { limit: this.#peopleMax });
        return happened([`joined ${command.userId} ${this.#last + 1}`]);
      }
      case 'LeaveLine': {
        const stands = this.#people.some(({ place }) => place === command.place);
        return stands ? happened([`left ${command.place}`]) : unchanged();
      }
      case 'SettleLine': {
        const some = this.#people.some(({ place }) => place <= command.through);
        return some ? happened([`settled ${command.through}`]) : unchanged();
      }
    }
  }

  apply(event: LineEvent): void {
    switch (event.type) {
      case 'LineStarted':
        this.#epoch = event.epoch;
        return;
      case 'LineJoined':
        this.#last = event.place;
        this.#people.push({ place: event.place, userId: event.userId });
        return;
      case 'LineLeft':
        this.#people = this.#people.filter(({ place }) => place !== event.place);
        return;
      case 'LineSettled':
        this.#people = this.#people.filter(({ place }) => place > event.through);
        return;
    }
  }

  see(query: LineQuery): string {
    switch (query.type) {
      case 'next':
        return JSON.stringify(this.#people.filter(({ place }) => place > query.after).slice(0, query.count));
      case 'place':
        return JSON.stringify(this.#people.find(({ userId }) => userId === query.userId)?.place ?? null);
      case 'counts':
        return JSON.stringify({ epoch: this.#epoch, waiting: this.#people.length, lastPlace: this.#last });
    }
  }
}

export function tellLine(event: Event): string {
  // True: only a line decides events under its address.
  const told = event as LineEvent;
  switch (told.type) {
    case 'LineStarted':
      return `started ${told.epoch}`;
    case 'LineJoined':
      return `joined ${told.userId} ${told.place}`;
    case 'LineLeft':
      return `left ${told.place}`;
    case 'LineSettled':
      return `settled ${told.through}`;
  }
}

export function lineAnswer(reply: unknown): string {
  if (typeof reply !== 'object' || reply === null) return '';
  if ('place' in reply) return `joined ${String(reply.place)}`;
  return 'epoch' in reply ? `started ${String(reply.epoch)}` : '';
}
