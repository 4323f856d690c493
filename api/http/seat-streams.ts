/**
 * Server-sent events for people who look at a hall. One timer serves all streams. Each stream stands at a position of its
 * date's changes; a tick sends what has become durable since, at most every 250 ms, the same bytes to all who stand alike.
 * A tick sends a bounded number of frames and goes on where the one before stopped: with very many readers each gets
 * fewer and larger ones, and the engine, which shares this thread, never waits for them.
 */
import type { PlaceInLine } from '../../actors/admission/messages.ts';
import { limits } from '../limits.ts';
import type { Answer } from './answer.ts';
import { problem } from './problems.ts';
import { positionOf, type ScheduleChanges, type SeatChanges } from './seat-changes.ts';

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
  readonly bootId: string;
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

export interface SeatStreams {
  open(start: SeatStreamStart): Answer;
  readonly size: number;
  /** Ends all streams and the timer. */
  close(): void;
}

interface Stream {
  readonly place: PlaceInLine;
  readonly session: string;
  readonly changes: ScheduleChanges;
  controller: ReadableStreamDefaultController<Uint8Array> | null;
  /** Where it stands in the list of streams; -1 once it is over. */
  index: number;
  /** Changes after this one are still to be sent. */
  position: number;
  nextFrameMs: number;
  nextCommentMs: number;
  nextSessionMs: number;
  readonly cutOff: (() => void) | null;
}

const encoder = new TextEncoder();
const opened = encoder.encode(': seats\n\n');
const comment = encoder.encode(': still here\n\n');
const reset = encoder.encode('event: reset\ndata: {}\n\n');
const headers = [['X-Accel-Buffering', 'no']] as const;

export function createSeatStreams({ changes, bootId, inside, bounds = limits }: SeatStreamsOptions): SeatStreams {
  const all: Stream[] = [];
  /** The streams of a session, the oldest first. */
  const bySession = new Map<string, Set<Stream>>();
  const framesPerTick = Math.ceil((bounds.seatFramesPerSecondMax * tickMs) / 1000);
  let cursor = 0;
  let timer: NodeJS.Timeout | null = null;

  function add(stream: Stream): void {
    stream.index = all.length;
    all.push(stream);
    stream.changes.streams++;
    const sessions = bySession.get(stream.session) ?? new Set();
    bySession.set(stream.session, sessions.add(stream));
    const [oldest] = sessions;
    if (oldest !== undefined && sessions.size > bounds.seatStreamsPerSessionMax) end(oldest);
    timer ??= setInterval(tick, tickMs).unref();
  }

  function remove(stream: Stream): void {
    if (all[stream.index] !== stream) return;
    const last = all.pop();
    if (last !== undefined && last !== stream) {
      all[stream.index] = last;
      last.index = stream.index;
    }
    stream.index = -1;
    stream.changes.streams--;
    const sessions = bySession.get(stream.session);
    sessions?.delete(stream);
    if (sessions?.size === 0) bySession.delete(stream.session);
    if (all.length > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  }

  function end(stream: Stream): void {
    remove(stream);
    stream.controller?.close();
    stream.controller = null;
  }

  /** A frame may be larger than the bound of unread bytes; a reader who is behind by the bound gets no further one. */
  function send(stream: Stream, bytes: Uint8Array): void {
    const { controller } = stream;
    if (controller === null) return;
    if ((controller.desiredSize ?? 0) <= 0) {
      remove(stream);
      stream.controller = null;
      // Not both: the adapter would print a broken stream as an error of the program's.
      if (stream.cutOff === null) controller.error(new Error('the reader does not keep up'));
      else stream.cutOff();
      return;
    }
    controller.enqueue(bytes);
  }

  /** Sends what is due, and says whether that was a frame. */
  function look(stream: Stream, nowMs: number, durableBatch: number): boolean {
    if (!stream.changes.followed) {
      end(stream);
      return false;
    }
    if (nowMs >= stream.nextSessionMs) {
      stream.nextSessionMs = nowMs + sessionEveryMs;
      if (!inside(stream.place)) {
        end(stream);
        return false;
      }
      if (nowMs >= stream.nextCommentMs) {
        stream.nextCommentMs = nowMs + commentEveryMs;
        send(stream, comment);
      }
    }
    if (nowMs < stream.nextFrameMs) return false;
    const through = stream.changes.durableThrough(durableBatch);
    if (stream.position >= through) return false;
    // It was too far behind: it comes again with the last version it got, and is told to read the list.
    if (!stream.changes.covers(stream.position)) {
      end(stream);
      return false;
    }
    const frame = stream.changes.frame(stream.position, bootId);
    stream.position = through;
    stream.nextFrameMs = nowMs + frameEveryMs;
    send(stream, frame);
    return true;
  }

  function tick(): void {
    const nowMs = performance.now();
    const durableBatch = changes.durableBatch();
    let frames = 0;
    for (let looks = all.length; looks > 0 && all.length > 0 && frames < framesPerTick; looks--) {
      cursor = cursor >= all.length ? 0 : cursor;
      const stream = all[cursor];
      if (stream === undefined) return;
      if (look(stream, nowMs, durableBatch)) frames++;
      // A stream that ended gave its index to the last one, which is looked at next.
      if (all[cursor] === stream) cursor++;
    }
  }

  function open({ place, scheduleId, changes: now, lastEventId, headOnly, cutOff }: SeatStreamStart): Answer {
    if (all.length >= bounds.seatStreamsMax) return problem('overloaded');
    const followed = changes.follow(scheduleId, now);
    if (followed === null) return problem('overloaded');
    if (headOnly) return { status: 200, body: null, contentType: 'text/event-stream', headers };

    const from = lastEventId === undefined ? null : positionOf(lastEventId, bootId);
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
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          stream.controller = controller;
          add(stream);
          controller.enqueue(known ? opened : reset);
        },
        cancel() {
          stream.controller = null;
          remove(stream);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: bounds.seatUnreadBytesMax }),
    );
    return { status: 200, body, contentType: 'text/event-stream', headers };
  }

  return {
    open,
    get size() {
      return all.length;
    },
    close() {
      for (let last = all.at(-1); last !== undefined; last = all.at(-1)) end(last);
    },
  };
}
