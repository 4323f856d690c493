/**
 * Reads one line's stream ahead of the driver: an ordered consumer fills a bounded buffer of people, in order of place.
 *
 * 1. `readThrough`: everyone at or below it stands in the buffer, was dropped as settled, or is gone from the stream.
 *    It only grows, and a consumer that ends for any reason begins again right behind it.
 * 2. A place is passed over without its message only on the word of the stream's leader that no message stands there
 *    (`#lookBeyond`): a follower that lags, or a consumer that has not delivered yet, never costs anybody a place.
 * 3. Nobody polls: an idle reader has one pull request waiting at the server, and calls `wake` when somebody comes. A full
 *    one has no consumer: a client that holds one and does not take what it brings misses the server's heartbeats, asks
 *    for more each time, and gets it all at once.
 */
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { PersonInLine } from '../../actors/line/messages.ts';
import type { Taken } from '../queue/waiting-line.ts';
import type { Timers } from '../timers.ts';
import { NatsAway, type NatsLink } from './connection.ts';
import { isAnchor, userOf, type LineStream } from './line-stream.ts';

/** People read ahead; the driver asks for at most half of it at once. Read on when no more than half is left. */
const bufferMax = 2_000;
/** Messages asked of the server at once. */
const pullMax = 500;
const pullExpiresMs = 30_000;
const heartbeatMs = 2_000;
/** How long a full reader waits before it looks again whether there is room, ms; it is told before. */
const roomMaxMs = 30_000;
/** After a consumer ended, ms until the next one: at first, and when one after the other fails. */
const retryMinMs = 50;
const retryMaxMs = 2_000;
/** How long `take` waits for messages that are known to be there, ms; then it looks whether they still are. */
const deliveryMs = 20;
const takeMaxMs = 1_000;

export interface ReaderOptions {
  readonly link: Pick<NatsLink, 'use' | 'state'>;
  readonly stream: LineStream;
  readonly timers: Timers;
  /** Somebody came while nobody was in the buffer. */
  readonly wake: () => void;
  /** A message stands at this place. */
  readonly onPlace: (place: number) => void;
  /** The message that keeps the stream from being empty stands at this place; it is passed over. */
  readonly onAnchor: (place: number) => void;
  /** A message that is no join stands at this place; it is passed over. */
  readonly onMalformed: (place: number) => void;
  /** A consumer ended, or could not be made, although NATS is there: the stream may be gone. */
  readonly onEnded: () => void;
  /** Why one could not be made or ended, where the server or the client says so. */
  readonly onError: (error: unknown) => void;
}

export class LineReader {
  readonly #options: ReaderOptions;
  /** Sorted by place; those before `#front` are dropped. */
  #people: PersonInLine[] = [];
  #front = 0;
  #reads = false;
  /** Everyone at or below it is settled. */
  #dropped = 0;
  #readThrough = 0;
  /** Left, but perhaps still on their way to us; all above `#readThrough`. */
  readonly #left = new Set<number>();
  #messages: ConsumerMessages | null = null;
  /** Grows with every `begin` and `stop`, so that a consumer of before knows that it is over. */
  #generation = 0;
  #takerWaits = false;
  readonly #changed = new Set<() => void>();

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** The next people above `after`, at most `count`; waits a moment for those up to `known`, the last place known of. */
  async take(after: number, count: number, known: number): Promise<Taken> {
    if (!this.#reads || after < this.#dropped) this.#begin(after);
    this.drop(after);
    const { link, timers } = this.#options;
    const deadline = timers.nowMs() + takeMaxMs;
    while (this.#buffered < count && this.#readThrough < known && timers.nowMs() < deadline) {
      if (link.state !== 'connected') break;
      if (!(await this.#nextChange(deliveryMs))) await this.#lookBeyond(known);
    }
    const people = this.#people.slice(this.#front, this.#front + count);
    const last = people.at(-1);
    this.#takerWaits = people.length < count;
    return {
      people,
      through: last !== undefined && people.length === count ? last.place : Math.max(after, this.#readThrough),
    };
  }

  /** Everyone at or below `through` is settled; the places of those who were read and not dropped before. */
  drop(through: number): readonly number[] {
    const dropped: number[] = [];
    for (; this.#front < this.#people.length; this.#front += 1) {
      const place = this.#people[this.#front]?.place ?? Infinity;
      if (place > through) break;
      dropped.push(place);
    }
    if (this.#front > bufferMax) {
      this.#people = this.#people.slice(this.#front);
      this.#front = 0;
    }
    this.#dropped = Math.max(this.#dropped, through);
    if (through > this.#readThrough) this.#passTo(through);
    this.#tellChange();
    return dropped;
  }

  /** The person at this place has left. */
  forget(place: number): void {
    if (place > this.#readThrough) this.#left.add(place);
    else {
      this.#people = this.#people.filter((person, i) => i < this.#front || person.place !== place);
      this.#tellChange();
    }
  }

  /** The server was away, and with it the consumer. */
  restart(): void {
    if (this.#reads) this.#consume();
  }

  stop(): void {
    this.#generation += 1;
    this.#messages?.stop();
    this.#tellChange();
  }

  /** Everyone at or below it stands in the buffer, was dropped, or is gone; 0 before anything was read. */
  get readThrough(): number {
    return this.#readThrough;
  }

  get #buffered(): number {
    return this.#people.length - this.#front;
  }

  #begin(after: number): void {
    this.#people = [];
    this.#front = 0;
    this.#reads = true;
    this.#dropped = after;
    this.#readThrough = after;
    this.#consume();
  }

  #consume(): void {
    this.#generation += 1;
    this.#messages?.stop();
    void this.#run(this.#generation);
  }

  /** Never rejects. */
  async #run(generation: number): Promise<void> {
    const { link, stream, timers, onEnded, onError } = this.#options;
    let retryMs = retryMinMs;
    while (generation === this.#generation) {
      try {
        const from = { opt_start_seq: this.#readThrough + 1 };
        const consumer = await link.use(({ js }) => js.consumers.get(stream.name, from));
        const messages = await consumer.consume({
          max_messages: pullMax,
          expires: pullExpiresMs,
          idle_heartbeat: heartbeatMs,
          abort_on_missing_resource: true,
        });
        if (generation !== this.#generation) return messages.stop();
        this.#messages = messages;
        for await (const message of messages) {
          if (generation !== this.#generation) return;
          this.#arrived(message);
          retryMs = retryMinMs;
          if (this.#buffered >= bufferMax) break;
        }
        if (this.#buffered >= bufferMax) {
          messages.stop();
          // The server would forget it by itself, in minutes.
          void consumer.delete().catch(() => undefined);
          await this.#untilRoom(generation);
          continue;
        }
      } catch (error) {
        // Reconnecting starts the reader again.
        if (error instanceof NatsAway) return;
        if (generation === this.#generation && link.state === 'connected') onError(error);
      }
      if (generation !== this.#generation || link.state !== 'connected') return;
      onEnded();
      const delayMs = retryMs;
      await new Promise<void>((resolve) => void timers.set(resolve, delayMs));
      retryMs = Math.min(retryMaxMs, 2 * retryMs);
    }
  }

  async #untilRoom(generation: number): Promise<void> {
    while (this.#buffered > bufferMax / 2 && generation === this.#generation) await this.#nextChange(roomMaxMs);
  }

  #arrived(message: JsMsg): void {
    const { onPlace, onAnchor, onMalformed, wake } = this.#options;
    const place = message.seq;
    if (place <= this.#readThrough) return;
    // Not `message.info.pending` more: the server goes on counting messages that are deleted before they are read.
    onPlace(place);
    const userId = userOf(message.subject, message.data);
    const left = this.#left.has(place);
    this.#passTo(place);
    if (isAnchor(message.subject)) onAnchor(place);
    else if (userId === null) onMalformed(place);
    else if (!left) this.#people.push({ place, userId });
    this.#tellChange();
    if (!this.#takerWaits) return;
    this.#takerWaits = false;
    wake();
  }

  /** Looks at each place once, or at all who left where those are fewer: a crowd of them must not be walked for each message. */
  #passTo(place: number): void {
    const first = this.#readThrough + 1;
    this.#readThrough = place;
    if (place - first < this.#left.size) for (let gone = first; gone <= place; gone++) this.#left.delete(gone);
    else for (const gone of this.#left) if (gone <= place) this.#left.delete(gone);
  }

  /** Passes the gap right above `readThrough`, as far as `known`, if the stream's leader knows of nobody there. */
  async #lookBeyond(known: number): Promise<void> {
    const { link, stream } = this.#options;
    const from = this.#readThrough + 1;
    try {
      const next = { seq: from, next_by_subj: stream.subjects };
      const found = await link.use(({ jsm }) => jsm.streams.getMessage(stream.name, next));
      const goneThrough = Math.min(known, found === null ? known : found.seq - 1);
      if (goneThrough > this.#readThrough) this.#passTo(goneThrough);
    } catch {
      // Without an answer nobody is passed over; whatever is wrong shows elsewhere too.
    }
  }

  #tellChange(): void {
    for (const resolve of this.#changed) resolve();
    this.#changed.clear();
  }

  /** True when something changed within `maxMs`. */
  async #nextChange(maxMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const change = (): void => resolve(true);
    this.#changed.add(change);
    const { timers } = this.#options;
    const timer = timers.set(() => resolve(false), maxMs);
    const changed = await promise;
    timers.clear(timer);
    this.#changed.delete(change);
    return changed;
  }
}
