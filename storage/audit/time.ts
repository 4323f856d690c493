/** Batches are numbered without gaps, and stamped time never goes back. */
import type { StoredBatch, Turn } from '../../engine/ports.ts';
import type { Findings } from './findings.ts';

export class TimeAudit {
  readonly #findings: Findings;
  #lastBatch = 0;
  #lastMs = -Infinity;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  batch(batch: StoredBatch): void {
    const where = `batch ${batch.number}`;
    if (batch.number !== this.#lastBatch + 1) {
      this.#findings.addAt('batch-gap', where, `it follows batch ${this.#lastBatch}`);
    }
    const last = batch.turns.at(-1);
    if (last === undefined) this.#findings.addAt('time-back', where, 'it has no turn');
    else if (last.atMs !== batch.atMs) {
      this.#findings.addAt('time-back', where, `it is stamped ${batch.atMs}, its last turn ${last.atMs}`);
    }
    this.#lastBatch = batch.number;
  }

  turn(turn: Turn): void {
    if (turn.atMs < this.#lastMs) {
      const { batch, turn: index } = this.#findings;
      const what = `it is stamped ${turn.atMs}, the turn before ${this.#lastMs}`;
      this.#findings.addAt('time-back', `batch ${batch}, turn ${index}`, what);
    }
    this.#lastMs = turn.atMs;
  }
}
