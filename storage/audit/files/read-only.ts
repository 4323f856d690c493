/**
 * Opens a SQLite file without changing the directory. A file in WAL mode whose program is stopped has no WAL, and an
 * ordinary reader would make one; such a file is read as one that nobody changes (`immutable`), which is checked again
 * at the end. Through `node:sqlite`, because better-sqlite3 is built without the URIs that can say so. Never in the
 * process of the program that has the file open: two copies of SQLite in one process take each other's locks away
 * (https://sqlite.org/howtocorrupt.html, section 2.2.1).
 */
import { existsSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

/** The audit could not be made; the message says why and what to do. */
export class NotAudited extends Error {
  override readonly name = 'NotAudited';
}

/** Columns of a row in the order of the query. */
export type Row = readonly (null | number | string | Uint8Array)[];

export class ReadOnlyFile {
  readonly file: string;
  readonly #db: DatabaseSync;
  readonly #immutable: boolean;

  /** @param versionMin of the schemas (`user_version`) that are known here, the first */
  constructor(file: string, versionMin = 0) {
    this.file = file;
    this.#immutable = !existsSync(`${file}-wal`);
    const url = pathToFileURL(file);
    url.searchParams.set('mode', 'ro');
    if (this.#immutable) url.searchParams.set('immutable', '1');
    try {
      this.#db = new DatabaseSync(url.href, { readOnly: true, timeout: 10_000 });
    } catch (error) {
      throw new NotAudited(`${file} cannot be opened: ${messageOf(error)}`);
    }
    const version = Number(this.row('PRAGMA user_version')?.[0]);
    if (version >= versionMin) return;
    this.#db.close();
    throw new NotAudited(
      `${file} was made by an earlier version: start the program, which brings it up to date, or audit a copy of the directory without it`,
    );
  }

  /** From the next read on, all reads see the same state of the file. */
  freeze(): void {
    this.#guarded(() => this.#db.exec('BEGIN'));
  }

  rows(sql: string, ...values: (number | string)[]): Row[] {
    return [...this.iterate(sql, ...values)];
  }

  *iterate(sql: string, ...values: (number | string)[]): Generator<Row, void, void> {
    yield* this.#guarded(() => rowsOf(this.#prepared(sql).iterate(...values)));
  }

  row(sql: string, ...values: (number | string)[]): Row | undefined {
    return this.rows(sql, ...values)[0];
  }

  /** A query to be run many times: gives its first row. */
  lookup(sql: string): (...values: (number | string)[]) => Row | undefined {
    const statement = this.#prepared(sql);
    // Arrays, because the statement has been told to give them.
    return (...values) => this.#guarded(() => statement.get(...values) as Row | undefined);
  }

  /** @throws NotAudited when the file was opened for writing in the meantime, though nobody was to change it */
  close(): void {
    this.#db.close();
    if (!this.#immutable || !existsSync(`${this.file}-wal`)) return;
    throw new NotAudited(`the program was started while ${this.file} was read: run the audit again`);
  }

  #prepared(sql: string): StatementSync {
    return this.#guarded(() => {
      const statement = this.#db.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    });
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw new NotAudited(`${this.file} cannot be read: ${messageOf(error)}`);
    }
  }
}

/** Arrays, because the statement has been told to give them. */
function rowsOf(rows: Iterable<unknown>): Iterable<Row> {
  return rows as Iterable<Row>;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
