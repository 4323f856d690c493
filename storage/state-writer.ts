/** Writes `state.db` for the follower, in transactions that hold rows and their positions together. */
import type { Address } from '../engine/actor.ts';
import type { KeyBinding, KeyPending, KeyScope, StoredSnapshot } from '../engine/ports.ts';
import { explained, StorageDamaged } from './damage.ts';
import { closeCheckpointed, openDatabase } from './database.ts';
import type { Connection } from './database.ts';
import type { FollowerStore, JournalPosition, SnapshotToStore } from './follower-ports.ts';
import {
  damagedSnapshot,
  isDurableScope,
  isSnapshotWhole,
  isSummaryWhole,
  keyTurnsMax,
  plainBytes,
  scopeHash,
  snapshotChecksum,
  stateHint,
  stateMigrations,
  summaryChecksum,
} from './state-schema.ts';
import { prepareStatements } from './state-statements.ts';

/** Page cache: the index by hash is written all over. */
const cacheKib = 32 * 1024;
/** Pages in the WAL before they move to the file; SQLite's 1,000 would move the same ones again and again. */
const walPagesMax = 8_000;

export class StateWriter implements FollowerStore {
  readonly file: string;
  readonly #connection: Connection;
  readonly #statements;
  /** Scopes of the rows in `pending`: few, and looked at for every key that binds. */
  readonly #pendingScopes = new Set<string>();

  /**
   * Opens `state.db`, and makes it where there is none.
   *
   * @param journalId the journal that it follows
   * @throws StorageDamaged when it was made from another journal, or SQLite finds it corrupt
   */
  constructor(file: string, journalId: string) {
    this.file = file;
    this.#connection = openDatabase(file, { migrations: stateMigrations, corruptHint: stateHint });
    try {
      this.#connection.pragma(`cache_size = -${cacheKib}`);
      this.#connection.pragma(`wal_autocheckpoint = ${walPagesMax}`);
      this.#belongTo(journalId);
      this.#statements = prepareStatements(this.#connection);
      for (const row of this.#statements.pendingScopes.all()) this.#pendingScopes.add(row.scope);
    } catch (error) {
      this.#connection.close();
      throw explained(error, file, stateHint);
    }
  }

  position(name: 'complete_through' | 'keys_through'): JournalPosition | undefined {
    return this.#guarded(() => this.#statements.position.get(name));
  }

  begin(): void {
    this.#guarded(() => this.#statements.begin.run());
  }

  commit(): void {
    this.#guarded(() => this.#statements.commit.run());
  }

  setPosition(name: 'complete_through' | 'keys_through', position: JournalPosition): void {
    this.#guarded(() => this.#statements.setPosition.run(name, position.batch, position.checksum));
  }

  bindKey(batch: number, turn: number, atMs: number, binding: KeyBinding): void {
    if (turn >= keyTurnsMax) throw new Error(`turn ${turn} of batch ${batch} is beyond what the key index can name`);
    this.#guarded(() => {
      const { scope, fingerprint } = binding;
      const bind = isDurableScope(scope) ? this.#statements.bindDurableKey : this.#statements.bindKey;
      bind.run(batch * keyTurnsMax + turn, scopeHash(scope), atMs, scope, fingerprint);
      if (this.#pendingScopes.delete(scope)) this.#statements.removePending.run(scope);
    });
  }

  addPending(actor: Address, pending: KeyPending): void {
    this.#guarded(() => {
      this.#statements.addPending.run(pending.scope, pending.fingerprint, pending.question, actor);
      this.#pendingScopes.add(pending.scope);
    });
  }

  releasePending(scope: KeyScope): void {
    if (!this.#pendingScopes.delete(scope)) return;
    this.#guarded(() => this.#statements.removePending.run(scope));
  }

  expireKeys(beforeMs: number, rowsMax: number): number {
    return this.#guarded(() => {
      const { changes } = this.#statements.expireKeys.run(rowsMax, beforeMs);
      const durable = this.#statements.expireDurableKeys.run({ beforeMs, rowsMax }).changes;
      // The note goes last: while it stands, what is left is found again.
      if (durable < rowsMax) this.#statements.expireAcks.run(beforeMs);
      return changes + durable;
    });
  }

  noteAcked(through: number, atMs: number): void {
    this.#guarded(() => this.#statements.noteAcked.run(through, atMs));
  }

  load(actor: Address): StoredSnapshot | undefined {
    const row = this.#guarded(() => this.#statements.load.get(actor));
    if (row === undefined) return undefined;
    if (!isSnapshotWhole(row)) throw this.marked(actor, 'its state does not match its checksum');
    return { position: row.position, state: plainBytes(row.state) };
  }

  save(snapshot: SnapshotToStore): void {
    const { actor, position, state } = snapshot;
    const columns = {
      actor,
      position,
      next_deadline_ms: snapshot.nextDeadlineMs,
      open_questions: snapshot.openQuestions,
      summary: snapshot.summary === null ? null : JSON.stringify(snapshot.summary),
    };
    this.#guarded(() =>
      this.#statements.save.run(
        actor,
        position,
        columns.next_deadline_ms,
        columns.open_questions,
        columns.summary,
        summaryChecksum(columns),
        snapshotChecksum(actor, position, state),
        state,
      ),
    );
  }

  /** Actors whose snapshots have been marked as damaged. */
  damagedActors(): Address[] {
    // Only the follower writes this column, from addresses.
    return this.#guarded(() => this.#statements.damaged.all()).map((row) => row.actor as Address);
  }

  /**
   * Verifies all summaries, as the engine's recovery is about to read them.
   *
   * @returns the highest position among them
   * @throws StorageDamaged naming one that is not whole, after marking all that are not
   */
  verifySummaries(): number {
    let highest = 0;
    let damage: StorageDamaged | undefined;
    for (const row of this.#guarded(() => this.#statements.summaries.all())) {
      if (!isSummaryWhole(row)) damage = this.marked(row.actor, 'its summary does not match its checksum');
      else if (row.position > highest) highest = row.position;
    }
    if (damage !== undefined) throw damage;
    return highest;
  }

  /** Verifies the next snapshots in order of address; returns the last address, undefined after the end. */
  scrub(after: string, rowsMax: number): string | undefined {
    const rows = this.#guarded(() => this.#statements.scrub.all(after, rowsMax));
    for (const row of rows) {
      if (!isSnapshotWhole(row)) throw this.marked(row.actor, 'its state does not match its checksum');
      if (!isSummaryWhole(row)) throw this.marked(row.actor, 'its summary does not match its checksum');
    }
    return rows.length < rowsMax ? undefined : rows[rows.length - 1]?.actor;
  }

  /** Makes the indexes anew from the rows: after damage they may not agree. */
  reindex(): void {
    this.#guarded(() => this.#connection.exec('REINDEX snapshots'));
  }

  /** Marks a snapshot as damaged, durably, and returns the error to stop with. */
  marked(actor: string, what: string): StorageDamaged {
    // What an open transaction holds is made again from the journal.
    if (this.#connection.inTransaction) this.#connection.exec('ROLLBACK');
    this.#statements.mark.run(actor);
    return damagedSnapshot(this.file, actor, what);
  }

  close(): void {
    if (this.#connection.inTransaction) this.#connection.exec('ROLLBACK');
    closeCheckpointed(this.#connection);
  }

  #belongTo(journalId: string): void {
    const c = this.#connection;
    c.prepare<[string]>("INSERT INTO meta (name, value) VALUES ('journal_id', ?) ON CONFLICT DO NOTHING").run(
      journalId,
    );
    const found = c.prepare<[], { value: string }>("SELECT value FROM meta WHERE name = 'journal_id'").get();
    if (found?.value === journalId) return;
    throw new StorageDamaged(this.file, `it was made from another journal (${found?.value})`, stateHint);
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw explained(error, this.file, stateHint);
    }
  }
}
