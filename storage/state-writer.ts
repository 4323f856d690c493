/** Writes `state.db` for the follower, in transactions that hold rows and their positions together. */
import type { Address } from '../engine/actor.ts';
import type { KeyBinding, KeyPending, KeyScope, StoredSnapshot } from '../engine/ports.ts';
import { explained, foreignJournal, sqliteCode } from './damage.ts';
import type { StorageDamaged } from './damage.ts';
import { closeCheckpointed, openDatabase } from './database.ts';
import type { Connection } from './database.ts';
import type { FollowerStore, JournalPosition, SnapshotToStore } from './follower-ports.ts';
import { OpenKeys } from './open-keys.ts';
import { keyChecksum } from './row-totals.ts';
import { damagedState, markedSnapshot } from './set-aside.ts';
import { StateAudit } from './state-audit.ts';
import {
  isDurableScope,
  isSnapshotWhole,
  isSummaryWhole,
  keyTurnsMax,
  plainBytes,
  scopeHash,
  segmentKeysMax,
  snapshotChecksum,
  stateHint,
  stateMigrations,
  summaryChecksum,
} from './state-schema.ts';
import { prepareStatements } from './state-statements.ts';
import { StoredTotals } from './stored-totals.ts';

/** Page cache: the newest segment of the index by hash is written all over. */
const cacheKib = 32 * 1024;
/** Pages in the WAL before they move to the file; SQLite's 1,000 would move the same ones again and again. */
const walPagesMax = 8_000;

export class StateWriter implements FollowerStore {
  readonly file: string;
  readonly audit: StateAudit;
  readonly #connection: Connection;
  readonly #statements;
  readonly #totals: StoredTotals;
  readonly #openKeys: OpenKeys;
  /** Where new keys go in their index, and how many are there. */
  #segment: number;
  #segmentKeys: number;

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
      this.#totals = new StoredTotals(this.#connection);
      this.#openKeys = new OpenKeys(this.#connection, this.#totals.pending);
      this.audit = new StateAudit(this.#connection, this.#totals);
      const last = this.#statements.lastSegment.get();
      this.#segment = last?.segment ?? 0;
      this.#segmentKeys = last?.keys ?? 0;
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
    this.#guarded(() => {
      this.#totals.store();
      this.#statements.commit.run();
    });
  }

  setPosition(name: 'complete_through' | 'keys_through', position: JournalPosition): void {
    this.#guarded(() => this.#statements.setPosition.run(name, position.batch, position.checksum));
  }

  bindKey(batch: number, turn: number, atMs: number, binding: KeyBinding): void {
    if (turn >= keyTurnsMax) throw new Error(`turn ${turn} of batch ${batch} is beyond what the key index can name`);
    this.#guarded(() => {
      const { scope, fingerprint } = binding;
      const id = batch * keyTurnsMax + turn;
      const hash = scopeHash(scope);
      const checksum = keyChecksum(id, atMs, hash, fingerprint);
      if (isDurableScope(scope)) {
        this.#statements.bindDurableKey.run(id, hash, atMs, scope, fingerprint, checksum);
        this.#totals.durable_keys.add(checksum);
      } else {
        this.#statements.bindKey.run(id, hash, atMs, scope, fingerprint, checksum, this.#segmentOfNext());
        this.#totals.keys.add(checksum);
      }
      this.#openKeys.remove(scope);
    });
  }

  addPending(actor: Address, pending: KeyPending): void {
    this.#guarded(() => this.#openKeys.add(actor, pending));
  }

  releasePending(scope: KeyScope): void {
    this.#guarded(() => this.#openKeys.remove(scope));
  }

  expireKeys(beforeMs: number, rowsMax: number): number {
    return this.#guarded(() => {
      const changes = this.#expired('keys', this.#statements.expireKeys.all(rowsMax, beforeMs));
      const durable = this.#expired('durable_keys', this.#statements.expireDurableKeys.all({ beforeMs, rowsMax }));
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
    this.#guarded(() => {
      const { update, insert } = this.#statements;
      const values = [
        position,
        columns.next_deadline_ms,
        columns.open_questions,
        columns.summary,
        summaryChecksum(columns),
        snapshotChecksum(actor, position, state),
        state,
        actor,
      ] as const;
      if (update.run(...values).changes > 0) return;
      insert.run(...values);
      this.#totals.snapshots.add(scopeHash(actor));
    });
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

  /** Makes the indexes anew from the rows: after damage they may not agree. */
  reindex(): void {
    this.#guarded(() => this.#connection.exec('REINDEX snapshots'));
  }

  /** Marks a snapshot as damaged, durably, and returns the error to stop with. */
  marked(actor: string, what: string): StorageDamaged {
    // What an open transaction holds is made again from the journal.
    if (this.#connection.inTransaction) this.#connection.exec('ROLLBACK');
    return markedSnapshot(this.#connection, actor, what);
  }

  close(): void {
    if (this.#connection.inTransaction) this.#connection.exec('ROLLBACK');
    closeCheckpointed(this.#connection);
  }

  #segmentOfNext(): number {
    if (this.#segmentKeys >= segmentKeysMax) {
      this.#segment += 1;
      this.#segmentKeys = 0;
    }
    this.#segmentKeys += 1;
    return this.#segment;
  }

  #belongTo(journalId: string): void {
    const c = this.#connection;
    c.prepare<[string]>("INSERT INTO meta (name, value) VALUES ('journal_id', ?) ON CONFLICT DO NOTHING").run(
      journalId,
    );
    const found = c.prepare<[], { value: string }>("SELECT value FROM meta WHERE name = 'journal_id'").get();
    if (found?.value === journalId) return;
    throw foreignJournal(this.file, found?.value ?? 'unknown', journalId);
  }

  #expired(
    table: 'keys' | 'durable_keys',
    rows: readonly { readonly id: number; readonly checksum: number }[],
  ): number {
    for (const { id, checksum } of rows) {
      this.#totals[table].remove(checksum);
      this.audit.removed(table, id, checksum);
    }
    return rows.length;
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (sqliteCode(error)?.startsWith('SQLITE_CONSTRAINT') === true) {
        throw damagedState(this.file, `its rows contradict the journal (${String(error)}): damage, or a bug`);
      }
      throw explained(error, this.file, stateHint);
    }
  }
}
