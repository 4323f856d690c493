/**
 * Opens a SQLite file the one way that this project uses: WAL, `synchronous=FULL` set and asserted, a schema that
 * `user_version` counts. Every statement of a file's migrations makes STRICT tables; an old step is never changed.
 */
import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { explained, sqliteCode, StorageUnavailable, tablesMissing } from './damage.ts';

/** What SQLite calls FULL when it is asked. */
const synchronousFull = 2;

export type Connection = Database.Database;

export interface OpenOptions {
  /** SQL scripts in order; the file's `user_version` is the number of those that it has had. */
  readonly migrations: readonly string[];
  /** A second connection, to a file that a writing one has opened before. */
  readonly readonly?: boolean;
  /** How long a statement waits for another connection's lock, ms. */
  readonly busyTimeoutMs?: number;
  /** The file may not grow beyond so many pages: a disk of that size, for tests. */
  readonly pagesMax?: number;
  /** Looks at a file that has had fewer steps, before it is changed; what it throws leaves the file as it was. */
  readonly beforeMigrating?: (connection: Connection) => void;
  /** What an operator can do when SQLite finds the file corrupt; without it, to restore a backup. */
  readonly corruptHint?: string;
}

/**
 * Opens `file`, and makes or migrates it unless `readonly`.
 *
 * @throws StorageDamaged when the file is no database or SQLite finds it corrupt
 * @throws StorageUnavailable when it cannot be opened or written, or a newer program has migrated it
 */
export function openDatabase(file: string, options: OpenOptions): Connection {
  let connection: Connection | undefined;
  try {
    connection = new Database(file, {
      readonly: options.readonly ?? false,
      fileMustExist: options.readonly ?? false,
      timeout: options.busyTimeoutMs ?? 10_000,
    });
    if (options.readonly !== true) {
      setAndAssert(connection, 'journal_mode', 'wal', 'WAL');
      if (options.pagesMax !== undefined) connection.pragma(`max_page_count = ${options.pagesMax}`);
    }
    setAndAssert(connection, 'synchronous', synchronousFull, 'FULL');
    // Those that are declared are for readers. Before the migrations, which a transaction makes deaf to this.
    connection.pragma('foreign_keys = OFF');
    migrate(connection, file, options);
    if (options.readonly !== true) assertSyncsCommits(connection);
    return connection;
  } catch (error) {
    connection?.close();
    throw explained(error, file, options.corruptHint);
  }
}

/**
 * A commit of this connection is on disk when it returns: WAL and FULL. Asked of the connection as it is, so that
 * whatever was set on it since it was opened counts.
 */
export function assertSyncsCommits(connection: Connection): void {
  const mode: unknown = connection.pragma('journal_mode', { simple: true });
  const level: unknown = connection.pragma('synchronous', { simple: true });
  if (mode === 'wal' && level === synchronousFull) return;
  throw new Error(
    `${connection.name}: journal_mode is ${String(mode)} and synchronous ${String(level)}, they must be wal and ${synchronousFull}`,
  );
}

/**
 * When this returns, all that is committed in the file is on disk, also what a process wrote that died before it synced:
 * the system's memory alone keeps that, so nothing may rest on it yet. The checkpoint writes such pages anew, because after
 * a sync that failed the system may call lost ones clean.
 */
export function syncCommitted(connection: Connection): void {
  syncWal(connection.name);
  connection.pragma('wal_checkpoint(PASSIVE)');
}

/** The WAL of a database, and its name in the directory. SQLite's locks lie on the other two files, so closing it here ends none. */
export function syncWal(file: string): void {
  if (existsSync(`${file}-wal`)) syncPath(`${file}-wal`);
  syncPath(dirname(file));
}

/** A file's content, or a directory's names. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Runs `work` in one transaction; better-sqlite3's own wrapper makes closures on every call. */
export function inTransaction<Result>(connection: Connection, work: () => Result): Result {
  connection.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    connection.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after some errors (disk full among them).
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Closes a writing connection, after moving the WAL into the main file where nothing prevents it: other connections
 * may be open, and the last one to close may not be able to.
 */
export function closeCheckpointed(connection: Connection): void {
  try {
    connection.pragma('busy_timeout = 200');
    connection.pragma('wal_checkpoint(TRUNCATE)');
  } catch {
    // What stays in the WAL is as durable there; the next one to open the file reads it.
  }
  connection.close();
}

function setAndAssert(connection: Connection, pragma: string, expected: number | string, value: string): void {
  connection.pragma(`${pragma} = ${value}`);
  const found: unknown = connection.pragma(pragma, { simple: true });
  if (found !== expected) throw new Error(`${connection.name}: ${pragma} is ${String(found)}, it must be ${value}`);
}

function migrate(connection: Connection, file: string, options: OpenOptions): void {
  const known = options.migrations.length;
  const found = versionOf(connection);
  if (found > known) {
    throw new StorageUnavailable(
      'NEWER_VERSION',
      `${file} has schema version ${found}; this program knows ${known}. Start the newer program that wrote it`,
    );
  }
  if (found === known) return;
  if (options.readonly === true) {
    throw new StorageUnavailable('OLDER_VERSION', `${file} has schema version ${found}, not yet ${known}`);
  }
  try {
    if (found > 0) options.beforeMigrating?.(connection);
    inTransaction(connection, () => {
      for (const step of options.migrations.slice(versionOf(connection))) connection.exec(step);
      connection.pragma(`user_version = ${known}`);
    });
  } catch (error) {
    if (sqliteCode(error) !== 'SQLITE_ERROR') throw error;
    // A statement that SQLite does not understand names what is not there.
    throw tablesMissing(file, found, error, options.corruptHint);
  }
}

function versionOf(connection: Connection): number {
  return Number(connection.pragma('user_version', { simple: true }));
}
