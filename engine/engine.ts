/**
 * The engine: one journal and the actors that write to it.
 *
 * Invariants kept in this folder (the numbers are those of README.md beside this file):
 *  1. One writer: state changes only in `evolve`, on this thread, one command at a time to completion (turn.ts).
 *  2. Time is an input: a command is stamped once, when its turn begins (clock.ts).
 *  3. Nothing leaves before it is durable (committer.ts, command-flow.ts).
 *  4. One batch, one commit; no timer adds latency (committer.ts).
 *  5. Commit fails: the process stops.
 *  6. A command takes effect at most once (key-table.ts, request.ts, command-flow.ts).
 *  7. Business outcomes are values; an exception is a bug and stops the process.
 *  8. Everything is bounded.
 *  9. Replay is the same code (recovery.ts).
 * 10. Talking to another actor is an effect (turn.ts).
 * 11. An actor leaves memory only when its snapshot is complete (cells.ts).
 */
import type { Address, Command, Protocol, QuestionAnswered } from './actor.ts';
import type { Asker, AskOptions, Outcome } from './asker.ts';
import { Cells, type Cell } from './cells.ts';
import { StampClock } from './clock.ts';
import { CommandFlow, requestKey } from './command-flow.ts';
import { Committer } from './committer.ts';
import { Deadlines } from './deadlines.ts';
import { KeyTable } from './key-table.ts';
import type { EngineOptions, Remote, RemoteMessage } from './options.ts';
import { recover, type Recovered } from './recovery.ts';
import { ownsEverything, requestOf } from './remote.ts';
import { engineRefusals, type ErasedOutcome } from './request.ts';
import { TurnRun, type TurnContext, type Waiter } from './turn.ts';

/** Actors looked at in one piece of a sweep: well below a millisecond. */
const looksPerPiece = 1_000;

export class Engine<Ps extends { readonly [K in keyof Ps]: Protocol }> implements Asker<Ps>, TurnContext {
  readonly clock: StampClock;
  readonly waiters = new Map<string, Waiter>();
  readonly messagesMax: number;
  readonly #options: EngineOptions;
  readonly #cells: Cells;
  readonly #committer: Committer;
  readonly #deadlines: Deadlines;
  readonly #keys: KeyTable;
  readonly #remote: Remote;
  readonly #flow: CommandFlow;
  /** What `start` takes up; null from then on. */
  #recovered: Recovered | null;
  #draining = false;
  #looksLeft = 0;
  #dead = false;

  /** Recovers the actors from the ports (invariant 9). Throws on damaged storage. Commands may come after `start`. */
  constructor(options: EngineOptions) {
    this.#options = options;
    this.#remote = options.remote ?? ownsEverything;
    this.messagesMax = options.limits.turnMessagesMax;
    const { journal, limits, scheduler, clock, hooks = {} } = options;
    this.clock = new StampClock(clock, journal.end.atMs);
    this.#cells = new Cells(new Map(Object.entries(options.kinds)), options.snapshots, limits);
    this.#deadlines = new Deadlines({
      clock: this.clock,
      scheduler: { after: (delayMs, task) => scheduler.after(delayMs, () => this.#guarded(task)) },
      monotonicMs: () => clock.monotonicMs(),
      cell: (actor) => this.#cells.get(actor),
      crowded: () => this.#committer.crowded,
      expire: (actor) => this.#flow.internalTurn(actor, { type: 'ExpireDue' }),
    });
    this.#keys = new KeyTable({
      index: options.keys,
      hashSeed: options.hashSeed ?? 0,
      bindingAt: (batch, turn) => (batch > this.durableBatch ? undefined : journal.readTurn(batch, turn).binding),
      keysMax: limits.keysInMemoryMax,
      ttlMs: limits.keyTtlMs,
      startMs: this.clock.nowMs(),
      startBatch: journal.end.batch,
      pageMax: limits.keysPageMax,
    });
    this.#committer = new Committer({
      journal,
      scheduler,
      batchTurnsMax: limits.batchTurnsMax,
      batchCharsMax: limits.batchCharsMax,
      monotonicMs: () => clock.monotonicMs(),
      onFatal: (error) => this.#fatal(error),
      onDurable: (batch, turns, commitMs) => {
        options.follower.advance(batch);
        hooks.onBatch?.(turns, commitMs);
      },
    });
    this.#flow = new CommandFlow(
      {
        clock: this.clock,
        monotonicMs: () => clock.monotonicMs(),
        journal,
        cells: this.#cells,
        committer: this.#committer,
        deadlines: this.#deadlines,
        keys: this.#keys,
        remote: this.#remote,
        hooks,
        guarded: (work) => this.#guarded(work),
      },
      this,
    );
    options.follower.subscribe((report) => {
      for (const stored of report.stored) this.#cells.snapshotted(stored);
      this.#keys.indexed(report.keysThrough);
      // Two rounds: the first look only notes that nobody used an actor since.
      if (report.stored.length > 0) this.#shrink(2 * this.#cells.size);
    });
    this.#recovered = recover({ journal, snapshots: options.snapshots, cells: this.#cells, hooks });
  }

  /** Takes up deadlines, open keys and open questions. The key index must have every key that the journal has. */
  start(): void {
    if (this.#recovered === null) throw new Error('the engine has started already');
    const { deadlines, withOpenQuestions } = this.#recovered;
    this.#recovered = null;
    for (const { actor, nextDeadlineMs } of deadlines) this.#deadlines.add(actor, nextDeadlineMs);
    for (const cell of this.#cells.values()) this.#deadlines.update(cell);
    for (const pending of this.#options.keys.pending()) this.#flow.resume(pending);
    for (const actor of withOpenQuestions) {
      const cell = this.#cells.get(actor);
      const run = new TurnRun(this, this.clock.nowMs());
      run.resend(actor, cell.kind.openQuestions(cell.state));
      this.#flow.finish(run, actor, { type: 'QuestionsAskedAgain' }, null);
    }
    this.#loadKeys();
  }

  get waiting(): number {
    return this.#flow.waiting;
  }

  get waitingMax(): number {
    return this.#options.limits.waitingCommandsMax;
  }

  get durableBatch(): number {
    return this.#committer.durableBatch;
  }

  get batch(): number {
    return this.#committer.openBatch;
  }

  /** Actors in memory, by kind. */
  get actorsInMemory(): Record<string, number> {
    return this.#cells.counts();
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  cell(address: Address): Cell {
    return this.#cells.get(address);
  }

  owns(address: Address): boolean {
    return this.#remote.owns(address);
  }

  ask<K extends keyof Ps & string>(
    to: Address<K>,
    command: Ps[K]['command'],
    options?: AskOptions<Ps[keyof Ps]['command']>,
  ): Promise<Outcome<Ps[K]['reply'], Ps[keyof Ps]['code']>> {
    // The kind registered under K speaks protocol Ps[K]: the composition root pairs them, and `kinds` has no types left.
    return this.#ask(to, command, options ?? {});
  }

  view<K extends keyof Ps & string, T extends keyof Ps[K]['views'] & string>(
    to: Address<K>,
    query: Extract<Ps[K]['query'], { readonly type: T }>,
  ): Ps[K]['views'][T] {
    try {
      this.#cells.tidy();
      const cell = this.#cells.get(to);
      // A kind answers a query with the view of its name; see Protocol.
      return cell.kind.view(cell.state, query, this.clock.nowMs()) as Ps[K]['views'][T];
    } catch (error) {
      this.#fatal(error);
      throw error;
    }
  }

  viewDurable<K extends keyof Ps & string, T extends keyof Ps[K]['views'] & string>(
    to: Address<K>,
    query: Extract<Ps[K]['query'], { readonly type: T }>,
  ): Ps[K]['views'][T] | Promise<Ps[K]['views'][T]> {
    const seen = this.view<K, T>(to, query);
    // The view has loaded it; to ask for it twice would make it look like one in use.
    const lastBatch = this.#cells.peek(to)?.lastBatch ?? 0;
    if (lastBatch <= this.#committer.durableBatch) return seen;
    return new Promise((resolve) => this.#committer.whenDurable(lastBatch, () => resolve(seen)));
  }

  deliver(message: RemoteMessage): void {
    if (message.type === 'ask') return this.#flow.arrive(requestOf(message, this.#remote));
    const { to, question, outcome } = message;
    const answered: QuestionAnswered = { type: 'QuestionAnswered', question, outcome };
    this.#flow.internalTurn(to, answered);
  }

  /** Takes no new client command; resolves when all that is in flight is durable and answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    this.#deadlines.stop();
    await this.#committer.idle();
  }

  #ask(to: Address, command: Command, options: AskOptions<Command>): Promise<ErasedOutcome> {
    if (this.#recovered !== null) throw new Error('the engine has not started');
    const counted = options.internal !== true;
    if (counted) {
      if (this.#draining) return Promise.resolve(engineRefusals.draining);
      if (this.waiting >= this.waitingMax || this.#committer.full) return Promise.resolve(engineRefusals.overloaded);
      this.#flow.waiting++;
    }
    return new Promise((resolve) => {
      const key = options.key === undefined ? null : requestKey(to, options.key);
      this.#flow.arrive({
        to,
        command,
        gate: options.gate ?? null,
        key,
        counted,
        arrivedMs: this.#options.clock.monotonicMs(),
        resolve,
        openQuestion: null,
        pendingJournaled: false,
      });
    });
  }

  /** Lets idle actors go, piece by piece beside the work, for at most so many looks. */
  #shrink(looks: number): void {
    const running = this.#looksLeft > 0;
    this.#looksLeft = looks;
    if (!running) this.#shrinkPiece();
  }

  #shrinkPiece(): void {
    this.#cells.sweep(looksPerPiece);
    this.#looksLeft = this.#cells.isOverBound ? this.#looksLeft - looksPerPiece : 0;
    if (this.#looksLeft > 0 && !this.#dead) this.#options.scheduler.soon(() => this.#shrinkPiece());
  }

  /** Page by page beside the work, with pauses for it; until done, a miss costs a look-up on disk. */
  #loadKeys(): void {
    if (this.#dead || this.#keys.loadPage()) return;
    const everyMs = this.#options.limits.keysPageEveryMs;
    const next = (): void => this.#guarded(() => this.#loadKeys());
    if (everyMs === 0) this.#options.scheduler.soon(next);
    else this.#options.scheduler.after(everyMs, next);
  }

  /** Exceptions mean a bug (invariant 7), or storage that cannot be read: nothing more is confirmed. */
  #guarded(work: () => void): void {
    if (this.#dead) return;
    try {
      work();
    } catch (error) {
      this.#fatal(error);
    }
  }

  #fatal(error: unknown): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#committer.stop();
    this.#deadlines.stop();
    this.#options.onFatal(error);
  }
}
