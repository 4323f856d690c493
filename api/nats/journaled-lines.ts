/** What the journal knows of the stream lines of one room. */
import type { RoomView } from '../../actors/admission/messages.ts';
import type { OnsaleEngine } from '../protocols.ts';
import { placesIn } from './line-stream.ts';

type JournaledLine = RoomView['lines'][number];

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

  /** The highest place dealt with, once that is on disk. */
  async durableTakenThrough(epoch: string): Promise<number> {
    const seen = await this.#engine.viewDurable<'admission', 'room'>(`admission:${this.#room}`, { type: 'room' });
    return seen?.lines.find((line) => line.epoch === epoch)?.takenThrough ?? 0;
  }

  /** Each place above `takenThrough` that has left. */
  leaverPlaces(epoch: string): number[] {
    const asked = { type: 'leavers', epoch } as const;
    return placesIn(this.#engine.view<'admission', 'leavers'>(`admission:${this.#room}`, asked));
  }
}
