/** One JetStream stream as the server keeps it, with the parts of its promises that Onsale uses. */

export interface StreamMessage {
  readonly seq: number;
  readonly subject: string;
  readonly data: Uint8Array;
  /** `Nats-Msg-Id`, where there is one. */
  readonly id: string | null;
}

export type Stored =
  | { readonly type: 'stored'; readonly seq: number }
  | { readonly type: 'refused'; readonly code: number; readonly description: string };

export class SimulatedStream {
  readonly name: string;
  readonly description: string;
  readonly #onePerSubject: boolean;
  /** By sequence, in order. */
  readonly #messages = new Map<number, StreamMessage>();
  readonly #lastOfSubject = new Map<string, number>();
  readonly #seqOfId = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #lastSeq = 0;
  #deleted = false;

  constructor(name: string, description: string, onePerSubject: boolean) {
    this.name = name;
    this.description = description;
    this.#onePerSubject = onePerSubject;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get size(): number {
    return this.#messages.size;
  }

  get deleted(): boolean {
    return this.#deleted;
  }

  /** Stores a message; one whose id is known is answered with what is there. */
  store(subject: string, data: Uint8Array, id: string | null = null): Stored {
    const known = id === null ? undefined : this.#seqOfId.get(id);
    if (known !== undefined) return { type: 'stored', seq: known };
    if (this.#onePerSubject && this.#lastOfSubject.has(subject)) {
      return { type: 'refused', code: 10_077, description: 'maximum messages per subject exceeded' };
    }
    const seq = ++this.#lastSeq;
    this.#messages.set(seq, { seq, subject, data, id });
    this.#lastOfSubject.set(subject, seq);
    if (id !== null) this.#seqOfId.set(id, seq);
    for (const listener of this.#listeners) listener();
    return { type: 'stored', seq };
  }

  /** The id of the last message stored; null when it has none, or nothing was ever stored. */
  lastId(): string | null {
    return this.#messages.get(this.#lastSeq)?.id ?? null;
  }

  hasId(id: string): boolean {
    return this.#seqOfId.has(id);
  }

  get(seq: number): StreamMessage | null {
    return this.#messages.get(seq) ?? null;
  }

  lastOf(subject: string): StreamMessage | null {
    const seq = this.#lastOfSubject.get(subject);
    return seq === undefined ? null : this.get(seq);
  }

  /** The first message at or above `seq`. */
  from(seq: number): StreamMessage | null {
    for (const message of this.#messages.values()) if (message.seq >= seq) return message;
    return null;
  }

  messages(): IterableIterator<StreamMessage> {
    return this.#messages.values();
  }

  countAbove(seq: number): number {
    let count = 0;
    for (const message of this.#messages.values()) if (message.seq > seq) count += 1;
    return count;
  }

  delete(seq: number): boolean {
    const message = this.#messages.get(seq);
    if (message === undefined) return false;
    this.#messages.delete(seq);
    if (this.#lastOfSubject.get(message.subject) === seq) this.#lastOfSubject.delete(message.subject);
    return true;
  }

  /** As NATS purges with `seq`: everything below it. */
  purgeBelow(seq: number): void {
    for (const message of this.#messages.values()) if (message.seq < seq) this.delete(message.seq);
  }

  /** A power loss: the last messages were never synced. */
  loseAbove(seq: number): void {
    for (const message of this.#messages.values()) {
      if (message.seq <= seq) continue;
      this.delete(message.seq);
      if (message.id !== null) this.#seqOfId.delete(message.id);
    }
    this.#lastSeq = Math.min(this.#lastSeq, seq);
  }

  remove(): void {
    this.#deleted = true;
    for (const listener of this.#listeners) listener();
  }

  /** Calls back when a message is stored, and when the stream is deleted. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
