/** What an engine is made of: its ports, its bounds, and what operators may listen to. */
import type { Address, ErasedKind, JsonObject, QuestionId, Rejected } from './actor.ts';
import type { Scheduler } from './committer.ts';
import type { ClockSource, Journal, JournaledEvent, JournalFollower, KeyIndex, SnapshotStore } from './ports.ts';
import type { RemoteQuestion } from './turn.ts';

export interface EngineLimits {
  readonly waitingCommandsMax: number;
  readonly batchTurnsMax: number;
  /** Characters of the turns in one batch. */
  readonly batchCharsMax: number;
  readonly turnMessagesMax: number;
  readonly idleActorsMax: number;
  /** Bytes of the snapshots of all actors in memory, above which those that may leave it do; in memory they take some times as much. */
  readonly idleBytesMax: number;
  readonly keysInMemoryMax: number;
  /** Keys from before the start that are loaded at once. */
  readonly keysPageMax: number;
  /** Pause between two pages, ms. */
  readonly keysPageEveryMs: number;
  readonly keyTtlMs: number;
}

/** What operators want to see; called on the hot path, so keep them cheap. */
export interface EngineHooks {
  /** A client command was answered: `code` is `accepted`, `replayed` or the refusal's code. */
  readonly onCommand?: (command: string, code: string, elapsedMs: number) => void;
  readonly onBatch?: (turns: number, commitMs: number) => void;
  /** The events of one turn, applied and not yet durable: they are part of this batch. */
  readonly onEvents?: (events: readonly JournaledEvent[], batch: number) => void;
  /** An actor was consulted or changed in a turn that had events; in recovery: it is part of the tail. */
  readonly onChanged?: (actor: Address, kind: ErasedKind, state: unknown) => void;
  /** In recovery: the summary of an actor at rest. */
  readonly onSummary?: (actor: Address, summary: JsonObject) => void;
}

/** Messages between engines (invariant 10). Sent only after the commit; may be lost and repeated. */
export type RemoteMessage =
  | ({ readonly type: 'ask' } & RemoteQuestion)
  | {
      readonly type: 'answer';
      readonly to: Address;
      readonly question: QuestionId;
      readonly outcome: { readonly type: 'accepted'; readonly reply: unknown } | Rejected;
    };

export interface Remote {
  /** Whether this engine owns the actor. */
  owns(actor: Address): boolean;
  send(message: RemoteMessage): void;
}

export interface EngineOptions {
  readonly kinds: Readonly<Record<string, ErasedKind>>;
  readonly journal: Journal;
  readonly snapshots: SnapshotStore;
  readonly keys: KeyIndex;
  readonly follower: JournalFollower;
  readonly clock: ClockSource;
  readonly scheduler: Scheduler;
  readonly limits: EngineLimits;
  /**
   * Of the hashes of keys in memory, below 2^32: to be drawn by chance where clients choose keys, because whoever knows it
   * can choose some that collide. Absent: 0.
   */
  readonly hashSeed?: number;
  readonly hooks?: EngineHooks;
  /** Absent: this engine owns every actor. */
  readonly remote?: Remote;
  /** Called once when the engine must not go on: a failed commit, or a bug. The process stops and recovers from disk. */
  readonly onFatal: (error: unknown) => void;
}
