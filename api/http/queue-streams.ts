/**
 * Server-sent events for people in line. Each tick looks at a part of the streams, so that everyone is looked at about
 * once a second, and twenty thousand streams cost little at a time. A newer stream of a token takes the place of the
 * older one.
 */
import type { PlaceInLine } from '../../actors/admission/messages.ts';
import type { Answer } from '../answers/answer.ts';
import { problem } from '../answers/problems.ts';
import { queueTokenBody } from '../answers/queue-answers.ts';
import { limits } from '../limits.ts';
import type { QueueDesk, QueueStatus } from '../queue/queue-desk.ts';
import { eventStream, StreamRing, type RingStream } from './stream-ring.ts';

const tickMs = 100;
/** Ticks in which every stream is looked at once. */
const ticksPerRound = 10;
/** A small crowd is looked at in every tick. */
const looksPerTickMin = 200;
const commentEveryMs = 15_000;
/** Unread bytes at which a reader is cut off. */
const unreadBytesMax = 16 * 1024;

export interface QueueStreamsOptions {
  readonly onCount?: (open: number) => void;
  readonly streamsMax?: number;
}

interface Stream extends RingStream {
  readonly key: string;
  readonly token: string;
  readonly place: PlaceInLine;
  /** It has left the line; the last event waits for the disk. */
  ending: boolean;
  nextStatusMs: number;
  nextCommentMs: number;
}

const encoder = new TextEncoder();
const comment = encoder.encode(': still here\n\n');

export class QueueStreams {
  readonly #desk: Pick<QueueDesk, 'status' | 'durableStatus'>;
  readonly #onCount: (open: number) => void;
  readonly #streamsMax: number;
  readonly #ring: StreamRing<Stream>;
  readonly #byKey = new Map<string, Stream>();

  constructor(desk: Pick<QueueDesk, 'status' | 'durableStatus'>, options: QueueStreamsOptions = {}) {
    this.#desk = desk;
    this.#onCount = options.onCount ?? (() => {});
    this.#streamsMax = options.streamsMax ?? limits.queueStreamsMax;
    this.#ring = new StreamRing({
      tickMs,
      tick: () => this.#tick(),
      onRemove: (stream) => this.#forget(stream),
      unreadBytesMax,
      beyondMax: false,
    });
  }

  get size(): number {
    return this.#ring.size;
  }

  /**
   * Answers with a stream; `headOnly` with its headers alone. `cutOff` ends the client's connection; without it the
   * stream of a reader who does not keep up breaks.
   */
  open(token: string, place: PlaceInLine, headOnly: boolean, cutOff: (() => void) | null = null): Answer {
    const key = `${place.room}|${place.epoch}|${place.place}`;
    const older = this.#byKey.get(key);
    if (older === undefined && this.#ring.size >= this.#streamsMax) return problem('overloaded');
    if (headOnly) return eventStream(null);
    if (older !== undefined) this.#ring.end(older);

    const nowMs = performance.now();
    const stream: Stream = {
      key,
      token,
      place,
      controller: null,
      index: -1,
      ending: false,
      nextStatusMs: nowMs,
      nextCommentMs: nowMs + commentEveryMs,
      cutOff,
    };
    const body = this.#ring.open(stream, () => {
      this.#byKey.set(key, stream);
      this.#onCount(this.#ring.size);
      this.#look(stream, nowMs);
    });
    return eventStream(body);
  }

  /** Ends all streams and the timer. */
  close(): void {
    this.#ring.close();
  }

  #forget(stream: Stream): void {
    if (this.#byKey.get(stream.key) === stream) this.#byKey.delete(stream.key);
    this.#onCount(this.#ring.size);
  }

  #tick(): void {
    const nowMs = performance.now();
    const looks = Math.max(looksPerTickMin, Math.ceil(this.#ring.size / ticksPerRound));
    this.#ring.goRound(looks, (stream) => {
      this.#look(stream, nowMs);
      return true;
    });
  }

  /** Sends what is due, and ends a stream that has nothing more to tell. */
  #look(stream: Stream, nowMs: number): void {
    const status = this.#desk.status(stream.place);
    if (status.status !== 'waiting') void this.#endWhenDurable(stream);
    else if (nowMs >= stream.nextStatusMs) this.#tell(stream, status, nowMs);
    if (nowMs < stream.nextCommentMs) return;
    stream.nextCommentMs = nowMs + commentEveryMs;
    this.#ring.send(stream, comment);
  }

  /** That someone is in, or out, is told once it is on disk (invariant 3); then there is nothing more to tell. */
  async #endWhenDurable(stream: Stream): Promise<void> {
    if (stream.ending) return;
    stream.ending = true;
    const status = await this.#desk.durableStatus(stream.place);
    if (stream.controller === null) return;
    this.#tell(stream, status, performance.now());
    this.#ring.end(stream);
  }

  #tell(stream: Stream, status: QueueStatus, nowMs: number): void {
    const body = queueTokenBody(stream.token, stream.place, status);
    stream.nextStatusMs = nowMs + status.pollAfterSeconds * 1000;
    this.#ring.send(stream, encoder.encode(`event: status\ndata: ${JSON.stringify(body)}\n\n`));
  }
}
