/**
 * A waiting line on one JetStream stream, of one epoch. The stream's sequence is the place, so joining is publishing:
 * here, over HTTP, or by any client that may publish on the line's subjects.
 *
 * 1. `join` tells a place only after the server's ack, and never one of a stream that has been given up (`retire`).
 * 2. `leave` and `settle` repeat themselves when NATS comes back; what they forget is journaled as gone already, so until
 *    then the messages only stand in the way of their users' next joins, which the door resolves.
 * 3. No request to JetStream is made to tell anyone where they stand: that is the admission actor's.
 */
import type { StoredMsg } from '@nats-io/jetstream';
import { RequestError } from '@nats-io/transport-node';
import type { Joined, Taken, WaitingLine } from '../queue/waiting-line.ts';
import type { Timers } from '../timers.ts';
import { NatsAway, type NatsLink } from './connection.ts';
import { LineAnchor } from './line-anchor.ts';
import { LineReader } from './line-reader.ts';
import { deletePlace, drawPlace, isAnchor, isJoinBody, standingIn, type LineStream } from './line-stream.ts';

/** How often a place found is gone when it is looked at, before the line counts as unavailable. */
const joinTriesMax = 3;
/** Deletions under way at once. */
const deletionsMax = 64;
/** Messages that were left standing and are looked up before they are deleted. */
const foundMax = 1_000;
/** How old the number of people may be that operators see, ms. */
const countMaxAgeMs = 1_000;

export interface JetStreamLineOptions {
  readonly link: Pick<NatsLink, 'use' | 'state'>;
  readonly stream: LineStream;
  readonly epoch: string;
  /** The last place when the line was opened. */
  readonly lastPlace: number;
  /** The highest place dealt with; may run a batch ahead of the disk. */
  readonly takenThrough: () => number;
  /** The same, once it is on disk: what it rests on may be forgotten (invariant 3). */
  readonly durableTakenThrough: () => Promise<number>;
  /** How many people have left above `takenThrough`. */
  readonly leavers: () => number;
  /** Most people above `takenThrough`; who has left is not counted, else one who joins and leaves again could fill it. */
  readonly peopleMax: number;
  /** Somebody joined while nobody waited. */
  readonly wake: () => void;
  readonly timers: Timers;
  /** JetStream refused or did not answer a join or a read, and not because NATS is away: a full disk, for example. */
  readonly onError: (error: unknown) => void;
  /** Something does not fit: the stream should be looked at. */
  readonly suspect: () => void;
}

export class JetStreamLine implements WaitingLine {
  readonly kind = 'stream';
  readonly epoch: string;
  readonly #options: JetStreamLineOptions;
  readonly #reader: LineReader;
  /** The stream's last sequence is at least this. */
  #lastPlace: number;
  #countedAtMs = -Infinity;
  /** Places that have left and whose messages are not known to be gone. */
  readonly #leaving = new Set<number>();
  /** Ranges of places that had left before, of which messages may still stand. */
  #leftBefore: readonly number[] = [];
  /** Places that are dealt with and whose messages are not known to be gone. */
  readonly #settling = new Set<number>();
  readonly #anchor: LineAnchor;
  #retired = false;

  constructor(options: JetStreamLineOptions) {
    this.#options = options;
    this.epoch = options.epoch;
    this.#lastPlace = options.lastPlace;
    this.#anchor = new LineAnchor({
      stream: options.stream,
      publish: async (subject) => {
        const place = await this.#publish(subject);
        if (place !== null) this.saw(place);
        return place;
      },
      placeOn: async (subject) => (await this.#messageOn(subject))?.seq ?? null,
      onOld: (place) => this.#settling.add(place),
    });
    this.#reader = new LineReader({
      link: options.link,
      stream: options.stream,
      timers: options.timers,
      wake: options.wake,
      onPlace: (place) => this.saw(place),
      onAnchor: (place) => this.#anchor.saw(place),
      onMalformed: (place) => void this.#delete(place).catch(() => undefined),
      onEnded: options.suspect,
      onError: options.onError,
    });
  }

  async join(userId: string): Promise<Joined> {
    const { takenThrough, peopleMax, suspect, onError } = this.#options;
    try {
      for (let tries = 0; tries < joinTriesMax && !this.#retired; tries += 1) {
        const before = takenThrough();
        const full = this.#placesAhead() >= peopleMax;
        const drawn = full ? null : await this.#publish(this.#options.stream.subjectOf(userId));
        if (this.#retired) break;
        if (drawn !== null) {
          // A place below those dealt with before it was drawn: this is not the stream that it was.
          if (drawn <= before) break;
          this.saw(drawn);
          return { type: 'joined', place: drawn, existing: false };
        }
        const place = await this.#find(userId);
        if (this.#retired) break;
        if (place !== null) return { type: 'joined', place, existing: true };
        if (full) return { type: 'refused', code: 'overloaded' };
      }
      suspect();
    } catch (error) {
      // The stream is gone when nobody answers to its subjects.
      if (error instanceof RequestError && error.isNoResponders()) suspect();
      else if (!(error instanceof NatsAway)) onError(error);
    }
    return { type: 'refused', code: 'queue_unavailable' };
  }

  take(after: number, count: number): Promise<Taken> {
    if (this.#retired) return Promise.resolve({ people: [], through: after });
    return this.#reader.take(after, count, this.#lastPlace);
  }

  /**
   * Message by message and never by a purge: a nats-server (seen with 2.9.10) that is killed while it purges may come back
   * with an earlier sequence, which costs everyone in line the place.
   */
  async settle(through: number): Promise<void> {
    const { readThrough } = this.#reader;
    for (const place of this.#reader.drop(through)) this.#settling.add(place);
    if (this.#retired || through === 0) return;
    if (readThrough < through) await this.#findStanding([readThrough + 1, through], this.#settling);
    await this.#deleteEach(this.#settling);
  }

  async leave(place: number): Promise<void> {
    this.#reader.forget(place);
    this.#leaving.add(place);
    await this.#delete(place);
    this.#leaving.delete(place);
  }

  async counts(): Promise<{ readonly waiting: number; readonly lastPlace: number }> {
    const { link, stream } = this.#options;
    const { state } = await link.use(({ jsm }) => jsm.streams.info(stream.name));
    this.saw(state.last_seq);
    return { waiting: state.messages - (this.#anchor.place === 0 ? 0 : 1), lastPlace: this.#lastPlace };
  }

  /** About how many people wait, at once; who joined without this process may be missing for a second. */
  waiting(): number {
    const { link, timers } = this.#options;
    const nowMs = timers.nowMs();
    if (link.state === 'connected' && nowMs - this.#countedAtMs > countMaxAgeMs) {
      this.#countedAtMs = nowMs;
      void this.counts().catch(() => undefined);
    }
    return this.#retired ? 0 : Math.max(0, this.#placesAhead());
  }

  /** The last place that it knows to have been drawn. */
  get lastPlace(): number {
    return this.#lastPlace;
  }

  saw(lastPlace: number): void {
    this.#lastPlace = Math.max(this.#lastPlace, lastPlace);
  }

  /**
   * NATS is (back) there and the stream is the one it was: reads on, and forgets whoever is still to be forgotten.
   *
   * @param leavers places that had left when the line was opened, as first, last, first, last … in order
   */
  resume(leavers: readonly number[]): void {
    if (leavers.length > 0) this.#leftBefore = leavers;
    this.#reader.restart();
    void this.#catchUp();
  }

  /** The stream is lost: nothing of it is told, taken or changed any more. */
  retire(): void {
    this.#retired = true;
    this.#reader.stop();
  }

  /** Places above `takenThrough` that nobody is known to have left. */
  #placesAhead(): number {
    const { takenThrough, leavers } = this.#options;
    return this.#lastPlace - takenThrough() - leavers();
  }

  #publish(subject: string): Promise<number | null> {
    const { link, stream } = this.#options;
    return link.use(({ nc }) => drawPlace(nc, stream, subject));
  }

  /** The place of a user who stands in line; a message that is no join is removed, because it would keep the user out. */
  async #find(userId: string): Promise<number | null> {
    const found = await this.#messageOn(this.#options.stream.subjectOf(userId));
    if (found === null) return null;
    if (isJoinBody(found.data)) return found.seq;
    await this.#delete(found.seq);
    return null;
  }

  /** Not directly (`jsm.direct`): of such an answer the client parses the sender's headers, and ends the connection over bad ones. */
  async #messageOn(subject: string): Promise<StoredMsg | null> {
    const { link, stream } = this.#options;
    return link.use(({ jsm }) => jsm.streams.getMessage(stream.name, { last_by_subj: subject }));
  }

  /** Idempotent. */
  async #delete(place: number): Promise<void> {
    if (this.#retired) return;
    await this.#holdEnd(place);
    const { link, stream } = this.#options;
    await link.use(({ jsm }) => deletePlace(jsm, stream, place));
  }

  /** Sees to it that something stays in the stream when the message of `place`, perhaps the last one, is gone. */
  async #holdEnd(place: number): Promise<void> {
    const itself = place > this.#options.takenThrough() && !this.#leaving.has(place) ? 1 : 0;
    if (this.#placesAhead() <= itself) await this.#anchor.hold(this.#lastPlace);
  }

  /** Looks up whose messages stand on places of these ranges, which nobody here has read, and deletes the most of them. */
  async #findStanding(ranges: readonly number[], found: Set<number>): Promise<void> {
    const { link, stream } = this.#options;
    for await (const { seq, subject } of standingIn(link, stream, ranges)) {
      if (this.#retired) return;
      if (isAnchor(subject)) this.#anchor.saw(seq);
      else found.add(seq);
      if (found.size >= foundMax) await this.#deleteEach(found);
    }
  }

  /** Deletes these places, and takes out those that are gone. Rejects when one could not be deleted. */
  async #deleteEach(places: Set<number>): Promise<void> {
    const waiting = places.values();
    const forget = async (): Promise<void> => {
      for (const place of waiting) {
        await this.#delete(place);
        places.delete(place);
      }
    };
    await Promise.all(Array.from({ length: deletionsMax }, forget));
  }

  async #forgetLeavers(): Promise<void> {
    await this.#findStanding(this.#leftBefore, this.#leaving);
    this.#leftBefore = [];
    await this.#deleteEach(this.#leaving);
  }

  /** What fails here is tried again when NATS is back. */
  async #catchUp(): Promise<void> {
    const through = await this.#options.durableTakenThrough();
    // An earlier process did not come to it, or a server that was killed has forgotten that they were deleted.
    for (const place of this.#reader.drop(through)) this.#settling.add(place);
    await this.#findStanding([1, through], this.#settling).catch(() => undefined);
    await this.#deleteEach(this.#settling).catch(() => undefined);
    await this.#forgetLeavers().catch(() => undefined);
  }
}
