/** The journal's file: its tables, and the checksum that chains its batches. */
import { createHash } from 'node:crypto';

export const journalMigrations: readonly string[] = [
  `
  CREATE TABLE journal (
    batch    INTEGER PRIMARY KEY CHECK (batch > 0),
    at_ms    INTEGER NOT NULL,  -- stamped time of the batch's last turn
    checksum BLOB    NOT NULL CHECK (length(checksum) = 32),
    turns    TEXT    NOT NULL   -- JSON array, see Turn in engine/ports.ts
  ) STRICT;
  CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];

/** A row of the journal as it lies on disk. */
export interface JournalRow {
  readonly batch: number;
  readonly at_ms: number;
  readonly checksum: Uint8Array;
  readonly turns: string;
}

/** What the first batch's checksum is chained to. */
export function chainStart(journalId: string): Uint8Array {
  return createHash('sha256').update(`onsale journal ${journalId}`).digest();
}

/** SHA-256 over the checksum before, then `batch|at_ms|turns`; `turns` is the row's text, or its UTF-8. */
export function chainNext(previous: Uint8Array, batch: number, atMs: number, turns: string | Uint8Array): Uint8Array {
  return createHash('sha256').update(previous).update(`${batch}|${atMs}|`).update(turns).digest();
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
