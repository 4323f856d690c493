/**
 * Open streams of server-sent events, looked at in turn.
 *
 * 1. One timer serves all streams, and there is none while no stream is open.
 * 2. A round goes on where the one before stopped, so that a small budget gets to everyone in the end.
 * 3. A stream is in the ring until it ends, its reader goes, or its reader is cut off; `onRemove` is called once for it.
 * 4. A reader who does not keep up is cut off: what waits for one reader is bounded.
 */
import type { Answer } from '../answers/answer.ts';

/** What the ring knows of a stream. */
export interface RingStream {
  /** Null before it is open, and once nothing more can be sent. */
  controller: ReadableStreamDefaultController<Uint8Array> | null;
  /** Where it stands in the list of streams; -1 before it is open, and once it is over. */
  index: number;
  /** Ends the client's connection; null: the stream of a reader who does not keep up breaks. */
  readonly cutOff: (() => void) | null;
}

export interface StreamRingOptions<S extends RingStream> {
  readonly tickMs: number;
  /** Called every `tickMs` while a stream is open. */
  readonly tick: () => void;
  readonly onRemove: (stream: S) => void;
  /** Unread bytes at which a reader is cut off; what the socket buffers comes on top. */
  readonly unreadBytesMax: number;
  /** Whether a reader who is not yet behind by the bound is sent also what goes beyond it. */
  readonly beyondMax: boolean;
}

const headers = [['X-Accel-Buffering', 'no']] as const;

/** Answers with a stream; null: with its headers alone. */
export function eventStream(body: ReadableStream<Uint8Array> | null): Answer {
  return { status: 200, body, contentType: 'text/event-stream', headers };
}

export class StreamRing<S extends RingStream> {
  readonly #options: StreamRingOptions<S>;
  readonly #all: S[] = [];
  #cursor = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: StreamRingOptions<S>) {
    this.#options = options;
  }

  get size(): number {
    return this.#all.length;
  }

  /** What a client reads of `stream`, which is in the ring from now on; `begin` sends what comes first. */
  open(stream: S, begin: () => void): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          stream.controller = controller;
          this.#add(stream);
          begin();
        },
        cancel: () => {
          stream.controller = null;
          this.#remove(stream);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: this.#options.unreadBytesMax }),
    );
  }

  send(stream: S, bytes: Uint8Array): void {
    const { controller } = stream;
    if (controller === null) return;
    const room = controller.desiredSize ?? 0;
    if (room >= (this.#options.beyondMax ? 1 : bytes.byteLength)) {
      controller.enqueue(bytes);
      return;
    }
    this.#remove(stream);
    stream.controller = null;
    // Not both: the adapter would print a broken stream as an error of the program's.
    if (stream.cutOff === null) controller.error(new Error('the reader does not keep up'));
    else stream.cutOff();
  }

  end(stream: S): void {
    this.#remove(stream);
    stream.controller?.close();
    stream.controller = null;
  }

  /** Looks as often as there are streams at most, until `look` has said `budget` times that it spent one of it. */
  goRound(budget: number, look: (stream: S) => boolean): void {
    const all = this.#all;
    let left = budget;
    for (let looks = all.length; looks > 0 && all.length > 0 && left > 0; looks--) {
      if (this.#cursor >= all.length) this.#cursor = 0;
      const stream = all[this.#cursor];
      if (stream === undefined) return;
      if (look(stream)) left--;
      // A stream that ended gave its index to the last one, which is looked at next.
      if (all[this.#cursor] === stream) this.#cursor++;
    }
  }

  /** Ends all streams, and with them the timer. */
  close(): void {
    for (let last = this.#all.at(-1); last !== undefined; last = this.#all.at(-1)) this.end(last);
  }

  #add(stream: S): void {
    stream.index = this.#all.length;
    this.#all.push(stream);
    this.#timer ??= setInterval(this.#options.tick, this.#options.tickMs).unref();
  }

  #remove(stream: S): void {
    if (this.#all[stream.index] !== stream) return;
    const last = this.#all.pop();
    if (last !== undefined && last !== stream) {
      this.#all[stream.index] = last;
      last.index = stream.index;
    }
    stream.index = -1;
    this.#options.onRemove(stream);
    if (this.#all.length > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
