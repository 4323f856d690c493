/** What the journal knows of the stream lines of one room. */
import type { RoomView } from '../../actors/admission/messages.ts';
import type { OnsaleEngine } from '../protocols.ts';

type JournaledLine = RoomView['lines'][number];

interface KnownPlaces {
  readonly takenThrough: number;
  readonly lastPlace: number;
}

export class JournaledLines {
  readonly #engine: OnsaleEngine;
  readonly #room: string;

  constructor(engine: OnsaleEngine, room: string) {
    this.#engine = engine;
    this.#room = room;
  }

  all(): readonly JournaledLine[] {
    const view = this.#engine.view<'admission', 'room'>(`admission:${this.#room}`, { type: 'room' });
    return view?.lines.filter((line) => line.line === 'stream') ?? [];
  }

  find(epoch: string): JournaledLine | undefined {
    return this.all().find((line) => line.epoch === epoch);
  }

  /**
   * What each epoch had at least: the places dealt with, and the last place that anybody is known to have had.
   *
   * @param open the line that is read now
   */
  placesKnown(open: { readonly epoch: string; readonly lastPlace: number } | null): ReadonlyMap<string, KnownPlaces> {
    return new Map(
      this.all().map(({ epoch, takenThrough, lastLeaver }) => {
        const lastSeen = open?.epoch === epoch ? open.lastPlace : 0;
        return [epoch, { takenThrough, lastPlace: Math.max(takenThrough, lastLeaver, lastSeen) }];
      }),
    );
  }

  /** The highest place dealt with, once that is on disk. */
  async durableTakenThrough(epoch: string): Promise<number> {
    const seen = await this.#engine.viewDurable<'admission', 'room'>(`admission:${this.#room}`, { type: 'room' });
    return seen?.lines.find((line) => line.epoch === epoch)?.takenThrough ?? 0;
  }

  /** The places above `takenThrough` that have left, as first, last, first, last … in order. */
  leavers(epoch: string): readonly number[] {
    return this.#engine.view<'admission', 'leavers'>(`admission:${this.#room}`, { type: 'leavers', epoch });
  }
}
