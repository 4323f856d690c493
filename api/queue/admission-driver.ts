/**
 * Brings the next people of one room from its line to its admission actor.
 *
 * 1. A pass reads from `takenThrough + 1`, asks, and settles only what is durably dealt with. A crash between any two
 *    steps repeats the read: nobody is skipped, and places dealt with already are ignored by the actor.
 * 2. One pass runs at a time; a poke during a pass leads to one more.
 * 3. It runs when someone pokes it (a join, a session's end, a new policy) and, while people wait for rate or room, on
 *    a timer at the time that the actor names. It never polls an empty line.
 */
import type { AdmissionViews } from '../../actors/admission/messages.ts';
import type { OnsaleEngine } from '../protocols.ts';
import type { Timers } from '../timers.ts';
import type { Taken, WaitingLine } from './waiting-line.ts';

/** People asked for in one turn: keeps a turn short, a turn a millisecond still lets a million a second in. */
const peoplePerTurnMax = 1_000;
/** A timer never fires sooner: at 100 people a second it lets in a few at once, in one batch. */
const timerMinMs = 20;
/** A timer never sleeps longer, because stamped time may run a little faster than the timer's. */
const timerMaxMs = 10_000;
/** While the engine is too busy, or the line cannot be reached, ms until the next try. */
const retryMs = 100;

export interface DriverOptions {
  readonly engine: OnsaleEngine;
  readonly room: string;
  /** Oldest first: a line that still has people is drained before the next. */
  readonly lines: () => readonly WaitingLine[];
  readonly timers: Timers;
  /** A line that could not be reached; the driver tries again by itself. */
  readonly onError: (error: unknown) => void;
}

/** Why a pass ended, and at what stamped time, ms, the next one makes sense: `Infinity` when only a poke can help. */
interface PassEnd {
  readonly reason: 'line-empty' | 'no-capacity' | 'try-again' | 'stopped';
  readonly untilMs: number;
}

export class AdmissionDriver {
  readonly #options: DriverOptions;
  #state: 'idle' | 'running' | 'stopped' = 'idle';
  /** The pass under way, or the last one. */
  #current: Promise<void> = Promise.resolve();
  /** The pass that begins after the current one, for those who came during it. */
  #next: Promise<void> | null = null;
  #timer: unknown = null;
  /** The stamped time that the timer waits for, ms; `Infinity` without a timer. */
  #armedForMs = Infinity;
  #paused = false;
  /** Why the last pass ended; null while one is under way. */
  #ended: PassEnd['reason'] | null = 'line-empty';
  #sessionsLooked = true;

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  /** Whether the last pass let nobody in because the engine has too much to do. For a metric. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Settles what was admitted before the last stop but not yet settled, and runs the first pass. */
  async start(): Promise<void> {
    if (this.#state !== 'idle') return;
    this.#state = 'running';
    this.#current = this.#settleAll();
    await this.poke();
  }

  /** Waits for the pass under way. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#disarm();
    await this.#current;
  }

  /** Someone joined, or there may be room. Resolves after a pass that began after this call; never rejects. */
  poke(): Promise<void> {
    if (this.#state !== 'running') return Promise.resolve();
    this.#next ??= this.#current.then(() => {
      this.#next = null;
      this.#current = this.#pass();
      return this.#current;
    });
    return this.#next;
  }

  /**
   * A turn has changed the room's sessions or policy: worth a pass only if people wait and there is room now.
   * Called inside the turn, thousands of times a second; looks once afterwards.
   */
  sessionsChanged(): void {
    if (!this.#sessionsLooked || (this.#ended !== null && this.#ended !== 'no-capacity')) return;
    this.#sessionsLooked = false;
    queueMicrotask(() => {
      this.#sessionsLooked = true;
      const capacity = this.#capacity();
      if (this.#ended === null || capacity.now > 0) void this.poke();
      // Room has come, the rate has none yet: the timer may be set for a later time, at which room would have come.
      else if (capacity.nextAtMs < this.#armedForMs) this.#arm(capacity.nextAtMs);
    });
  }

  async #settleAll(): Promise<void> {
    for (const line of this.#options.lines()) {
      try {
        await line.settle(this.#takenThrough(line));
      } catch (error) {
        // The first pass that gets through settles as well.
        this.#options.onError(error);
      }
    }
  }

  async #pass(): Promise<void> {
    this.#disarm();
    if (this.#state !== 'running') return;
    this.#ended = null;
    let end: PassEnd;
    try {
      end = await this.#admitAll();
    } catch (error) {
      this.#options.onError(error);
      end = this.#tryAgain();
    }
    this.#ended = end.reason;
    this.#arm(end.untilMs);
  }

  async #admitAll(): Promise<PassEnd> {
    const { engine, lines } = this.#options;
    for (const line of lines()) {
      for (;;) {
        this.#paused = engine.waiting > engine.waitingMax / 2;
        if (this.#paused) return this.#tryAgain();
        const capacity = this.#capacity();
        const after = this.#takenThrough(line);
        // With no room one person is looked at, to know whether anyone waits for it.
        const taken = await line.take(after, Math.max(1, Math.min(capacity.now, peoplePerTurnMax)));
        if (taken.through <= after) break;
        if (capacity.now === 0 && taken.people.length > 0) return noCapacity(capacity);
        const dealtWith = await this.#admit(line, taken);
        if (dealtWith > after) await line.settle(dealtWith);
        else return noCapacity(this.#capacity());
        if (this.#state !== 'running') return { reason: 'stopped', untilMs: Infinity };
      }
    }
    return { reason: 'line-empty', untilMs: Infinity };
  }

  #tryAgain(): PassEnd {
    return { reason: 'try-again', untilMs: this.#options.engine.nowMs() + retryMs };
  }

  /** Returns the highest place of the line that is durably dealt with. */
  async #admit(line: WaitingLine, taken: Taken): Promise<number> {
    const { engine, room } = this.#options;
    const { people, through } = taken;
    const command = { type: 'AdmitPeople', epoch: line.epoch, people, through } as const;
    const outcome = await engine.ask<'admission'>(`admission:${room}`, command, { internal: true });
    if (outcome.type === 'rejected') throw new Error(`room ${room} refused to admit people: ${outcome.code}`);
    if (outcome.reply.type !== 'admitted') throw new Error(`room ${room} answered an admission with something else`);
    return outcome.reply.takenThrough;
  }

  #takenThrough(line: WaitingLine): number {
    const { engine, room } = this.#options;
    const view = engine.view<'admission', 'room'>(`admission:${room}`, { type: 'room' });
    return view?.lines.find((known) => known.epoch === line.epoch)?.takenThrough ?? 0;
  }

  #capacity(): AdmissionViews['capacity'] {
    const { engine, room } = this.#options;
    return engine.view<'admission', 'capacity'>(`admission:${room}`, { type: 'capacity' });
  }

  #arm(untilMs: number): void {
    this.#disarm();
    if (untilMs === Infinity || this.#state !== 'running') return;
    this.#armedForMs = untilMs;
    const delayMs = Math.ceil(untilMs - this.#options.engine.nowMs());
    this.#timer = this.#options.timers.set(() => void this.poke(), Math.min(timerMaxMs, Math.max(timerMinMs, delayMs)));
  }

  #disarm(): void {
    if (this.#timer !== null) this.#options.timers.clear(this.#timer);
    this.#timer = null;
    this.#armedForMs = Infinity;
  }
}

function noCapacity(capacity: AdmissionViews['capacity']): PassEnd {
  return { reason: 'no-capacity', untilMs: capacity.nextAtMs };
}
