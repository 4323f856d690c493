/**
 * Tells storage which durable commands are certainly acked, so that their keys may go 24 h later (invariant 6).
 *
 * A command's message is in the stream before its key is bound, and leaves the stream with its ack. So all keys bound
 * through a batch belong to messages at or below the stream's last sequence as seen after that batch; once the stream
 * begins above that sequence, all of them are acked. Nothing has to be remembered of single messages, and a note that is
 * lost, or a process that dies between the two looks, only keeps keys longer.
 */
import type { StreamInfo } from '@nats-io/jetstream';

export interface AckedThroughOptions {
  readonly durableBatch: () => number;
  /** Stamped time, ms. */
  readonly nowMs: () => number;
  /** By `atMs`, the messages of all keys bound in batches through this one were acked. */
  readonly note: (through: number, atMs: number) => void;
}

interface Mark {
  /** When the stream was made: one made again numbers anew. */
  readonly created: string;
  readonly lastSequence: number;
  readonly batch: number;
}

export class AckedThrough {
  readonly #options: AckedThroughOptions;
  #mark: Mark | null = null;
  #noted = 0;

  constructor(options: AckedThroughOptions) {
    this.#options = options;
  }

  /** Looks at the stream; `read` is called after the batch is taken down. Rejects as `read` does. */
  async look(read: () => Promise<StreamInfo>): Promise<void> {
    const { durableBatch, nowMs, note } = this.#options;
    const batch = durableBatch();
    const { created, state } = await read();
    const mark = this.#mark;
    if (mark !== null && (mark.created !== created || state.messages === 0 || state.first_seq > mark.lastSequence)) {
      this.#mark = null;
      if (mark.batch > this.#noted) {
        this.#noted = mark.batch;
        note(mark.batch, nowMs());
      }
    }
    this.#mark ??= { created, lastSequence: state.last_seq, batch };
  }
}
