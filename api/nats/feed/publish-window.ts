/**
 * What is on its way to the stream: bounded, and counted as arrived only from the front, so that everything before the
 * reached position is known to be stored. After the first failure nothing counts any more.
 */
import type { EventPosition } from './event-id.ts';

interface Entry {
  /** Everything before this is stored once this entry and all before it have arrived. */
  readonly reaches: EventPosition;
  arrived: boolean;
}

export interface WindowBounds {
  readonly messagesMax: number;
  readonly bytesMax: number;
}

export class PublishWindow {
  readonly #bounds: WindowBounds;
  readonly #onReached: (position: EventPosition) => void;
  #entries: Entry[] = [];
  /** Entries before this one have arrived and wait to be dropped. */
  #front = 0;
  #inFlight = 0;
  #bytes = 0;
  #failure: Error | null = null;
  #changed = Promise.withResolvers<void>();

  /** `onReached` is told how far everything is stored; it only ever grows. */
  constructor(bounds: WindowBounds, onReached: (position: EventPosition) => void) {
    this.#bounds = bounds;
    this.#onReached = onReached;
  }

  /** Why nothing counts any more; null while all goes well. */
  get failure(): Error | null {
    return this.#failure;
  }

  add(publishing: Promise<void>, bytes: number, reaches: EventPosition): void {
    const entry: Entry = { reaches, arrived: false };
    this.#entries.push(entry);
    this.#inFlight += 1;
    this.#bytes += bytes;
    void this.#settle(entry, publishing, bytes);
  }

  /** A position that needs nothing more than what was added before it. */
  mark(reaches: EventPosition): void {
    this.#entries.push({ reaches, arrived: true });
    this.#advance();
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  get full(): boolean {
    return this.#inFlight >= this.#bounds.messagesMax || this.#bytes >= this.#bounds.bytesMax;
  }

  /** Resolves at the next arrival or failure. */
  async change(): Promise<void> {
    await this.#changed.promise;
  }

  async #settle(entry: Entry, publishing: Promise<void>, bytes: number): Promise<void> {
    try {
      await publishing;
      entry.arrived = true;
      this.#advance();
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
    this.#inFlight -= 1;
    this.#bytes -= bytes;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  #advance(): void {
    if (this.#failure !== null) return;
    const before = this.#front;
    while (this.#entries[this.#front]?.arrived === true) this.#front += 1;
    if (this.#front === before) return;
    // In bounds: the front has just passed this one.
    this.#onReached(this.#entries[this.#front - 1]!.reaches);
    if (this.#front < 1_024 && this.#front < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#front);
    this.#front = 0;
  }
}
