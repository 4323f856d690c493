/**
 * Reads everything again in the background, in small pieces, to find damage before it is needed: the journal from
 * batch 1, then all snapshots, then all bound keys. Damage throws `StorageDamaged`; what can be made again has been
 * marked by then.
 */
import type { JournalReader } from './journal-reader.ts';
import type { StateAudit } from './state-audit.ts';

/** One piece: about 2 ms of work. */
const pieceCharsMax = 1024 * 1024;
const pieceSnapshotsMax = 100;
const pieceKeysMax = 500;

type Stage =
  | { readonly type: 'journal'; readonly next: number }
  | { readonly type: 'snapshots' }
  | { readonly type: 'keys' }
  | { readonly type: 'durable_keys' };

export class Scrub {
  readonly #reader: JournalReader;
  readonly #state: StateAudit;
  #stage: Stage = { type: 'journal', next: 1 };

  constructor(reader: JournalReader, state: StateAudit) {
    this.#reader = reader;
    this.#state = state;
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
        this.#stage = next > through ? { type: 'snapshots' } : { type: 'journal', next };
        return false;
      }
      case 'snapshots':
        if (this.#state.scrubSnapshots(pieceSnapshotsMax)) this.#stage = { type: 'keys' };
        return false;
      case 'keys':
        if (this.#state.scrubKeys('keys', pieceKeysMax)) this.#stage = { type: 'durable_keys' };
        return false;
      case 'durable_keys': {
        const isEnded = this.#state.scrubKeys('durable_keys', pieceKeysMax);
        if (isEnded) this.#stage = { type: 'journal', next: 1 };
        return isEnded;
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
