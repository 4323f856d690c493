/**
 * What the engine needs from the world, declared by its consumer. `storage/` implements these over SQLite;
 * tests and simulation implement them in memory.
 */
import type { Address, Event, JsonObject, QuestionId } from './actor.ts';

/** A client's key, spelled out: `door|user|address|key`, parts percent-encoded where they hold `|` or `%`. */
export type KeyScope = string;

/** Written in the turn that gives the reply; events alone bind nothing (invariant 6). */
export interface KeyBinding {
  readonly scope: KeyScope;
  /** Command name and parsed body: the text itself while it is short, else its digest (`key-table.ts`). */
  readonly fingerprint: string;
  /**
   * `made`: the reply is `reply(events)` of the addressed actor's events in this turn.
   * `given`: the reply itself (a command that was right and changed nothing).
   * `rejected`: a refusal that binds (durable commands only).
   */
  readonly outcome:
    | { readonly type: 'made' }
    | { readonly type: 'given'; readonly value: unknown }
    | { readonly type: 'rejected'; readonly code: string; readonly details: JsonObject };
}

/** A keyed command accepted with `later`: binds when its question closes, also after a restart. */
export interface KeyPending {
  readonly scope: KeyScope;
  readonly fingerprint: string;
  readonly question: QuestionId;
}

/** One event as the journal holds it. */
export interface JournaledEvent {
  readonly actor: Address;
  readonly event: Event;
}

/**
 * One turn: a command, the commands that its effects caused inside this engine, and all their events in order.
 * A turn's id is `<batch>-<index of the turn in its batch>`; an event's index counts all events of the batch.
 */
export interface Turn {
  /** Stamped time of the turn, ms since the epoch. */
  readonly atMs: number;
  /** The actor that was addressed, and the name of the command. */
  readonly to: Address;
  readonly command: string;
  /** The client's own key, where one was given (the feed shows it). */
  readonly key?: string;
  readonly binding?: KeyBinding;
  readonly pending?: KeyPending;
  /** A pending key whose question was closed with a refusal that does not bind: it is free again. */
  readonly released?: KeyScope;
  readonly events: readonly JournaledEvent[];
}

/** The unit of durability: all of its turns become durable together, or none (invariant 4). */
export interface StoredBatch {
  /** 1, 2, 3 … without gaps. */
  readonly number: number;
  /** Stamped time of the last turn. */
  readonly atMs: number;
  readonly turns: readonly Turn[];
}

/** A batch on its way to disk: `turns` is the JSON of each, encoded once. The journal holds them as one JSON array. */
export interface BatchToWrite {
  readonly number: number;
  readonly atMs: number;
  readonly turns: readonly string[];
}

export interface JournalEnd {
  /** Number of the last durable batch, 0 for an empty journal. */
  readonly batch: number;
  /** Its stamped time, 0 for an empty journal. */
  readonly atMs: number;
}

/** The journal of one engine. One append at a time; the engine awaits each. */
export interface Journal {
  /** Random, made with the journal, never changed. */
  readonly id: string;
  /** The end as found when the journal was opened. */
  readonly end: JournalEnd;
  /** Resolves when the batch is on disk. A rejection is fatal: the outcome is unknown (invariant 5). */
  append(batch: BatchToWrite): Promise<void>;
  /**
   * Durable batches from number `from` on, in order, verified against the checksum chain.
   * Throws `StorageDamaged` at a batch that fails.
   */
  read(from: number): Iterable<StoredBatch>;
  /** One durable turn, for the replay of a key. */
  readTurn(batch: number, turn: number): Turn;
}

export interface StoredSnapshot {
  /** Number of the last batch whose events the state includes. */
  readonly position: number;
  readonly state: Uint8Array;
}

export interface StoredSummary {
  readonly actor: Address;
  readonly position: number;
  /** ms since the epoch; null when the actor has no deadline. */
  readonly nextDeadlineMs: number | null;
  readonly openQuestions: number;
  readonly summary: JsonObject | null;
}

/** Snapshots as the engine sees them: read only. They are written behind the journal by its follower. */
export interface SnapshotStore {
  /** Every actor whose last event is at or before this batch has a snapshot that includes that event (invariant 11). */
  completeThrough(): number;
  /** All summaries that say anything (deadline, open question, facts), verified. */
  summaries(): Iterable<StoredSummary>;
  /** The newest snapshot, verified; undefined for an actor that has none. Throws `StorageDamaged`. */
  load(actor: Address): StoredSnapshot | undefined;
}

/** Where a bound key's turn stands. */
export interface BoundKey {
  readonly scope: KeyScope;
  readonly fingerprint: string;
  readonly batch: number;
  readonly turn: number;
  readonly atMs: number;
}

export interface PendingKey extends KeyPending {
  readonly actor: Address;
}

/** The index of bound keys on disk, filled behind the journal, caught up before ready (invariant 6). */
export interface KeyIndex {
  /** One indexed read of each segment of the index; `segmentKeysMax` of storage says how many keys one has. */
  find(scope: KeyScope): BoundKey | undefined;
  /**
   * Keys bound at or after `sinceMs` in batches after number `after`, oldest first, of whole batches only: as many as
   * `limit` lets through, one batch at least. Empty when there are none.
   */
  recent(sinceMs: number, after: number, limit: number): readonly BoundKey[];
  /** Keyed commands whose question is still open. */
  pending(): readonly PendingKey[];
}

/** Two clocks: what the wall says, and one that never jumps. Both in ms, fractions allowed. */
export interface ClockSource {
  wallMs(): number;
  monotonicMs(): number;
}

/** What damage to stored data is reported as: where it is, and what an operator can do. */
export interface DamageReport {
  readonly where: string;
  readonly what: string;
}

/** A snapshot that has become durable. */
export interface StoredNow {
  readonly actor: Address;
  readonly position: number;
  /** Of its state. */
  readonly bytes: number;
}

/** What the follower has made durable so far; batch numbers. */
export interface FollowerReport {
  readonly completeThrough: number;
  readonly keysThrough: number;
  readonly readModelThrough: number;
  /** Snapshots stored since the report before. */
  readonly stored: readonly StoredNow[];
}

/**
 * Whatever tails the journal: snapshots, the key index, the read model. It sees durable batches only, so what it
 * stores can never be ahead of the disk.
 */
export interface JournalFollower {
  /** The journal is durable through this batch. Cheap; may be called after every batch. */
  advance(durableThrough: number): void;
  subscribe(listener: (report: FollowerReport) => void): void;
}
