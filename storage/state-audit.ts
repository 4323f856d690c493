/**
 * Verifies that `state.db` still has every row that was written, and that its indexes lead to them. One pass over the
 * tables goes in pieces; between two pieces rows may come and go.
 */
import { explained } from './damage.ts';
import type { StorageDamaged } from './damage.ts';
import type { Connection } from './database.ts';
import { isKeyWhole, keyColumns, RowTotals } from './row-totals.ts';
import type { KeyRow } from './row-totals.ts';
import { damagedState, markedSnapshot } from './set-aside.ts';
import type { StoredTotals, TotalledTable } from './stored-totals.ts';
import {
  isSnapshotWhole,
  isSummaryWhole,
  scopeHash,
  stateHint,
  summaryColumns,
  tellingCondition,
} from './state-schema.ts';
import type { SnapshotRow, SummaryRow } from './state-schema.ts';

interface ScrubbedSnapshot extends SnapshotRow, SummaryRow {
  readonly id: number;
  /** The row that the index of names leads to. */
  readonly named: number | null;
  /** Rows of this name in the index of summaries; 1 where there should be none, too. */
  readonly told: number;
}

interface ScrubbedKey extends KeyRow {
  /** Whether the index of scopes leads to the row. */
  readonly indexed: number;
}

/** As SQLite takes it. */
const noLimit = -1;

/** Where a pass stands in one table, and what it has seen so far. */
interface Pass {
  through: number;
  seen: RowTotals;
}

export class StateAudit {
  readonly #connection: Connection;
  readonly #totals: StoredTotals;
  readonly #snapshots;
  readonly #keys;
  readonly #passes: Record<'snapshots' | 'keys' | 'durable_keys', Pass> = {
    snapshots: newPass(),
    keys: newPass(),
    durable_keys: newPass(),
  };

  /** @param totals kept by the writer, as of its last commit whenever a method here is called */
  constructor(connection: Connection, totals: StoredTotals) {
    this.#connection = connection;
    this.#totals = totals;
    // From the table itself, in its own order: new rows go to its end, and none is ever deleted.
    this.#snapshots = connection.prepare<[number, number], ScrubbedSnapshot>(
      `SELECT t.rowid AS id, ${summaryColumns}, checksum, state,
         (SELECT n.rowid FROM snapshots n INDEXED BY sqlite_autoindex_snapshots_1 WHERE n.actor = t.actor) AS named,
         CASE WHEN ${tellingCondition} THEN
           (SELECT count(*) FROM snapshots s INDEXED BY snapshots_telling
            WHERE (${tellingCondition}) AND s.actor = t.actor) ELSE 1 END AS told
       FROM snapshots t NOT INDEXED WHERE t.rowid > ? ORDER BY t.rowid LIMIT ?`,
    );
    const keysOf = (table: 'keys' | 'durable_keys') =>
      connection.prepare<[number, number], ScrubbedKey>(
        `SELECT ${keyColumns}, EXISTS (SELECT 1 FROM ${table} i INDEXED BY ${table}_scope_hash
           WHERE ${table === 'keys' ? 'i.segment = t.segment AND ' : ''}i.scope_hash = t.scope_hash AND i.id = t.id) AS indexed
         FROM ${table} t NOT INDEXED WHERE id > ? ORDER BY id LIMIT ?`,
      );
    this.#keys = { keys: keysOf('keys'), durable_keys: keysOf('durable_keys') };
  }

  /**
   * Reads every name in the index by which snapshots are found, so that an actor with events cannot be taken for a new
   * one. Half a second for a million actors.
   *
   * @throws StorageDamaged after marking the file
   */
  verifyNames(from: 'index' | 'table'): void {
    const by = from === 'index' ? 'INDEXED BY sqlite_autoindex_snapshots_1' : 'NOT INDEXED';
    const order = from === 'index' ? 'ORDER BY actor' : '';
    const seen = new RowTotals();
    this.#guarded(() => {
      const names = this.#connection.prepare(`SELECT actor FROM snapshots ${by} ${order}`).pluck();
      // A flipped byte in a row's header can change the type that SQLite gives.
      for (const name of names.iterate()) seen.add(typeof name === 'string' ? scopeHash(name) : 0);
    });
    this.#compare('snapshots', seen, `names in the ${from}`);
  }

  /** Verifies the next snapshots; returns whether that ended a pass over all of them. */
  scrubSnapshots(rowsMax: number): boolean {
    const pass = this.#passes.snapshots;
    const rows = this.#guarded(() => this.#snapshots.all(pass.through, rowsMax));
    for (const row of rows) {
      if (row.id <= pass.through)
        throw damagedState(this.#connection.name, `row ${row.id} of snapshots lies out of order`);
      if (!isSnapshotWhole(row)) throw this.#marked(row.actor, 'its state does not match its checksum');
      if (!isSummaryWhole(row)) throw this.#marked(row.actor, 'its summary does not match its checksum');
      if (row.named !== row.id || row.told !== 1) {
        throw damagedState(this.#connection.name, `an index does not lead to the snapshot of ${row.actor}`);
      }
      pass.seen.add(scopeHash(row.actor));
      pass.through = row.id;
    }
    if (rows.length === rowsMax) return false;
    this.#passes.snapshots = newPass();
    this.#compare('snapshots', pass.seen, 'snapshots in the table');
    return true;
  }

  /**
   * Marks every snapshot that is not whole: where one is damaged, others may be, and each would stop a process of its own.
   * Reads all of them.
   */
  markDamaged(): void {
    const damaged: number[] = [];
    this.#guarded(() => {
      for (const row of this.#snapshots.iterate(0, noLimit)) {
        if (!isSnapshotWhole(row) || !isSummaryWhole(row)) damaged.push(row.id);
      }
      const mark = this.#connection.prepare<[number]>('UPDATE snapshots SET damaged = 1 WHERE rowid = ?');
      for (const id of damaged) mark.run(id);
    });
  }

  /** Verifies the next bound keys; returns whether that ended a pass over all of them. */
  scrubKeys(table: 'keys' | 'durable_keys', rowsMax: number): boolean {
    const pass = this.#passes[table];
    const rows = this.#guarded(() => this.#keys[table].all(pass.through, rowsMax));
    for (const row of rows) {
      if (!isKeyWhole(row) || row.indexed !== 1 || row.id <= pass.through) {
        throw damagedState(this.#connection.name, `row ${row.id} of ${table} is not what was written`);
      }
      pass.seen.add(row.checksum);
      pass.through = row.id;
    }
    if (rows.length === rowsMax) return false;
    this.#passes[table] = newPass();
    this.#compare(table, pass.seen, 'rows in the table');
    return true;
  }

  /** A key has expired: the pass may have seen it already. */
  removed(table: 'keys' | 'durable_keys', id: number, checksum: number): void {
    const pass = this.#passes[table];
    if (id <= pass.through) pass.seen.remove(checksum);
  }

  #compare(table: TotalledTable, seen: RowTotals, what: string): void {
    const kept = this.#totals[table];
    if (seen.equals(kept)) return;
    throw damagedState(
      this.#connection.name,
      seen.rows === kept.rows
        ? `the ${seen.rows} ${what} (${table}) are not those that were written`
        : `there are ${seen.rows} ${what} (${table}), but ${kept.rows} were written`,
    );
  }

  #marked(actor: string, what: string): StorageDamaged {
    return markedSnapshot(this.#connection, actor, what);
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw explained(error, this.#connection.name, stateHint);
    }
  }
}

function newPass(): Pass {
  return { through: 0, seen: new RowTotals() };
}
