/** Places in line, as people were told them: one of a user, one user of a place, and nobody forgotten. */
import type { Auditor } from '../../storage/audit/auditor.ts';

/** A place in line that its user knows of. */
export interface ToldPlace {
  readonly userId: string;
  readonly room: string;
  readonly epoch: string;
  readonly place: number;
}

export class PlaceJudge {
  readonly #auditor: Auditor;
  /** A line that lost power draws places again that nobody knows to have been told. */
  readonly #powerLoss: boolean;
  readonly #wrong: (what: string) => void;
  /** By room, epoch and place. */
  readonly #places = new Map<string, ToldPlace>();

  constructor(auditor: Auditor, powerLoss: boolean, wrong: (what: string) => void) {
    this.#auditor = auditor;
    this.#powerLoss = powerLoss;
    this.#wrong = wrong;
  }

  told(told: ToldPlace): void {
    const { room, epoch, place, userId } = told;
    const name = `${room}|${epoch}|${place}`;
    const before = this.#places.get(name);
    if (before?.userId === userId) return;
    this.#places.set(name, told);
    if (this.#powerLoss) return;
    if (before !== undefined) this.#wrong(`place ${place} of ${room} was told to ${before.userId} and to ${userId}`);
    // Who is inside and joins by publishing draws a place beside the session; what the door tells is the session's.
    if (this.#auditor.sessions(room).get(userId)?.place === place) return;
    for (const other of this.stillWaiting()) {
      if (other.userId !== userId || other.room !== room || other.epoch !== epoch || other.place === place) continue;
      this.#wrong(`${userId} waits at place ${other.place} of ${room}, and was told place ${place}`);
    }
  }

  /** JetStream has acknowledged a join that did not come through the program. */
  acknowledged(told: ToldPlace): void {
    // Whoever is inside has the session's token already: a place drawn beside it promises nothing, and is given up.
    if (!this.#auditor.sessions(told.room).has(told.userId)) this.told(told);
  }

  /** Everyone who was told a place and is neither inside, nor was, nor left, nor lost with the line. */
  stillWaiting(): ToldPlace[] {
    return [...this.#places.values()].filter(({ room, epoch, place }) => {
      const line = this.#auditor.rooms.rooms.get(room)?.lines.get(epoch);
      return line === undefined || (!line.lost && place > line.takenThrough && !line.left.has(place));
    });
  }
}
