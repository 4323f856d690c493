/**
 * One turn: a command, judged and applied to completion, together with every command that its effects cause inside
 * this engine (invariants 1 and 10). Nothing awaits in here, and nothing leaves: the result says what to journal and
 * what to release once that is durable.
 */
import type { Accepted, Address, Command, Decision, Effect, Event, QuestionId, Rejected } from './actor.ts';
import type { Cell } from './cells.ts';
import type { JournaledEvent } from './ports.ts';
import type { Request } from './request.ts';

/** The outcome of one command as its asker will see it. */
export type Judged = { readonly type: 'accepted'; readonly reply: unknown; readonly given: boolean } | Rejected;

/** Who gets the answer when a question is closed. */
export type Waiter =
  | { readonly type: 'actor'; readonly asker: Address; readonly question: QuestionId }
  | { readonly type: 'request'; readonly request: Request };

export interface TurnContext {
  cell(address: Address): Cell;
  /** Whether this engine owns the actor. */
  owns(address: Address): boolean;
  /** Number of the batch that this turn will be part of. */
  readonly batch: number;
  readonly messagesMax: number;
  /** Open questions of earlier turns whose answer somebody waits for, by actor and question. */
  readonly waiters: Map<string, Waiter>;
}

export interface RemoteQuestion {
  readonly from: Address;
  readonly to: Address;
  readonly command: Command;
  readonly question: QuestionId;
}

interface Message {
  readonly to: Address;
  readonly command: Command;
  /** Null for a `tell`, which must be accepted. */
  readonly waiter: Waiter | null;
}

/** What a request gets from this turn. */
export interface Answered {
  readonly request: Request;
  readonly judged: Judged;
}

export class TurnRun {
  readonly events: JournaledEvent[] = [];
  readonly touched: Cell[] = [];
  /** Questions for actors of other engines; sent after the commit. */
  readonly remote: RemoteQuestion[] = [];
  /** The newest batch from before this turn that holds an event of an actor consulted (invariant 3). */
  restsOn = 0;
  /** Outcomes for requests that this turn answers. */
  readonly answered: Answered[] = [];
  /** The turn's stamp, ms since the epoch (invariant 2). */
  readonly atMs: number;
  readonly #context: TurnContext;
  readonly #queue: Message[] = [];

  constructor(context: TurnContext, atMs: number) {
    this.#context = context;
    this.atMs = atMs;
  }

  /** A command that must pass before the turn's own command is judged; the refusal, if there is one. */
  gate(to: Address, command: Command): Rejected | null {
    const cell = this.#touch(to);
    const decision = this.#decide(cell, command);
    if (decision.type === 'rejected') return decision;
    this.#apply(cell, decision);
    return null;
  }

  /**
   * Judges the turn's own command, then everything it causes. Where its answer comes later, `waiter` is remembered
   * under the question. Without a waiter the command must be accepted.
   */
  run(to: Address, command: Command, waiter: Waiter | null): void {
    this.#deliver({ to, command, waiter });
    this.drain();
  }

  /** Sends effects as if `from` had just decided them (recovery asks open questions again). */
  resend(from: Address, effects: readonly Effect[]): void {
    this.#enqueue(from, effects);
    this.drain();
  }

  /** Delivers what is queued, in order, until nothing is left. */
  drain(): void {
    for (let delivered = 0; ; delivered++) {
      const message = this.#queue.shift();
      if (message === undefined) return;
      if (delivered >= this.#context.messagesMax) throw new Error(`a turn grew past ${delivered} messages`);
      this.#deliver(message);
    }
  }

  #deliver(message: Message): void {
    const cell = this.#touch(message.to);
    const decision = this.#decide(cell, message.command);
    if (decision.type === 'rejected') {
      if (message.waiter === null) {
        throw new Error(`${message.to} refused ${message.command.type}, which it was told: ${decision.code}`);
      }
      this.#answer(message.waiter, decision);
      return;
    }
    const firstEvent = this.events.length;
    this.#apply(cell, decision);
    if (message.waiter !== null) this.#answerAccepted(message.waiter, cell, decision);
    if (decision.closes !== null) this.#close(cell, decision.closes, firstEvent);
  }

  #answerAccepted(waiter: Waiter, cell: Cell, decision: Accepted): void {
    switch (decision.reply.type) {
      case 'given':
        if (decision.events.length > 0) throw new Error(`${cell.address} gave a reply beside events`);
        this.#answer(waiter, { type: 'accepted', reply: decision.reply.value, given: true });
        return;
      case 'made':
        this.#answerMade(waiter, cell);
        return;
      case 'later':
        if (waiter.type === 'request') waiter.request.openQuestion = decision.reply.question;
        this.#context.waiters.set(waiterKey(cell.address, decision.reply.question), waiter);
        return;
    }
  }

  #answerMade(waiter: Waiter, cell: Cell): void {
    this.#answer(waiter, { type: 'accepted', reply: replyOf(cell, this.events), given: false });
  }

  #close(cell: Cell, closes: NonNullable<Accepted['closes']>, firstEvent: number): void {
    const key = waiterKey(cell.address, closes.question);
    const waiter = this.#context.waiters.get(key);
    if (waiter === undefined) return;
    this.#context.waiters.delete(key);
    if (closes.refusal !== null) this.#answer(waiter, closes.refusal);
    else if (firstEvent === this.events.length) throw new Error(`${cell.address} closed a question without an event`);
    else this.#answerMade(waiter, cell);
  }

  #answer(waiter: Waiter, judged: Judged): void {
    if (waiter.type === 'request') {
      this.answered.push({ request: waiter.request, judged });
      return;
    }
    const outcome = judged.type === 'rejected' ? judged : { type: 'accepted' as const, reply: judged.reply };
    const answer = { type: 'QuestionAnswered', question: waiter.question, outcome } as const;
    this.#queue.push({ to: waiter.asker, command: answer, waiter: null });
  }

  #decide(cell: Cell, command: Command): Decision {
    return cell.kind.decide(cell.state, command, this.atMs);
  }

  #apply(cell: Cell, decision: Accepted): void {
    for (const event of decision.events) this.#evolve(cell, event);
    this.#enqueue(cell.address, decision.effects);
  }

  #evolve(cell: Cell, event: Event): void {
    cell.state = cell.kind.evolve(cell.state, event);
    cell.lastBatch = this.#context.batch;
    this.events.push({ actor: cell.address, event });
  }

  #enqueue(from: Address, effects: readonly Effect[]): void {
    for (const effect of effects) {
      const here = this.#context.owns(effect.to);
      if (effect.type === 'tell') {
        if (!here) throw new Error(`${from} tells ${effect.to}, which another engine owns: it has to ask`);
        this.#queue.push({ to: effect.to, command: effect.command, waiter: null });
      } else if (here) {
        const waiter: Waiter = { type: 'actor', asker: from, question: effect.question };
        this.#queue.push({ to: effect.to, command: effect.command, waiter });
      } else {
        this.remote.push({ from, to: effect.to, command: effect.command, question: effect.question });
      }
    }
  }

  #touch(address: Address): Cell {
    const cell = this.#context.cell(address);
    if (cell.lastBatch > this.restsOn) this.restsOn = cell.lastBatch;
    if (!this.touched.includes(cell)) this.touched.push(cell);
    return cell;
  }
}

/** The reply that the events of one actor in one turn make, live and for a replay alike (invariant 6). */
export function replyOf(cell: Pick<Cell, 'address' | 'kind'>, turn: readonly JournaledEvent[]): unknown {
  const events: Event[] = [];
  for (const journaled of turn) if (journaled.actor === cell.address) events.push(journaled.event);
  return cell.kind.reply(events);
}

export function waiterKey(actor: Address, question: QuestionId): string {
  return `${actor}|${question}`;
}
