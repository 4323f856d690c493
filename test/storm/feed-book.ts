/** What the feed brought against what the journal has: every public event at least once, none beside, in order. Pure. */
import type { Ledger } from './ledger.ts';
import { batchOf, type ToldEvent } from './told-event.ts';

export class FeedBook {
  readonly #ledger: Pick<Ledger, 'find'>;
  /** By ce-id: the lowest sequence in the stream under which it came. */
  readonly #received = new Map<string, number>();
  readonly #matched = new Set<string>();
  /** By actor: the sequence of its last event in the journal's order. */
  readonly #lastOf = new Map<string, number>();

  constructor(ledger: Pick<Ledger, 'find'>) {
    this.#ledger = ledger;
  }

  /** Events that came, repetitions not counted. */
  get size(): number {
    return this.#matched.size + this.#received.size;
  }

  receive(id: string, sequence: number): void {
    if (this.#matched.has(id)) return;
    const before = this.#received.get(id);
    if (before === undefined || sequence < before) this.#received.set(id, sequence);
  }

  has(id: string): boolean {
    return this.#received.has(id) || this.#matched.has(id);
  }

  /** `told`: what the journal has since the last time, in its order; `through`: its last batch then. */
  compare(told: readonly ToldEvent[], through: number): void {
    for (const { id, subject } of told) {
      const sequence = this.#received.get(id);
      if (sequence === undefined) {
        this.#ledger.find('feed-gap', `the feed never brought ${id} of ${subject}`);
        continue;
      }
      const last = this.#lastOf.get(subject) ?? 0;
      if (sequence < last) this.#ledger.find('feed-order', `${id} of ${subject} came before an older event`);
      this.#lastOf.set(subject, Math.max(last, sequence));
      this.#received.delete(id);
      this.#matched.add(id);
    }
    for (const id of this.#received.keys()) {
      // Younger ones have happened since the journal was read.
      if (batchOf(id) > through) continue;
      this.#ledger.find('feed-ghost', `the feed brought ${id}, which the journal has not`);
      this.#received.delete(id);
    }
  }
}
