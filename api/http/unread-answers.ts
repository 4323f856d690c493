/**
 * Large answers that their readers have not taken. A list of many seats is as many bytes for each of its versions, and a
 * client may ask for one after the other and read none, so all together are bounded: past that, the connections that have
 * had the oldest one for so long are cut off.
 */

interface Reader {
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

/** Smaller answers are no matter beside the connection that holds them, bytes. */
const largeMin = 64 * 1024;

export class UnreadAnswers {
  readonly #bytesMax: number;
  /** By the bytes themselves, which readers of one version share; the oldest first. */
  readonly #readers = new Map<Uint8Array, Set<Reader>>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `reader` has been given this body, and closes when it has taken it or is gone. */
  given(body: unknown, reader: Reader): void {
    if (!(body instanceof Uint8Array) || body.byteLength < largeMin) return;
    const readers = this.#readers.get(body) ?? this.#kept(body);
    readers.add(reader);
    reader.once('close', () => {
      readers.delete(reader);
      if (readers.size === 0) this.#forget(body);
    });
    for (const [oldest, slow] of this.#readers) {
      if (this.#bytes <= this.#bytesMax || oldest === body) return;
      this.#forget(oldest);
      for (const each of slow) each.destroy();
    }
  }

  #kept(body: Uint8Array): Set<Reader> {
    const readers = new Set<Reader>();
    this.#readers.set(body, readers);
    this.#bytes += body.byteLength;
    return readers;
  }

  #forget(body: Uint8Array): void {
    if (this.#readers.delete(body)) this.#bytes -= body.byteLength;
  }
}
