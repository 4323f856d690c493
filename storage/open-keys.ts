/** Keys whose commands wait for the answer to a question: the rows of `pending`, few, and asked for each key that binds. */
import type { KeyPending, KeyScope } from '../engine/ports.ts';
import type { Connection } from './database.ts';
import { isPendingWhole, pendingChecksum, pendingColumns, RowTotals } from './row-totals.ts';
import type { PendingRow } from './row-totals.ts';
import { damagedState } from './set-aside.ts';

export class OpenKeys {
  readonly #insert;
  readonly #delete;
  /** By scope, the checksum of its row. */
  readonly #checksums = new Map<KeyScope, number>();
  readonly #totals: RowTotals;

  /**
   * Reads and verifies all rows.
   *
   * @param totals of the table; kept here, stored by the caller
   * @throws StorageDamaged when a row is not whole, or one is missing
   */
  constructor(connection: Connection, totals: RowTotals) {
    this.#totals = totals;
    this.#insert = connection.prepare<[string, string, string, string, number]>(
      `INSERT OR REPLACE INTO pending (${pendingColumns}) VALUES (?, ?, ?, ?, ?)`,
    );
    this.#delete = connection.prepare<[string]>('DELETE FROM pending WHERE scope = ?');
    const seen = new RowTotals();
    for (const row of connection.prepare<[], PendingRow>(`SELECT ${pendingColumns} FROM pending`).all()) {
      if (!isPendingWhole(row))
        throw damagedState(connection.name, `the open key ${row.scope} is not what was written`);
      seen.add(row.checksum);
      this.#checksums.set(row.scope, row.checksum);
    }
    if (!seen.equals(totals)) throw damagedState(connection.name, 'rows of open keys are missing');
  }

  add(actor: string, { scope, fingerprint, question }: KeyPending): void {
    const checksum = pendingChecksum({ scope, fingerprint, question, actor });
    this.#insert.run(scope, fingerprint, question, actor, checksum);
    const replaced = this.#checksums.get(scope);
    if (replaced !== undefined) this.#totals.remove(replaced);
    this.#totals.add(checksum);
    this.#checksums.set(scope, checksum);
  }

  /** A scope that is not open is no error. */
  remove(scope: KeyScope): void {
    const checksum = this.#checksums.get(scope);
    if (checksum === undefined) return;
    this.#delete.run(scope);
    this.#totals.remove(checksum);
    this.#checksums.delete(scope);
  }
}
