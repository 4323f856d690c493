/**
 * A command from its arrival to the release of its answer: key, gate, turn, journal, answer (invariants 3, 6 and 7).
 * Everything here runs to completion on the engine's thread; the only wait is the one for the disk.
 */
import type { Address, Command } from './actor.ts';
import type { ClientKey } from './asker.ts';
import type { Cells } from './cells.ts';
import type { StampClock } from './clock.ts';
import type { Committer } from './committer.ts';
import type { Deadlines } from './deadlines.ts';
import { bindsRefusals, scopeOf } from './key-scope.ts';
import { fingerprintOf, isSameRequest, type KeyTable } from './key-table.ts';
import type { EngineHooks, Remote } from './options.ts';
import type { Journal, KeyBinding, KeyPending, KeyScope, PendingKey } from './ports.ts';
import { engineRefusals, KeysInFlight, sharedOutcome, type ErasedOutcome, type Request } from './request.ts';
import { replyOf, TurnRun, waiterKey, type Judged, type TurnContext } from './turn.ts';

export interface FlowParts {
  readonly clock: StampClock;
  readonly monotonicMs: () => number;
  readonly journal: Journal;
  readonly cells: Cells;
  readonly committer: Committer;
  readonly deadlines: Deadlines;
  readonly keys: KeyTable;
  readonly remote: Remote;
  readonly hooks: EngineHooks;
  /** Runs work whose exceptions are bugs, and stops the engine on one. */
  readonly guarded: (work: () => void) => void;
}

export class CommandFlow {
  /** Client commands that have arrived and are not yet answered. */
  waiting = 0;
  readonly #parts: FlowParts;
  readonly #turns: TurnContext;
  readonly #inFlight = new KeysInFlight();

  constructor(parts: FlowParts, turns: TurnContext) {
    this.#parts = parts;
    this.#turns = turns;
  }

  /** A key is in flight before anything else is looked at. */
  arrive(request: Request): void {
    if (request.key === null) {
      this.#parts.guarded(() => this.#judge(request));
      return;
    }
    if (this.#inFlight.enter(request.key.scope, request)) this.#parts.guarded(() => this.#lookUp(request));
  }

  #lookUp(request: Request): void {
    const { key } = request;
    const bound = key === null ? undefined : this.#parts.keys.find(key.scope, this.#parts.clock.nowMs());
    if (key === null || bound === undefined) this.#judge(request);
    else if (!isSameRequest(bound.fingerprint, key.fingerprint)) {
      this.#settle(request, engineRefusals.idempotency_key_reused, false);
    } else this.#settle(request, this.#replay(request.to, bound.batch, bound.turn), true);
  }

  /** The bound outcome, made from the journal by the same `reply` as the first time. */
  #replay(to: Address, batch: number, turnIndex: number): ErasedOutcome {
    const turn = this.#parts.journal.readTurn(batch, turnIndex);
    const outcome = turn.binding?.outcome;
    if (outcome === undefined) throw new Error(`turn ${batch}-${turnIndex} is bound by the index, not by the journal`);
    switch (outcome.type) {
      case 'rejected':
        return { type: 'rejected', code: outcome.code, details: outcome.details };
      case 'given':
        return { type: 'accepted', reply: outcome.value, replayed: true };
      case 'made': {
        const cell = this.#parts.cells.get(to);
        const lifted = turn.events.map(({ actor, event }) => ({
          actor,
          event: actor === to ? cell.kind.upcast(event) : event,
        }));
        return { type: 'accepted', reply: replyOf(cell, lifted), replayed: true };
      }
    }
  }

  #judge(request: Request): void {
    const run = new TurnRun(this.#turns, this.#parts.clock.nowMs());
    const refusal = request.gate === null ? null : run.gate(request.gate.to, request.gate.command);
    if (refusal === null) run.run(request.to, request.command, { type: 'request', request });
    else {
      run.drain();
      run.answered.push({ request, judged: refusal });
    }
    this.finish(run, request.to, request.command, request);
  }

  /** A turn that no client waits for: a deadline, an answer from another engine, a question asked again. */
  internalTurn(to: Address, command: Command): void {
    this.#parts.guarded(() => {
      const run = new TurnRun(this.#turns, this.#parts.clock.nowMs());
      run.run(to, command, null);
      this.finish(run, to, command, null);
    });
  }

  /** A keyed command from before a restart: its client is gone, its key is in flight until its question is closed. */
  resume({ actor, question, scope, fingerprint }: PendingKey): void {
    this.#inFlight.enter(scope, null);
    const key = { scope, fingerprint, text: scope, bindsRefusals: bindsRefusals(scope) };
    const request: Request = { ...orphaned, to: actor, key, openQuestion: question, pendingJournaled: true };
    this.#turns.waiters.set(waiterKey(actor, question), { type: 'request', request });
  }

  /** Journals what the turn did, and releases what it answered once that is durable. */
  finish(run: TurnRun, to: Address, command: Command, request: Request | null): void {
    let binding: KeyBinding | undefined;
    let boundRequest: Request | null = null;
    for (const { request: answered, judged } of run.answered) {
      const candidate = bindingOf(answered, judged);
      if (candidate === undefined) continue;
      if (binding !== undefined) throw new Error('one turn cannot bind two keys');
      binding = candidate;
      boundRequest = answered;
    }
    const pending = this.#pendingOf(run, request);
    const released = releasedOf(run);
    const changed = run.events.length > 0 || binding !== undefined || pending !== undefined || released !== undefined;
    const restsOn = changed ? this.#parts.committer.openBatch : run.restsOn;
    if (changed) this.#journal(run, to, command, request, { binding, pending, released });
    for (const { request: answered, judged } of run.answered) {
      this.#release(restsOn, answered, judged, answered === boundRequest);
    }
    for (const question of run.remote) {
      this.#parts.committer.whenDurable(restsOn, () => this.#parts.remote.send({ type: 'ask', ...question }));
    }
    if (changed) {
      this.#parts.hooks.onEvents?.(run.events, restsOn);
      for (const cell of run.touched) {
        this.#parts.deadlines.update(cell);
        this.#parts.hooks.onChanged?.(cell.address, cell.kind, cell.state);
      }
    }
    this.#parts.cells.tidy();
  }

  #journal(run: TurnRun, to: Address, command: Command, request: Request | null, keys: TurnKeys): void {
    const { atMs } = run;
    const { binding, pending, released } = keys;
    const key = request?.key?.text;
    if (binding !== undefined) {
      const { openBatch, openTurns } = this.#parts.committer;
      this.#parts.keys.bind({ scope: binding.scope, batch: openBatch, turn: openTurns, atMs });
    }
    // JSON.stringify leaves out what is undefined: the turn as ports.ts declares it, in the order it declares it.
    const turn = { atMs, to, command: command.type, key, binding, pending, released, events: run.events };
    this.#parts.committer.add(JSON.stringify(turn), atMs);
  }

  /** A keyed request whose question stays open beyond this turn is remembered in the journal. */
  #pendingOf(run: TurnRun, request: Request | null): KeyPending | undefined {
    if (request === null || run.answered.some((answered) => answered.request === request)) return undefined;
    const question = request.openQuestion;
    if (question === null) throw new Error(`${request.to} left ${request.command.type} without an answer`);
    if (request.key === null) return undefined;
    request.pendingJournaled = true;
    return { scope: request.key.scope, fingerprint: request.key.fingerprint, question };
  }

  #release(batch: number, request: Request, judged: Judged, bound: boolean): void {
    const outcome: ErasedOutcome =
      judged.type === 'rejected' ? judged : { type: 'accepted', reply: judged.reply, replayed: false };
    if (batch <= this.#parts.committer.durableBatch) this.#settle(request, outcome, bound);
    else this.#parts.committer.whenDurable(batch, () => this.#settle(request, outcome, bound));
  }

  /** The end of a request: everything that its outcome rests on is durable. */
  #settle(request: Request, outcome: ErasedOutcome, bound: boolean): void {
    if (request.counted) {
      this.waiting--;
      if (this.#parts.hooks.onCommand !== undefined) {
        const code = outcome.type === 'rejected' ? outcome.code : outcome.replayed ? 'replayed' : 'accepted';
        this.#parts.hooks.onCommand(request.command.type, code, this.#parts.monotonicMs() - request.arrivedMs);
      }
    }
    request.resolve(outcome);
    if (request.key === null) return;
    for (const follower of this.#inFlight.leave(request.key.scope)) {
      if (follower.key === null) throw new Error('only keyed commands wait for a key');
      const shared = sharedOutcome(request.key, outcome, bound, follower.key);
      if (shared === null) this.arrive(follower);
      else this.#settleShared(follower, shared);
    }
  }

  /** A follower never entered the keys in flight itself, so it has none to leave. */
  #settleShared(follower: Request, outcome: ErasedOutcome): void {
    this.#settle({ ...follower, key: null }, outcome, false);
  }
}

/** What a turn does to keys beside its events. */
interface TurnKeys {
  readonly binding: KeyBinding | undefined;
  readonly pending: KeyPending | undefined;
  readonly released: KeyScope | undefined;
}

/** A request whose client is gone: its command goes on, and nobody is told. */
const orphaned = {
  command: { type: 'Forgotten' },
  gate: null,
  counted: false,
  arrivedMs: 0,
  resolve: () => {},
} as const;

export function requestKey(to: Address, key: ClientKey): Request['key'] {
  const scope = scopeOf(key.door, key.user, to, key.key);
  return { scope, fingerprint: fingerprintOf(key), text: key.key, bindsRefusals: bindsRefusals(scope) };
}

/** The key of an earlier turn's command that this turn refuses without binding it: it is free again. */
function releasedOf(run: TurnRun): KeyScope | undefined {
  for (const { request, judged } of run.answered) {
    if (request.pendingJournaled && judged.type === 'rejected' && request.key?.bindsRefusals === false) {
      return request.key.scope;
    }
  }
  return undefined;
}

/** What binds the request's key, if this outcome does (invariant 6). */
function bindingOf(request: Request, judged: Judged): KeyBinding | undefined {
  if (request.key === null) return undefined;
  const { scope, fingerprint, bindsRefusals } = request.key;
  if (judged.type === 'rejected') {
    if (!bindsRefusals) return undefined;
    return { scope, fingerprint, outcome: { type: 'rejected', code: judged.code, details: judged.details } };
  }
  return { scope, fingerprint, outcome: judged.given ? { type: 'given', value: judged.reply } : { type: 'made' } };
}
