/**
 * `state.db`: snapshots and the index of bound keys, with the positions through which each is complete. All of it can
 * be made again from the journal.
 */
import { createHash } from 'node:crypto';
import { StorageDamaged } from './damage.ts';

export const stateMigrations: readonly string[] = [
  `
  CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- The checksum is that of the journal's batch: a journal with another history is told from ours.
  CREATE TABLE positions (
    name     TEXT PRIMARY KEY,
    batch    INTEGER NOT NULL CHECK (batch >= 0),
    checksum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE snapshots (
    actor            TEXT PRIMARY KEY,
    position         INTEGER NOT NULL,
    next_deadline_ms INTEGER,
    open_questions   INTEGER NOT NULL,
    summary          TEXT,
    summary_checksum BLOB NOT NULL,
    damaged          INTEGER NOT NULL DEFAULT 0,
    checksum         BLOB NOT NULL,
    state            BLOB NOT NULL
  ) STRICT;
  -- Covers the reading of all summaries, so that a million wallets at rest are not looked at.
  CREATE INDEX snapshots_telling
    ON snapshots (actor, position, next_deadline_ms, open_questions, summary, summary_checksum)
    WHERE next_deadline_ms IS NOT NULL OR open_questions > 0 OR summary IS NOT NULL;
  CREATE INDEX snapshots_damaged ON snapshots (actor) WHERE damaged = 1;

  -- id = batch * 8192 + turn: rows go to the end, the oldest are the first, and one batch's rows lie together.
  -- Scopes are looked up by a hash of 53 bits, which keeps the only index that is not written at its end small.
  CREATE TABLE keys (
    id          INTEGER PRIMARY KEY,
    scope_hash  INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    scope       TEXT NOT NULL,
    fingerprint TEXT NOT NULL
  ) STRICT;
  CREATE INDEX keys_scope_hash ON keys (scope_hash);

  CREATE TABLE pending (
    scope       TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    question    TEXT NOT NULL,
    actor       TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Keys of durable commands: kept until 24 h after their messages were acked, however long that takes.
  CREATE TABLE durable_keys (
    id          INTEGER PRIMARY KEY,
    scope_hash  INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    scope       TEXT NOT NULL,
    fingerprint TEXT NOT NULL
  ) STRICT;
  CREATE INDEX durable_keys_scope_hash ON durable_keys (scope_hash);

  -- By this stamped time the messages of all durable keys of the batches through this one were acked.
  CREATE TABLE durable_acks (
    through INTEGER PRIMARY KEY,
    at_ms   INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- Rows of keys carry checksums, and all rows add up to totals. What is here has neither: it is made again from the
  -- journal, at this start. See row-totals.ts.
  DELETE FROM snapshots;
  DELETE FROM keys;
  DELETE FROM pending;
  DELETE FROM durable_keys;
  DELETE FROM positions;
  ALTER TABLE keys ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE durable_keys ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE pending ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE totals (
    name TEXT PRIMARY KEY,
    rows INTEGER NOT NULL,
    hash INTEGER NOT NULL  -- XOR over a hash of each row: of snapshots the actor's name, of others the checksum
  ) STRICT, WITHOUT ROWID;
  INSERT INTO totals VALUES ('snapshots', 0, 0), ('keys', 0, 0), ('durable_keys', 0, 0), ('pending', 0, 0);
  `,
  `
  -- Hashes lie in the index by the segment of their rows, so that new ones are written to the pages of the newest
  -- segment, not all over the index of a day.
  ALTER TABLE keys ADD COLUMN segment INTEGER NOT NULL DEFAULT 0;
  DROP INDEX keys_scope_hash;
  CREATE INDEX keys_scope_hash ON keys (segment, scope_hash);
  `,
];

/**
 * Keys in a segment of their index. A commit writes each of the segment's 800 pages once at most; a look-up reads one
 * of each segment: ten million keys in a day make 77, and 0.15 ms where their pages are in memory.
 */
export const segmentKeysMax = 131_072;

/** Turns of one batch that a key's row can tell apart; more than `batchTurnsMax` of the limits. */
export const keyTurnsMax = 8_192;

export const stateHint =
  'The journal has everything: stop, move state.db, state.db-wal and state.db-shm away, and start again; ' +
  'they are made anew from the journal, which takes longer than usual';

export interface SummaryRow {
  readonly actor: string;
  readonly position: number;
  readonly next_deadline_ms: number | null;
  readonly open_questions: number;
  readonly summary: string | null;
  readonly summary_checksum: Uint8Array;
}

export interface SnapshotRow {
  readonly actor: string;
  readonly position: number;
  readonly checksum: Uint8Array;
  readonly state: Uint8Array;
}

export const summaryColumns = 'actor, position, next_deadline_ms, open_questions, summary, summary_checksum';
export const tellingCondition = 'next_deadline_ms IS NOT NULL OR open_questions > 0 OR summary IS NOT NULL';

/** Against damage, not against forgery: 16 of SHA-256's bytes do. */
export function snapshotChecksum(actor: string, position: number, state: Uint8Array): Uint8Array {
  return createHash('sha256').update(`${actor}|${position}|`).update(state).digest().subarray(0, 16);
}

export function summaryChecksum(row: Omit<SummaryRow, 'summary_checksum'>): Uint8Array {
  const text = `${row.actor}|${row.position}|${row.next_deadline_ms}|${row.open_questions}|${row.summary}`;
  return createHash('sha256').update(text).digest().subarray(0, 16);
}

export function isSnapshotWhole(row: SnapshotRow): boolean {
  // A flipped byte in a row's header can change the types that SQLite gives.
  if (!(row.state instanceof Uint8Array) || !(row.checksum instanceof Uint8Array)) return false;
  return Buffer.compare(snapshotChecksum(row.actor, row.position, row.state), row.checksum) === 0;
}

/** SQLite gives a Buffer, whose methods differ from those of the Uint8Array that `decode` is promised. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function isSummaryWhole(row: SummaryRow): boolean {
  if (!(row.summary_checksum instanceof Uint8Array)) return false;
  return Buffer.compare(summaryChecksum(row), row.summary_checksum) === 0;
}

export function damagedSnapshot(file: string, actor: string, what: string): StorageDamaged {
  return new StorageDamaged(
    `${file}, snapshot of ${actor}`,
    what,
    'It has been marked; the next start makes it again from the journal',
  );
}

/** Keys of durable commands, whose messages may come again at any time until they are acked. */
export function isDurableScope(scope: string): boolean {
  return scope.startsWith('do|');
}

/** A hash of 53 bits (cyrb53 by bryc, public domain): quick, and spread well enough for an index. */
export function scopeHash(scope: string): number {
  let h1 = 0xdeadbeef;
  let h2 = 0x41c6ce57;
  for (let i = 0; i < scope.length; i += 1) {
    const unit = scope.charCodeAt(i);
    h1 = Math.imul(h1 ^ unit, 2_654_435_761);
    h2 = Math.imul(h2 ^ unit, 1_597_334_677);
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2_246_822_507) ^ Math.imul(h2 ^ (h2 >>> 13), 3_266_489_909);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2_246_822_507) ^ Math.imul(h1 ^ (h1 >>> 13), 3_266_489_909);
  return 4_294_967_296 * (2_097_151 & h2) + (h1 >>> 0);
}
