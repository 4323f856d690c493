/**
 * Server-sent events for people in line. One timer serves all streams: each tick looks at a part of them, so that
 * everyone is looked at about once a second, and twenty thousand streams make no storm of timers. A newer stream of a
 * token takes the place of the older one; a reader who does not keep up is cut off.
 */
import type { PlaceInLine } from '../../actors/admission/messages.ts';
import { limits } from '../limits.ts';
import type { Answer } from './answer.ts';
import type { QueueDesk, QueueStatus } from './dependencies.ts';
import { problem } from './problems.ts';
import { queueTokenBody } from './routes/queue.ts';

const tickMs = 100;
/** Ticks in which every stream is looked at once. */
const ticksPerRound = 10;
/** A small crowd is looked at in every tick. */
const looksPerTickMin = 200;
const commentEveryMs = 15_000;
/** Unread bytes at which a reader is cut off; what the socket buffers comes on top. */
const unreadBytesMax = 16 * 1024;

export interface QueueStreams {
  /**
   * Answers with a stream; `headOnly` with its headers alone. `cutOff` ends the client's connection; without it the
   * stream of a reader who does not keep up breaks.
   */
  open(token: string, place: PlaceInLine, headOnly: boolean, cutOff?: (() => void) | null): Answer;
  readonly size: number;
  /** Ends all streams and the timer. */
  close(): void;
}

interface Stream {
  readonly key: string;
  readonly token: string;
  readonly place: PlaceInLine;
  controller: ReadableStreamDefaultController<Uint8Array> | null;
  /** Where it stands in the list of streams. */
  index: number;
  /** It has left the line; the last event waits for the disk. */
  ending: boolean;
  nextStatusMs: number;
  nextCommentMs: number;
  readonly cutOff: (() => void) | null;
}

const encoder = new TextEncoder();
const comment = encoder.encode(': still here\n\n');
const headers = [['X-Accel-Buffering', 'no']] as const;

export function createQueueStreams(
  desk: Pick<QueueDesk, 'status' | 'durableStatus'>,
  options: { readonly onCount?: (open: number) => void; readonly streamsMax?: number } = {},
): QueueStreams {
  const { onCount = () => {}, streamsMax = limits.queueStreamsMax } = options;
  const byKey = new Map<string, Stream>();
  const all: Stream[] = [];
  let cursor = 0;
  let timer: NodeJS.Timeout | null = null;

  function add(stream: Stream): void {
    stream.index = all.length;
    all.push(stream);
    byKey.set(stream.key, stream);
    onCount(all.length);
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
    if (byKey.get(stream.key) === stream) byKey.delete(stream.key);
    onCount(all.length);
    if (all.length > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  }

  function end(stream: Stream): void {
    remove(stream);
    stream.controller?.close();
    stream.controller = null;
  }

  function send(stream: Stream, bytes: Uint8Array): void {
    const { controller } = stream;
    if (controller === null) return;
    if ((controller.desiredSize ?? 0) < bytes.byteLength) {
      remove(stream);
      stream.controller = null;
      // Not both: the adapter would print a broken stream as an error of the program's.
      if (stream.cutOff === null) controller.error(new Error('the reader does not keep up'));
      else stream.cutOff();
      return;
    }
    controller.enqueue(bytes);
  }

  function tell(stream: Stream, status: QueueStatus, nowMs: number): void {
    const body = queueTokenBody(stream.token, stream.place, status);
    stream.nextStatusMs = nowMs + status.pollAfterSeconds * 1000;
    send(stream, encoder.encode(`event: status\ndata: ${JSON.stringify(body)}\n\n`));
  }

  /** That someone is in, or out, is told once it is on disk (invariant 3); then there is nothing more to tell. */
  async function endWhenDurable(stream: Stream): Promise<void> {
    if (stream.ending) return;
    stream.ending = true;
    const status = await desk.durableStatus(stream.place);
    if (stream.controller === null) return;
    tell(stream, status, performance.now());
    end(stream);
  }

  /** Sends what is due, and ends a stream that has nothing more to tell. */
  function look(stream: Stream, nowMs: number): void {
    const status = desk.status(stream.place);
    if (status.status !== 'waiting') void endWhenDurable(stream);
    else if (nowMs >= stream.nextStatusMs) tell(stream, status, nowMs);
    if (nowMs < stream.nextCommentMs) return;
    stream.nextCommentMs = nowMs + commentEveryMs;
    send(stream, comment);
  }

  function tick(): void {
    const nowMs = performance.now();
    let looks = Math.min(all.length, Math.max(looksPerTickMin, Math.ceil(all.length / ticksPerRound)));
    for (; looks > 0 && all.length > 0; looks--) {
      cursor = cursor >= all.length ? 0 : cursor;
      const stream = all[cursor];
      if (stream === undefined) return;
      look(stream, nowMs);
      // A stream that ended gave its index to the last one, which is looked at next.
      if (all[cursor] === stream) cursor++;
    }
  }

  function open(token: string, place: PlaceInLine, headOnly: boolean, cutOff: (() => void) | null = null): Answer {
    const key = `${place.room}|${place.epoch}|${place.place}`;
    const older = byKey.get(key);
    if (older === undefined && all.length >= streamsMax) return problem('overloaded');
    if (headOnly) return { status: 200, body: null, contentType: 'text/event-stream', headers };
    if (older !== undefined) end(older);

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
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          stream.controller = controller;
          add(stream);
          look(stream, nowMs);
        },
        cancel() {
          stream.controller = null;
          remove(stream);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: unreadBytesMax }),
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
