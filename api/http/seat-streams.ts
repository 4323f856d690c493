/**
 * Server-sent events for people who look at a hall. Each stream stands at a position of its date's changes; a tick sends
 * what has become durable since, at most every 250 ms, the same bytes to all who stand alike. A tick sends a bounded
 * number of frames: with very many readers each gets fewer and larger ones, and the engine, which shares this thread,
 * never waits for them.
 */
import type { PlaceInLine } from '../../actors/admission/messages.ts';
import type { Answer } from '../answers/answer.ts';
import { problem } from '../answers/problems.ts';
import { limits } from '../limits.ts';
import type { ScheduleChanges } from '../seats/schedule-changes.ts';
import type { SeatChanges } from '../seats/seat-changes.ts';
import { eventStream, StreamRing, type RingStream } from './stream-ring.ts';

const tickMs = 50;
const frameEveryMs = 250;
const commentEveryMs = 15_000;
/** How often a stream's session is looked at. */
const sessionEveryMs = 1_000;

export interface SeatStreamsBounds {
  readonly seatStreamsMax: number;
  readonly seatStreamsPerSessionMax: number;
  readonly seatFramesPerSecondMax: number;
  readonly seatUnreadBytesMax: number;
}

export interface SeatStreamsOptions {
  readonly changes: SeatChanges;
  /** Whether the session of this place lives. */
  readonly inside: (place: PlaceInLine) => boolean;
  readonly bounds?: SeatStreamsBounds;
}

/** Where a stream begins. */
export interface SeatStreamStart {
  readonly place: PlaceInLine;
  readonly scheduleId: string;
  /** The schedule's `changes` now. */
  readonly changes: number;
  /** The version of the list that the client has, if it says. */
  readonly lastEventId: string | undefined;
  /** Answer with the headers alone. */
  readonly headOnly: boolean;
  /** Ends the client's connection; null: the stream breaks. */
  readonly cutOff: (() => void) | null;
}

interface Stream extends RingStream {
  readonly place: PlaceInLine;
  readonly session: string;
  readonly changes: ScheduleChanges;
  /** Changes after this one are still to be sent. */
  position: number;
  nextFrameMs: number;
  nextCommentMs: number;
  nextSessionMs: number;
}

const encoder = new TextEncoder();
const opened = encoder.encode(': seats\n\n');
const comment = encoder.encode(': still here\n\n');
const reset = encoder.encode('event: reset\ndata: {}\n\n');

export class SeatStreams {
  readonly #changes: SeatChanges;
  readonly #inside: (place: PlaceInLine) => boolean;
  readonly #bounds: SeatStreamsBounds;
  readonly #framesPerTick: number;
  readonly #ring: StreamRing<Stream>;
  /** The streams of a session, the oldest first. */
  readonly #bySession = new Map<string, Set<Stream>>();

  constructor({ changes, inside, bounds = limits }: SeatStreamsOptions) {
    this.#changes = changes;
    this.#inside = inside;
    this.#bounds = bounds;
    this.#framesPerTick = Math.ceil((bounds.seatFramesPerSecondMax * tickMs) / 1000);
    this.#ring = new StreamRing({
      tickMs,
      tick: () => this.#tick(),
      onRemove: (stream) => this.#forget(stream),
      unreadBytesMax: bounds.seatUnreadBytesMax,
      // One frame may be larger than the bound.
      beyondMax: true,
    });
  }

  get size(): number {
    return this.#ring.size;
  }

  open({ place, scheduleId, changes: now, lastEventId, headOnly, cutOff }: SeatStreamStart): Answer {
    if (this.#ring.size >= this.#bounds.seatStreamsMax) return problem('overloaded');
    const followed = this.#changes.follow(scheduleId, now);
    if (followed === null) return problem('overloaded');
    if (headOnly) return eventStream(null);

    const from = lastEventId === undefined ? null : this.#changes.positionOf(lastEventId);
    const known = from !== null && followed.covers(from);
    const nowMs = performance.now();
    const stream: Stream = {
      place,
      session: `${place.room}|${place.epoch}|${place.place}`,
      changes: followed,
      controller: null,
      index: -1,
      // A list that is read after `reset` has everything up to now.
      position: known ? from : now,
      nextFrameMs: nowMs,
      nextCommentMs: nowMs + commentEveryMs,
      nextSessionMs: nowMs + sessionEveryMs,
      cutOff,
    };
    const body = this.#ring.open(stream, () => {
      this.#remember(stream);
      this.#ring.send(stream, known ? opened : reset);
    });
    return eventStream(body);
  }

  /** Ends all streams and the timer. */
  close(): void {
    this.#ring.close();
  }

  /** The oldest stream of a session ends that has one too many. */
  #remember(stream: Stream): void {
    stream.changes.watch();
    const streams = this.#bySession.get(stream.session) ?? new Set();
    this.#bySession.set(stream.session, streams.add(stream));
    const [oldest] = streams;
    if (oldest !== undefined && streams.size > this.#bounds.seatStreamsPerSessionMax) this.#ring.end(oldest);
  }

  #forget(stream: Stream): void {
    stream.changes.unwatch();
    const streams = this.#bySession.get(stream.session);
    streams?.delete(stream);
    if (streams?.size === 0) this.#bySession.delete(stream.session);
  }

  #tick(): void {
    const nowMs = performance.now();
    const durableBatch = this.#changes.durableBatch();
    this.#ring.goRound(this.#framesPerTick, (stream) => this.#look(stream, nowMs, durableBatch));
  }

  /** Sends what is due, and says whether that was a frame. */
  #look(stream: Stream, nowMs: number, durableBatch: number): boolean {
    if (!stream.changes.followed) {
      this.#ring.end(stream);
      return false;
    }
    if (nowMs >= stream.nextSessionMs) {
      stream.nextSessionMs = nowMs + sessionEveryMs;
      if (!this.#inside(stream.place)) {
        this.#ring.end(stream);
        return false;
      }
      if (nowMs >= stream.nextCommentMs) {
        stream.nextCommentMs = nowMs + commentEveryMs;
        this.#ring.send(stream, comment);
      }
    }
    if (nowMs < stream.nextFrameMs) return false;
    const through = stream.changes.durableThrough(durableBatch);
    if (stream.position >= through) return false;
    // It was too far behind: it comes again with the last version it got, and is told to read the list.
    if (!stream.changes.covers(stream.position)) {
      this.#ring.end(stream);
      return false;
    }
    const frame = stream.changes.frame(stream.position);
    stream.position = through;
    stream.nextFrameMs = nowMs + frameEveryMs;
    this.#ring.send(stream, frame);
    return true;
  }
}
