/**
 * What an actor is to the engine: pure functions over one value.
 *
 * `decide` judges a command against the state and returns events or a rejection; `evolve` is the only place
 * where state changes (invariant 1), live and in recovery alike (invariant 9). Nothing here reads a clock,
 * draws randomness or does I/O: time is an input (invariant 2). The shape follows the Decider pattern
 * (Jérémie Chassaing, "Functional Event Sourcing Decider").
 */

/** `kind:id`, for example `schedule:42`. The kind holds no colon; the id may. */
export type Address<Kind extends string = string> = `${Kind}:${string}`;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** Commands are imperative: `HoldSeats`. */
export interface Command {
  readonly type: string;
}

/** Events are past tense: `SeatsHeld`. `v` is the version of the event's shape (see `upcast`). Must survive JSON. */
export interface Event {
  readonly type: string;
  readonly v: number;
}

/** A business refusal is a value, never an exception (invariant 7). `details` must survive JSON. */
export interface Rejected<Code extends string = string> {
  readonly type: 'rejected';
  readonly code: Code;
  readonly details: JsonObject;
}

/** Names one open question of one actor, for example `42.7#1` (reservation and attempt). */
export type QuestionId = string;

/**
 * A message to another actor, decided but not yet sent (invariant 10).
 * `tell`: must be accepted by the receiver; a refusal is a bug and stops the process.
 * `ask`: the asker keeps the question open in its state, and gets the outcome as `QuestionAnswered`.
 */
export type Effect =
  | { readonly type: 'tell'; readonly to: Address; readonly command: Command }
  | { readonly type: 'ask'; readonly to: Address; readonly command: Command; readonly question: QuestionId };

export interface Accepted<E extends Event = Event, Reply = unknown> {
  readonly type: 'accepted';
  /** Applied with `evolve` in order. May be empty: the command was right and changed nothing. */
  readonly events: readonly E[];
  /**
   * `made`: `reply(events)` makes the answer, now and for every repetition.
   * `given`: the answer itself, only for a command without events. Must survive JSON.
   * `later`: the answer comes with the turn of this actor that closes `question`.
   */
  readonly reply:
    | { readonly type: 'made' }
    | { readonly type: 'given'; readonly value: Reply }
    | { readonly type: 'later'; readonly question: QuestionId };
  /** Delivered after this command's events are applied, in order. */
  readonly effects: readonly Effect[];
  /**
   * Closes the question under which an earlier command was accepted with `later`. Its asker gets the refusal,
   * or, where there is none, `reply(events)` of this turn.
   */
  readonly closes: { readonly question: QuestionId; readonly refusal: Rejected | null } | null;
}

export type Decision<E extends Event = Event, Reply = unknown, Code extends string = string> =
  | Accepted<E, Reply>
  | Rejected<Code>;

/** Sent by the engine when the stamped time has reached `nextDeadline(state)`. */
export interface ExpireDue {
  readonly type: 'ExpireDue';
}

/** Sent by the engine to the actor whose `ask` has been judged. */
export interface QuestionAnswered {
  readonly type: 'QuestionAnswered';
  readonly question: QuestionId;
  readonly outcome: { readonly type: 'accepted'; readonly reply: unknown } | Rejected;
}

/** What an actor says in public: one bundle of types for each kind. */
export interface Protocol {
  readonly command: Command;
  readonly event: Event;
  readonly reply: unknown;
  readonly code: string;
  /** `{type: keyof views}`: each query names the view that answers it. */
  readonly query: { readonly type: string };
  readonly views: object;
}

/**
 * One kind of actor. `State` may be mutable inside: `evolve` may change it in place and return it.
 * Methods, not function properties, so that a kind fits where its types are erased.
 */
export interface ActorKind<State, P extends Protocol> {
  readonly kind: string;
  /** Its actors never leave memory: they are few, and everyone would wait while one of them is loaded again. */
  readonly staysInMemory?: true;
  /** The state of an actor that has no event yet. */
  initial(id: string): State;
  /** Pure. `atMs` is the stamped time of the turn, ms since the epoch. */
  decide(state: State, command: P['command'], atMs: number): Decision<P['event'], P['reply'], P['code']>;
  /** Total over all events of this kind; throws only on a bug. */
  evolve(state: State, event: P['event']): State;
  /** The answer to the command whose turn gave these events of this actor. Pure: called again for a replay. */
  reply(events: readonly P['event'][]): P['reply'];
  /** Reads; never changes what `encode` sees. */
  view(state: State, query: P['query'], atMs: number): P['views'][keyof P['views']];
  /** Stamped time in ms at which `ExpireDue` has work to do; `Infinity` when there is none. Cheap: called every turn. */
  nextDeadline(state: State): number;
  /** The questions that are open, as effects that may be sent again as they are (recovery does). */
  openQuestions(state: State): readonly Effect[];
  /** Facts that recovery and projections need without loading the actor; null when there are none. Must survive JSON. */
  summary(state: State): JsonObject | null;
  /** Lifts an event read from the journal to its newest version. Pure. */
  upcast(event: Event): P['event'];
  /** Same state, same bytes: independent of snapshots taken or loaded on the way (invariant 9). */
  encode(state: State): Uint8Array;
  /** Inverse of `encode`. */
  decode(id: string, bytes: Uint8Array): State;
}

/**
 * A kind with its types erased, as the engine and the snapshotter hold it. Spelled out, because only the methods of a
 * plain interface are compared bivariantly: every `ActorKind` is an `ErasedKind`.
 */
export interface ErasedKind {
  readonly kind: string;
  readonly staysInMemory?: true;
  initial(id: string): unknown;
  decide(state: unknown, command: Command, atMs: number): Decision;
  evolve(state: unknown, event: Event): unknown;
  reply(events: readonly Event[]): unknown;
  view(state: unknown, query: { readonly type: string }, atMs: number): unknown;
  nextDeadline(state: unknown): number;
  openQuestions(state: unknown): readonly Effect[];
  summary(state: unknown): JsonObject | null;
  upcast(event: Event): Event;
  encode(state: unknown): Uint8Array;
  decode(id: string, bytes: Uint8Array): unknown;
}

export function kindOf(address: Address): string {
  return address.slice(0, address.indexOf(':'));
}

export function idOf(address: Address): string {
  return address.slice(address.indexOf(':') + 1);
}
