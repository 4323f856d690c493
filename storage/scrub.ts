/**
 * Reads everything again in the background, in small pieces, to find damage before it is needed: the journal from
 * batch 1, then all snapshots. Damage throws `StorageDamaged`; a damaged snapshot has been marked by then.
 */
import type { JournalReader } from './journal-reader.ts';
import type { StateWriter } from './state-writer.ts';

/** One piece: about 2 ms of work. */
const pieceCharsMax = 1024 * 1024;
const pieceSnapshotsMax = 100;

type Stage =
  | { readonly type: 'journal'; readonly next: number }
  | { readonly type: 'snapshots'; readonly after: string };

export class Scrub {
  readonly #reader: JournalReader;
  readonly #store: StateWriter;
  #stage: Stage = { type: 'journal', next: 1 };

  constructor(reader: JournalReader, store: StateWriter) {
    this.#reader = reader;
    this.#store = store;
  }

  /**
   * Verifies one piece.
   *
   * @param through the journal's last durable batch
   * @returns whether that ended a pass over everything
   */
  step(through: number): boolean {
    switch (this.#stage.type) {
      case 'journal': {
        const next = this.#stepJournal(this.#stage.next, through);
        this.#stage = next > through ? { type: 'snapshots', after: '' } : { type: 'journal', next };
        return false;
      }
      case 'snapshots': {
        const last = this.#store.scrub(this.#stage.after, pieceSnapshotsMax);
        this.#stage = last === undefined ? { type: 'journal', next: 1 } : { type: 'snapshots', after: last };
        return last === undefined;
      }
    }
  }

  #stepJournal(from: number, through: number): number {
    let chars = 0;
    let next = from;
    for (const row of this.#reader.rows(from, through)) {
      next = row.batch + 1;
      chars += row.chars;
      if (chars >= pieceCharsMax) break;
    }
    return next;
  }
}
