/**
 * The lines of one room while NATS is in use: the stream's, and before it the engine's own if that was ever used.
 *
 * Whenever NATS connects, and when something does not fit, the stream is looked at before anybody may join:
 * - it is there, ours, of a known epoch, and ends at or behind `takenThrough`: the line goes on, once no place that somebody
 *   had can be drawn again (`lost-tail.ts`);
 * - it is there and ours, but its epoch is new to the journal (a crash came between making and journaling it): it is opened;
 * - it is gone, or ends below `takenThrough`, or is of another epoch than the journal's: the journal loses that line, and a
 *   stream with a new epoch takes its place, where somebody else has removed it after `goneMs`;
 * - it is another journal's, or nobody's: it is left alone, and nobody can join here.
 */
import type { StreamInfo } from '@nats-io/jetstream';
import type { AdmissionCommand } from '../../actors/admission/messages.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { OnsaleEngine } from '../protocols.ts';
import type { RoomLines, WaitingLine } from '../queue/waiting-line.ts';
import { Seldom } from '../seldom.ts';
import type { Timers } from '../timers.ts';
import { closedLine } from './closed-line.ts';
import { NatsAway, type NatsLink } from './connection.ts';
import { JetStreamLine } from './jetstream-line.ts';
import { JournaledLines } from './journaled-lines.ts';
import {
  findStream,
  foreignStreamText,
  lineStreamConfig,
  lineStreamOf,
  ownerOf,
  type LineStream,
} from './line-stream.ts';
import { drawThrough } from './lost-tail.ts';
import { ToldTrouble, troubleOf } from './trouble.ts';

/** After a look that failed although NATS is there, ms until the next one. */
const retryMs = 500;
/** While the stream is somebody else's, which an operator may end at any time. */
const foreignLookMs = 5_000;
const tellErrorEveryMs = 10_000;
/**
 * How long a stream has been gone before another is made under its name, ms. nats-server (seen with 2.9.10) denies a stream
 * that it is deleting before its files are removed, and would remove those of the new one with them.
 */
const goneMs = 1_000;

export interface StreamLinesOptions {
  readonly engine: OnsaleEngine;
  readonly link: Pick<NatsLink, 'use' | 'state' | 'onConnect'>;
  readonly journalId: string;
  readonly room: string;
  /** Drained before the stream's; null when it never had anybody. */
  readonly engineLine: WaitingLine | null;
  /** Random, for a stream that is made. */
  readonly newEpoch: () => string;
  readonly wake: () => void;
  readonly timers: Timers;
  readonly log: Log;
}

/** In the log, when the line of an epoch is given up. */
export const lostLineText =
  'the stream of the waiting line has lost people; its tokens are expired, and a new line begins';

/** In the log, when the server has forgotten who came last. */
const lostTailText =
  'the stream of the waiting line has lost the people who came last; their places are given to nobody else';

export class StreamLines implements RoomLines {
  readonly #options: StreamLinesOptions;
  readonly #stream: LineStream;
  readonly #journaled: JournaledLines;
  #line: JetStreamLine | null = null;
  /** Whether the stream has been looked at since NATS connected. */
  #open = false;
  #looking: Promise<void> = Promise.resolve();
  #lookAgain: Promise<void> | null = null;
  #retry: unknown = null;
  #stopped = false;
  /** When the stream was found gone that nobody here had removed, ms. */
  #goneAtMs = -Infinity;
  readonly #unsubscribe: () => void;
  readonly #told = new ToldTrouble();
  readonly #errors = new Seldom(tellErrorEveryMs);

  /** `opened` settles after the first look; at once while NATS is away. */
  constructor(options: StreamLinesOptions) {
    this.#options = options;
    this.#stream = lineStreamOf(options.room);
    this.#journaled = new JournaledLines(options.engine, options.room);
    this.#unsubscribe = options.link.onConnect(() => void this.look());
  }

  get opened(): Promise<void> {
    return this.#options.link.state === 'connected' ? (this.#lookAgain ?? this.#looking) : Promise.resolve();
  }

  all(): readonly WaitingLine[] {
    const { engineLine } = this.#options;
    return [...(engineLine === null ? [] : [engineLine]), ...(this.#line === null ? [] : [this.#line])];
  }

  current(): WaitingLine {
    return this.#open && this.#line !== null ? this.#line : closedLine;
  }

  standing(userId: string): { readonly epoch: string; readonly place: number } | null {
    const { engine, engineLine, room } = this.#options;
    if (engineLine === null) return null;
    const place = engine.view<'line', 'place'>(`line:${room}`, { type: 'place', userId });
    return place === null ? null : { epoch: engineLine.epoch, place };
  }

  serves(epoch: string): boolean {
    return this.#line?.epoch === epoch || this.#options.engineLine?.epoch === epoch;
  }

  get joinable(): boolean {
    return this.current() !== closedLine;
  }

  waiting(): number {
    return this.#line?.waiting() ?? 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    await this.#looking;
    if (this.#retry !== null) this.#options.timers.clear(this.#retry);
    this.#line?.retire();
  }

  /** Looks at the stream, after the look under way if there is one; joins wait outside meanwhile. Never rejects. */
  look(): Promise<void> {
    this.#open = false;
    this.#lookAgain ??= this.#looking.then(() => {
      this.#lookAgain = null;
      this.#looking = this.#lookNow();
      return this.#looking;
    });
    return this.#lookAgain;
  }

  async #lookNow(): Promise<void> {
    if (this.#stopped || this.#options.link.state !== 'connected') return;
    try {
      const found = await this.#settleOnStream();
      if (found === null || this.#stopped) return;
      this.#open = this.#lookAgain === null;
      this.#told.over();
      this.#options.wake();
    } catch (error) {
      // When NATS has gone away, its return starts the next look.
      if (error instanceof NatsAway) return;
      const { log, room } = this.#options;
      const reason = troubleOf(error);
      this.#told.tell(reason, () => log.warn({ room, reason }, 'nobody can join: the waiting line has no stream'));
      this.#lookIn(retryMs);
    }
  }

  #lookIn(delayMs: number): void {
    if (this.#stopped) return;
    if (this.#retry !== null) this.#options.timers.clear(this.#retry);
    this.#retry = this.#options.timers.set(() => void this.look(), delayMs);
  }

  /** Finds or makes the stream, tells the journal, and sets `#line`; null when the stream is not ours, or has just gone. */
  async #settleOnStream(): Promise<JetStreamLine | null> {
    const { link, journalId, room, log } = this.#options;
    // Before the server is asked: people may come and be taken while its answer is on the way.
    const before = this.#journaled.placesKnown(this.#line);
    let info = await link.use(({ jsm }) => findStream(jsm, this.#stream));
    const owner = info === null ? null : ownerOf(info);
    if (info !== null && owner?.journalId !== journalId) {
      this.#refuse(info);
      return null;
    }
    const known = owner === null ? undefined : this.#journaled.find(owner.epoch);
    const takenThrough = before.get(known?.epoch ?? '')?.takenThrough ?? 0;
    if (info !== null && known !== undefined && (known.lost || info.state.last_seq < takenThrough)) {
      log.error({ room, epoch: known.epoch, takenThrough, lastPlace: info.state.last_seq }, lostLineText);
      await this.#lose(known.epoch);
      await link.use(({ jsm }) => jsm.streams.delete(this.#stream.name));
      info = null;
    }
    const epoch = (info === null ? null : owner?.epoch) ?? this.#options.newEpoch();
    for (const line of this.#journaled.all()) {
      if (line.lost || line.epoch === epoch) continue;
      if (info === null) {
        log.error({ room, epoch: line.epoch, takenThrough: line.takenThrough }, lostLineText);
        this.#goneAtMs = this.#options.timers.nowMs();
      }
      await this.#lose(line.epoch);
    }
    const goneLeftMs = this.#goneAtMs + goneMs - this.#options.timers.nowMs();
    if (info === null && goneLeftMs > 0) {
      this.#lookIn(goneLeftMs);
      return null;
    }
    info ??= await link.use(({ jsm }) => jsm.streams.add(lineStreamConfig(this.#stream, { journalId, epoch })));
    await this.#ask({ type: 'OpenLine', epoch, line: 'stream' });
    let lastPlace = info.state.last_seq;
    const lastKnown = before.get(epoch)?.lastPlace ?? 0;
    if (lastPlace < lastKnown) {
      log.error({ room, epoch, lastPlace, lastKnown }, lostTailText);
      lastPlace = await drawThrough(link, this.#stream, lastPlace, lastKnown);
    }
    return this.#resume(epoch, lastPlace);
  }

  #resume(epoch: string, lastPlace: number): JetStreamLine {
    const { link, wake, timers } = this.#options;
    if (this.#line?.epoch === epoch) {
      this.#line.saw(lastPlace);
      this.#line.resume([]);
      return this.#line;
    }
    this.#line?.retire();
    this.#line = new JetStreamLine({
      link,
      stream: this.#stream,
      epoch,
      lastPlace,
      takenThrough: () => this.#journaled.find(epoch)?.takenThrough ?? 0,
      durableTakenThrough: () => this.#journaled.durableTakenThrough(epoch),
      leavers: () => this.#journaled.find(epoch)?.leavers ?? 0,
      peopleMax: limits.streamLineMax,
      wake,
      timers,
      suspect: () => void this.look(),
      onError: (error) => this.#tellError(error),
    });
    // A crash may have come between the journal's leaving and the stream's.
    this.#line.resume(this.#journaled.leavers(epoch));
    return this.#line;
  }

  async #lose(epoch: string): Promise<void> {
    if (this.#line?.epoch === epoch) {
      this.#line.retire();
      this.#line = null;
    }
    await this.#ask({ type: 'LoseLine', epoch });
  }

  async #ask(command: Extract<AdmissionCommand, { type: 'OpenLine' | 'LoseLine' }>): Promise<void> {
    const { engine, room } = this.#options;
    const outcome = await engine.ask<'admission'>(`admission:${room}`, command, { internal: true });
    if (outcome.type === 'rejected') throw new Error(`room ${room} refused ${command.type}: ${outcome.code}`);
  }

  /** One of a crowd of refused joins is enough for the log. */
  #tellError(error: unknown): void {
    const { log, room, timers } = this.#options;
    this.#errors.tell(
      (errors) => log.warn({ reason: troubleOf(error), room, errors }, 'JetStream does not serve the line'),
      timers.nowMs(),
    );
  }

  #refuse(info: StreamInfo): void {
    this.#line?.retire();
    this.#line = null;
    const found = info.config.description ?? 'no description';
    const { log, room } = this.#options;
    this.#lookIn(foreignLookMs);
    this.#told.tell(found, () => log.error({ room, stream: this.#stream.name, found }, foreignStreamText));
  }
}
