/** Whatever the follower feeds with durable batches and that keeps its own position beside its own rows. */
import type { StoredBatch } from '../engine/ports.ts';

export interface BatchConsumer {
  /** Number of the last batch whose rows are committed; 0 for none. */
  readonly through: number;
  /** Opens a transaction. */
  begin(): void;
  /** One batch, in order, none left out, the first being `through + 1`. Between `begin` and `commit`. */
  apply(batch: StoredBatch): void;
  /** Commits the rows together with the position of the last batch applied. */
  commit(): void;
  close(): void;
}

/** What a consumer's module exports, so that the follower thread can load it by URL. */
export interface BatchConsumerModule {
  /**
   * @param file the consumer's own database file; made when it does not exist
   * @param journalId id of the journal that the batches come from; a file filled from another one is refused
   * @param journalEnd number of its last batch; a file of an earlier version that is ahead of it is left as it is and refused
   */
  openConsumer(file: string, journalId: string, journalEnd: number): BatchConsumer;
}
