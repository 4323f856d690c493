/** What the follower needs: batches to read, and a store for snapshots and keys. */
import type { Address, JsonObject } from '../engine/actor.ts';
import type { KeyBinding, KeyPending, KeyScope, StoredBatch, StoredSnapshot } from '../engine/ports.ts';

export interface JournalPosition {
  readonly batch: number;
  /** The journal's checksum of that batch. */
  readonly checksum: Uint8Array;
}

export interface SourcedBatch extends JournalPosition {
  readonly stored: StoredBatch;
  /** Length of its JSON, as a measure of its cost. */
  readonly chars: number;
}

export interface BatchSource {
  /** Verified durable batches in order, from `from` through `through`. */
  sourced(from: number, through: number): Iterable<SourcedBatch>;
  positionOf(batch: number): JournalPosition;
}

export interface SnapshotToStore extends StoredSnapshot {
  readonly actor: Address;
  readonly nextDeadlineMs: number | null;
  readonly openQuestions: number;
  readonly summary: JsonObject | null;
}

/** Where snapshots and keys go. All changes between `begin` and `commit` become durable together. */
export interface FollowerStore {
  position(name: 'complete_through' | 'keys_through'): JournalPosition | undefined;
  setPosition(name: 'complete_through' | 'keys_through', position: JournalPosition): void;
  begin(): void;
  commit(): void;
  bindKey(batch: number, turn: number, atMs: number, binding: KeyBinding): void;
  addPending(actor: Address, pending: KeyPending): void;
  /** Forgets a pending key whose question was closed without binding it. */
  releasePending(scope: KeyScope): void;
  /**
   * Deletes the oldest keys bound before `beforeMs`, at most `rowsMax`, and of the keys of durable commands those whose
   * messages were acked before it, as many; returns how many.
   */
  expireKeys(beforeMs: number, rowsMax: number): number;
  /** Throws `StorageDamaged` after marking a snapshot that is not whole. */
  load(actor: Address): StoredSnapshot | undefined;
  save(snapshot: SnapshotToStore): void;
}
