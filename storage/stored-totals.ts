/** The totals of the tables of `state.db`, read at open and written with each transaction that changed them. */
import type { Connection } from './database.ts';
import { RowTotals } from './row-totals.ts';
import { damagedState } from './set-aside.ts';

const totalledTables = ['snapshots', 'keys', 'durable_keys', 'pending'] as const;
export type TotalledTable = (typeof totalledTables)[number];

export class StoredTotals {
  readonly snapshots: RowTotals;
  readonly keys: RowTotals;
  readonly durable_keys: RowTotals;
  readonly pending: RowTotals;
  readonly #connection: Connection;
  readonly #update;
  /** Hashes as they are stored; they differ when a table's rows do. */
  readonly #stored = new Map<TotalledTable, RowTotals>();

  /** @throws StorageDamaged when they have been lost */
  constructor(connection: Connection) {
    this.#connection = connection;
    this.#update = connection.prepare<[number, number, string]>('UPDATE totals SET rows = ?, hash = ? WHERE name = ?');
    this.snapshots = this.#load('snapshots');
    this.keys = this.#load('keys');
    this.durable_keys = this.#load('durable_keys');
    this.pending = this.#load('pending');
  }

  /** To be called at the end of a transaction. */
  store(): void {
    for (const table of totalledTables) {
      const totals = this[table];
      if (this.#stored.get(table)?.equals(totals) === true) continue;
      this.#update.run(totals.rows, totals.hash, table);
      this.#stored.set(table, new RowTotals(totals.rows, totals.hash));
    }
  }

  #load(table: TotalledTable): RowTotals {
    const row = this.#connection
      .prepare<[string], { rows: number; hash: number }>('SELECT rows, hash FROM totals WHERE name = ?')
      .get(table);
    if (row === undefined) throw damagedState(this.#connection.name, `it has lost the totals of ${table}`);
    this.#stored.set(table, new RowTotals(row.rows, row.hash));
    return new RowTotals(row.rows, row.hash);
  }
}
