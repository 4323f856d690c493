/** The engine's ports in memory: a disk that survives a crash, a journal that commits when told, a world without real time. */
import assert from 'node:assert/strict';
import type { Address, ErasedKind } from '../../engine/actor.ts';
import type {
  BatchToWrite,
  BoundKey,
  FollowerReport,
  Journal,
  JournalFollower,
  KeyIndex,
  KeyScope,
  PendingKey,
  SnapshotStore,
  StoredBatch,
  StoredSnapshot,
  StoredSummary,
  Turn,
} from '../../engine/ports.ts';
import { settled } from './manual-world.ts';

/** What is still there after a crash. */
export class MemoryDisk {
  readonly batches: StoredBatch[] = [];
  readonly snapshots = new Map<Address, StoredSnapshot & { readonly summary: StoredSummary }>();
  readonly bound = new Map<KeyScope, BoundKey>();
  readonly pending = new Map<KeyScope, PendingKey>();
  completeThrough = 0;
  keysThrough = 0;

  write({ number, atMs, turns }: BatchToWrite): void {
    assert.equal(number, this.batches.length + 1);
    // The journal port promises that what is read has the shape of what was written.
    this.batches.push({ number, atMs, turns: turns.map((turn) => JSON.parse(turn) as Turn) });
  }

  /** What the follower does behind the journal, done at once. */
  index(): void {
    for (const batch of this.batches.slice(this.keysThrough)) {
      batch.turns.forEach((turn, index) => {
        if (turn.pending !== undefined) this.pending.set(turn.pending.scope, { ...turn.pending, actor: turn.to });
        if (turn.released !== undefined) this.pending.delete(turn.released);
        if (turn.binding === undefined) return;
        const { scope, fingerprint } = turn.binding;
        this.pending.delete(scope);
        this.bound.set(scope, { scope, fingerprint, batch: batch.number, turn: index, atMs: turn.atMs });
      });
    }
    this.keysThrough = this.batches.length;
  }

  /** Snapshots of every actor, by the same `evolve`, up to the end of the journal. */
  snapshotAll(kinds: Readonly<Record<string, ErasedKind>>): void {
    const states = new Map<Address, { kind: ErasedKind; state: unknown }>();
    for (const batch of this.batches) {
      for (const turn of batch.turns) {
        for (const { actor, event } of turn.events) {
          const name = actor.slice(0, actor.indexOf(':'));
          const kind = kinds[name];
          assert.ok(kind);
          const cell = states.get(actor) ?? { kind, state: kind.initial(actor.slice(name.length + 1)) };
          cell.state = kind.evolve(cell.state, kind.upcast(event));
          states.set(actor, cell);
        }
      }
    }
    const position = this.batches.length;
    for (const [actor, { kind, state }] of states) {
      const deadline = kind.nextDeadline(state);
      const summary: StoredSummary = {
        actor,
        position,
        nextDeadlineMs: deadline === Infinity ? null : deadline,
        openQuestions: kind.openQuestions(state).length,
        summary: kind.summary(state),
      };
      this.snapshots.set(actor, { position, state: kind.encode(state), summary });
    }
    this.completeThrough = position;
  }
}

export class MemoryJournal implements Journal {
  readonly id = 'memory';
  readonly end;
  /** While true, a batch is durable as soon as the scheduler runs. */
  commitsByItself: boolean;
  readonly waiting: { readonly batch: BatchToWrite; resolve(): void; reject(error: Error): void }[] = [];
  reads = 0;
  readonly #disk: MemoryDisk;

  constructor(disk: MemoryDisk, commitsByItself: boolean) {
    this.#disk = disk;
    this.commitsByItself = commitsByItself;
    this.end = { batch: disk.batches.length, atMs: disk.batches.at(-1)?.atMs ?? 0 };
  }

  append(batch: BatchToWrite): Promise<void> {
    if (this.commitsByItself) {
      this.#disk.write(batch);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ batch, resolve, reject });
    });
  }

  /** Makes the batch that is being written durable. */
  async commit(): Promise<void> {
    const next = this.waiting.shift();
    assert.ok(next, 'no batch is being written');
    this.#disk.write(next.batch);
    next.resolve();
    await settled();
  }

  async fail(error: Error): Promise<void> {
    const next = this.waiting.shift();
    assert.ok(next, 'no batch is being written');
    next.reject(error);
    await settled();
  }

  read(from: number): Iterable<StoredBatch> {
    return this.#disk.batches.slice(from - 1);
  }

  readTurn(batch: number, turn: number): Turn {
    this.reads++;
    const found = this.#disk.batches[batch - 1]?.turns[turn];
    assert.ok(found);
    return found;
  }
}

export class MemorySnapshots implements SnapshotStore {
  readonly #disk: MemoryDisk;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
  }

  completeThrough(): number {
    return this.#disk.completeThrough;
  }

  *summaries(): Iterable<StoredSummary> {
    for (const { summary } of this.#disk.snapshots.values()) yield summary;
  }

  load(actor: Address): StoredSnapshot | undefined {
    return this.#disk.snapshots.get(actor);
  }
}

/** In order, and cut between two batches: as many as `limit` lets through, one batch at least. */
export function wholeBatches(keys: BoundKey[], limit: number): readonly BoundKey[] {
  keys.sort((a, b) => a.batch - b.batch || a.turn - b.turn);
  const [first] = keys;
  const beyond = keys[limit];
  if (first === undefined || beyond === undefined) return keys;
  const whole = keys.filter(({ batch }) => batch < beyond.batch);
  return whole.length > 0 ? whole : keys.filter(({ batch }) => batch === first.batch);
}

export class MemoryKeys implements KeyIndex {
  finds = 0;
  readonly #disk: MemoryDisk;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
  }

  find(scope: KeyScope): BoundKey | undefined {
    this.finds++;
    return this.#disk.bound.get(scope);
  }

  recent(sinceMs: number, after: number, limit: number): readonly BoundKey[] {
    const found = [...this.#disk.bound.values()].filter((bound) => bound.atMs >= sinceMs && bound.batch > after);
    return wholeBatches(found, limit);
  }

  pending(): readonly PendingKey[] {
    return [...this.#disk.pending.values()];
  }
}

export class MemoryFollower implements JournalFollower {
  #listener: (report: FollowerReport) => void = () => {};

  advance(): void {}

  subscribe(listener: (report: FollowerReport) => void): void {
    this.#listener = listener;
  }

  report(report: FollowerReport): void {
    this.#listener(report);
  }
}
