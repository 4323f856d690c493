/**
 * A disk that survives its process: the journal as it is written, text and chained checksum, and what the follower
 * keeps behind it. Changes of a follower's transaction appear together or, where the process dies before, not at all.
 */
import type { Address } from '../../engine/actor.ts';
import type {
  BatchToWrite,
  BoundKey,
  KeyIndex,
  KeyPending,
  KeyScope,
  PendingKey,
  SnapshotStore,
  StoredBatch,
  StoredSnapshot,
  StoredSummary,
} from '../../engine/ports.ts';
import type { FollowerStore, JournalPosition, SnapshotToStore, SourcedBatch } from '../../storage/follower-ports.ts';
import { chainNext, chainStart, sameBytes } from '../../storage/journal-schema.ts';
import { parsedBatch } from '../../storage/journal-reader.ts';
import { wholeBatches } from '../engine/memory-ports.ts';
import type { JournalRow } from '../../storage/journal-schema.ts';

type PositionName = 'complete_through' | 'keys_through';

export class SimulatedDisk {
  readonly journalId: string;
  readonly rows: JournalRow[] = [];
  readonly snapshots = new Map<Address, SnapshotToStore>();
  readonly keys = new Map<KeyScope, BoundKey>();
  readonly pending = new Map<KeyScope, PendingKey>();
  readonly positions = new Map<PositionName, JournalPosition>();
  /** What the feed has remembered. */
  feedPosition = 0;

  constructor(journalId: string) {
    this.journalId = journalId;
  }

  get end(): number {
    return this.rows.length;
  }

  /** Appends a batch as the journal's writer does. */
  write({ number, atMs, turns }: BatchToWrite): StoredBatch {
    if (number !== this.rows.length + 1) throw new Error(`batch ${number} cannot follow batch ${this.rows.length}`);
    const turnsJson = `[${turns.join(',')}]`;
    const row: JournalRow = {
      batch: number,
      at_ms: atMs,
      checksum: chainNext(this.checksumOf(number - 1), number, atMs, turnsJson),
      turns: turnsJson,
    };
    this.rows.push(row);
    return parsedBatch(row);
  }

  /** One batch, read anew: nobody shares an object with anybody. */
  batch(number: number): StoredBatch {
    const row = this.rows[number - 1];
    if (row === undefined) throw new Error(`the journal ends before batch ${number}`);
    const expected = chainNext(this.checksumOf(number - 1), row.batch, row.at_ms, row.turns);
    if (!sameBytes(expected, row.checksum)) throw new Error(`batch ${number} fails its checksum`);
    return parsedBatch(row);
  }

  *batches(from: number, through = this.rows.length): Generator<StoredBatch, void, void> {
    for (let number = from; number <= Math.min(through, this.rows.length); number += 1) yield this.batch(number);
  }

  *sourced(from: number, through: number): Generator<SourcedBatch, void, void> {
    for (const stored of this.batches(from, through)) {
      yield { ...this.positionOf(stored.number), chars: 1, stored };
    }
  }

  positionOf(batch: number): JournalPosition {
    return { batch, checksum: this.checksumOf(batch) };
  }

  checksumOf(batch: number): Uint8Array {
    return batch === 0 ? chainStart(this.journalId) : (this.rows[batch - 1]?.checksum ?? chainStart('none'));
  }
}

/** The follower's store: changes wait for `commit`. */
export class SimulatedStore implements FollowerStore {
  readonly #disk: SimulatedDisk;
  #open: (() => void)[] | null = null;

  constructor(disk: SimulatedDisk) {
    this.#disk = disk;
  }

  position(name: PositionName): JournalPosition | undefined {
    return this.#disk.positions.get(name);
  }

  setPosition(name: PositionName, position: JournalPosition): void {
    this.#change(() => this.#disk.positions.set(name, position));
  }

  begin(): void {
    if (this.#open !== null) throw new Error('a transaction is open already');
    this.#open = [];
  }

  commit(): void {
    if (this.#open === null) throw new Error('no transaction is open');
    for (const change of this.#open) change();
    this.#open = null;
  }

  bindKey(batch: number, turn: number, atMs: number, { scope, fingerprint }: { scope: KeyScope; fingerprint: string }) {
    this.#change(() => {
      const { keys, pending } = this.#disk;
      // Behind whoever is there already: the index is read in order of binding.
      keys.delete(scope);
      keys.set(scope, { scope, fingerprint, batch, turn, atMs });
      pending.delete(scope);
    });
  }

  addPending(actor: Address, pending: KeyPending): void {
    this.#change(() => this.#disk.pending.set(pending.scope, { ...pending, actor }));
  }

  releasePending(scope: KeyScope): void {
    this.#change(() => this.#disk.pending.delete(scope));
  }

  expireKeys(beforeMs: number, rowsMax: number): number {
    const over: KeyScope[] = [];
    for (const { scope, atMs } of this.#disk.keys.values()) {
      if (over.length < rowsMax && atMs < beforeMs && !scope.startsWith('do|')) over.push(scope);
    }
    this.#change(() => {
      for (const scope of over) {
        // One that was bound again meanwhile stays.
        if ((this.#disk.keys.get(scope)?.atMs ?? Infinity) < beforeMs) this.#disk.keys.delete(scope);
      }
    });
    return over.length;
  }

  load(actor: Address): StoredSnapshot | undefined {
    return this.#disk.snapshots.get(actor);
  }

  save(snapshot: SnapshotToStore): void {
    // A copy: the encoder may use its bytes again.
    const kept = { ...snapshot, state: snapshot.state.slice() };
    this.#change(() => this.#disk.snapshots.set(snapshot.actor, kept));
  }

  #change(change: () => void): void {
    if (this.#open === null) throw new Error('changes are made in a transaction');
    this.#open.push(change);
  }
}

/** Snapshots as the engine reads them. */
export class SimulatedSnapshots implements SnapshotStore {
  readonly #disk: SimulatedDisk;

  constructor(disk: SimulatedDisk) {
    this.#disk = disk;
  }

  completeThrough(): number {
    return this.#disk.positions.get('complete_through')?.batch ?? 0;
  }

  *summaries(): Generator<StoredSummary, void, void> {
    for (const { actor, position, nextDeadlineMs, openQuestions, summary } of this.#disk.snapshots.values()) {
      if (nextDeadlineMs === null && openQuestions === 0 && summary === null) continue;
      yield { actor, position, nextDeadlineMs, openQuestions, summary };
    }
  }

  load(actor: Address): StoredSnapshot | undefined {
    const found = this.#disk.snapshots.get(actor);
    return found === undefined ? undefined : { position: found.position, state: found.state.slice() };
  }
}

/** Bound keys as the engine reads them. */
export class SimulatedKeys implements KeyIndex {
  readonly #disk: SimulatedDisk;

  constructor(disk: SimulatedDisk) {
    this.#disk = disk;
  }

  find(scope: KeyScope): BoundKey | undefined {
    return this.#disk.keys.get(scope);
  }

  /** Durable commands have an index of their own, which is never loaded. */
  recent(sinceMs: number, after: number, limit: number): readonly BoundKey[] {
    const found = [...this.#disk.keys.values()].filter(
      ({ scope, atMs, batch }) => !scope.startsWith('do|') && atMs >= sinceMs && batch > after,
    );
    return wholeBatches(found, limit);
  }

  pending(): readonly PendingKey[] {
    return [...this.#disk.pending.values()];
  }
}
