/**
 * Turns of batches that were read for the replay of a key. Clients that try again try many keys of one batch at about
 * the same time, and reading a batch means to hash and parse all of it on the engine's thread. Durable batches never
 * change, so what was verified once may be given again.
 */
import type { StoredBatch, Turn } from '../engine/ports.ts';

interface Kept {
  readonly turns: ReadonlyMap<number, Turn>;
  readonly chars: number;
}

export class RecentTurns {
  readonly #charsMax: number;
  /** The batches read last stand last. */
  readonly #batches = new Map<number, Kept>();
  #chars = 0;

  /** @param charsMax bound of what is kept, as the length of its JSON */
  constructor(charsMax: number) {
    this.#charsMax = charsMax;
  }

  get(batch: number, turn: number): Turn | undefined {
    return this.#batches.get(batch)?.turns.get(turn);
  }

  /**
   * Keeps the turns that bind a key; nobody asks for others.
   *
   * @param chars length of the batch's JSON
   */
  keep(batch: StoredBatch, chars: number): void {
    const turns = new Map<number, Turn>();
    for (let index = 0; index < batch.turns.length; index += 1) {
      const turn = batch.turns[index];
      if (turn?.binding !== undefined) turns.set(index, turn);
    }
    // Large batches are large by what expires in them; the few keys beside it may take little.
    const kept = chars <= this.#charsMax ? chars : JSON.stringify([...turns.values()]).length;
    if (kept > this.#charsMax) return;
    this.#forget(batch.number);
    this.#batches.set(batch.number, { turns, chars: kept });
    this.#chars += kept;
    for (const oldest of this.#batches.keys()) {
      if (this.#chars <= this.#charsMax) return;
      this.#forget(oldest);
    }
  }

  #forget(batch: number): void {
    this.#chars -= this.#batches.get(batch)?.chars ?? 0;
    this.#batches.delete(batch);
  }
}
