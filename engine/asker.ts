/** The engine as its doors see it: ask, read, and whether it can take more. */
import type { Address, JsonObject, Protocol } from './actor.ts';

/** Refusals of the engine itself, beside those of the actors. */
export type EngineCode = 'idempotency_key_reused' | 'overloaded' | 'draining';

/** The outcome of a command, released only after everything that it rests on is durable (invariant 3). */
export type Outcome<Reply, Code extends string> =
  | { readonly type: 'accepted'; readonly reply: Reply; readonly replayed: boolean }
  | { readonly type: 'rejected'; readonly code: Code | EngineCode; readonly details: JsonObject };

/** A client's idempotency key (invariant 6). Scope: door, user, actor addressed, key. */
export interface ClientKey {
  readonly door: 'http' | 'cmd' | 'do';
  /** The acting user; empty where there is none (admin). */
  readonly user: string;
  readonly key: string;
  /** Command name and parsed body: the same scope with another text is `idempotency_key_reused`. */
  readonly fingerprint: string;
}

export interface AskOptions<GateCommand> {
  readonly key?: ClientKey;
  /**
   * Judged in the command's own turn, after the key and before `decide`. A refusal refuses the command;
   * events of a passed gate stay, whatever the command's outcome.
   */
  readonly gate?: { readonly to: Address; readonly command: GateCommand };
  /** The engine's own drivers pass the bound of waiting commands, and go on while it drains. */
  readonly internal?: true;
}

export interface Asker<Ps extends { readonly [K in keyof Ps]: Protocol }> {
  /** One command, one turn. Never rejects: business outcomes are values, and a bug stops the process. */
  ask<K extends keyof Ps & string>(
    to: Address<K>,
    command: Ps[K]['command'],
    options?: AskOptions<Ps[keyof Ps]['command']>,
  ): Promise<Outcome<Ps[K]['reply'], Ps[keyof Ps]['code']>>;

  /** Reads at once; the answer may run a batch ahead of the disk. Advice only: seat lists, counters, places. */
  view<K extends keyof Ps & string, T extends keyof Ps[K]['views'] & string>(
    to: Address<K>,
    query: Extract<Ps[K]['query'], { readonly type: T }>,
  ): Ps[K]['views'][T];

  /**
   * Reads at once, answers when what was read is durable: balances, reservations, payments. Nearly always it is durable
   * already, and the answer comes without a promise.
   */
  viewDurable<K extends keyof Ps & string, T extends keyof Ps[K]['views'] & string>(
    to: Address<K>,
    query: Extract<Ps[K]['query'], { readonly type: T }>,
  ): Ps[K]['views'][T] | Promise<Ps[K]['views'][T]>;

  /** Client commands that have arrived and are not yet answered. */
  readonly waiting: number;
  /** The bound of `waiting`: a full engine answers `overloaded` at once. */
  readonly waitingMax: number;
  /** Number of the last durable batch. */
  readonly durableBatch: number;
  /** Stamped time now, ms since the epoch (invariant 2). */
  nowMs(): number;
}
