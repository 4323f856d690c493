/**
 * Errors of storage that an operator must act on. Each says where, what, and what can be done; they are logged once,
 * at the edge of the process.
 */
import type { DamageReport } from '../engine/ports.ts';

/** Stored data is not what was written, or confirmed data is missing. The process must not go on. */
export class StorageDamaged extends Error implements DamageReport {
  override readonly name = 'StorageDamaged';
  /** File, and the place in it: a batch number, an actor's address, a position. */
  readonly where: string;
  readonly what: string;
  /** What an operator can do. */
  readonly hint: string;

  constructor(where: string, what: string, hint: string) {
    super(`${where}: ${what}. ${hint}`);
    this.where = where;
    this.what = what;
    this.hint = hint;
  }
}

/** A file could not be read or written: disk full, I/O error. `code` is SQLite's or the system's. */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const restoreHint =
  'Keep a copy of the data directory as it is, then restore the last good backup of the whole directory; ' +
  'nothing in it may be edited by hand';

/** A batch that fails its checksum, is missing between others, or cannot be read. */
export function damagedBatch(file: string, batch: number, what: string): StorageDamaged {
  return new StorageDamaged(`${file}, batch ${batch}`, what, restoreHint);
}

/** A position that only a longer journal can have given: confirmed batches are gone. */
export function aheadOfJournal(file: string, what: string, position: number, end: number): StorageDamaged {
  return new StorageDamaged(
    file,
    `${what} stands at batch ${position}, but the journal ends at batch ${end}: confirmed batches are missing`,
    'Put the journal (journal.db and journal.db-wal) back that belongs to this directory, or restore a whole backup',
  );
}

const journalHint =
  'Put the journal (journal.db and journal.db-wal) back that belongs to this directory, or restore a whole backup. ' +
  'Only if it is lost for good: what it held is lost too, and starting anew takes an empty directory';

/** The journal is not there, while files made from it are: confirmed batches are missing. */
export function journalMissing(journalFile: string, madeFromIt: string): StorageDamaged {
  return new StorageDamaged(journalFile, `there is none, but ${madeFromIt} was made from one`, journalHint);
}

/** A file that was made from a journal with another id. */
export function foreignJournal(file: string, itsJournal: string, thisJournal: string): StorageDamaged {
  return new StorageDamaged(file, `it was made from journal ${itsJournal}, this one is ${thisJournal}`, journalHint);
}

/** What an operator does with a read model that cannot be used: it can always be made again. */
export const readModelHint = 'Stop the program and run npm run db:rebuild, which makes it again from the journal';

/** A file of an earlier version has not what that version made. */
export function tablesMissing(file: string, version: number, error: unknown, hint = restoreHint): StorageDamaged {
  return new StorageDamaged(file, `it is not what schema version ${version} made (${String(error)})`, hint);
}

/** SQLite's code of an error, or undefined for an error that is not SQLite's. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : undefined;
}

/** Whether SQLite found that a file is not the database that it wrote. */
export function isCorruption(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== undefined && (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB');
}

/** Turns an error of SQLite into one that an operator can act on; any other error is passed on as it is. */
export function explained(error: unknown, file: string, corruptHint = restoreHint): Error {
  const code = sqliteCode(error);
  if (code === undefined) return error instanceof Error ? error : new Error(String(error));
  const said = error instanceof Error ? error.message : String(error);
  if (isCorruption(error)) return new StorageDamaged(file, `SQLite cannot read it (${code}: ${said})`, corruptHint);
  if (code.startsWith('SQLITE_CONSTRAINT')) {
    const what = `its rows contradict what is to be written (${said}): they are damaged, or this is a bug`;
    return new StorageDamaged(file, what, corruptHint);
  }
  if (code === 'SQLITE_FULL') {
    return new StorageUnavailable(
      code,
      `${file}: the disk is full, nothing more can be confirmed. Make space and start again; nothing confirmed is lost`,
    );
  }
  return new StorageUnavailable(
    code,
    `${file}: ${said} (${code}). Check the disk and its permissions, then start again`,
  );
}
