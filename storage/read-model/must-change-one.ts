import type { RunResult } from 'better-sqlite3';

/** Every event speaks of a row that earlier ones have made; one that is missing is a bug, and must not go unseen. */
export function mustChangeOne(result: RunResult, what: string): void {
  if (result.changes !== 1) throw rowMissing(what);
}

export function rowMissing(what: string): Error {
  return new Error(`The read model has no row for ${what}, though the journal speaks of it: this is a bug`);
}
