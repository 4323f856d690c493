/** Every statement that `StateWriter` runs, prepared once. */
import type { Connection } from './database.ts';
import type { JournalPosition } from './follower-ports.ts';
import { keyTurnsMax, summaryColumns, tellingCondition } from './state-schema.ts';
import type { SnapshotRow, SummaryRow } from './state-schema.ts';

interface ExpiredKey {
  readonly id: number;
  readonly checksum: number;
}

/** Position, next deadline, open questions, summary and its checksum, checksum, state, actor. */
type SnapshotColumns = [number, number | null, number, string | null, Uint8Array, Uint8Array, Uint8Array, string];

export function prepareStatements(c: Connection) {
  return {
    begin: c.prepare('BEGIN IMMEDIATE'),
    commit: c.prepare('COMMIT'),
    position: c.prepare<[string], JournalPosition>('SELECT batch, checksum FROM positions WHERE name = ?'),
    setPosition: c.prepare<[string, number, Uint8Array]>(
      `INSERT INTO positions (name, batch, checksum) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET batch = excluded.batch, checksum = excluded.checksum`,
    ),
    bindKey: c.prepare<[number, number, number, string, string, number, number]>(
      'INSERT INTO keys (id, scope_hash, at_ms, scope, fingerprint, checksum, segment) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    lastSegment: c.prepare<[], { readonly segment: number; readonly keys: number }>(
      `SELECT segment, count(*) AS keys FROM keys INDEXED BY keys_scope_hash
       WHERE segment = (SELECT max(segment) FROM keys) GROUP BY segment`,
    ),
    bindDurableKey: c.prepare<[number, number, number, string, string, number]>(
      'INSERT INTO durable_keys (id, scope_hash, at_ms, scope, fingerprint, checksum) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    // The first note of a batch is the one that counts.
    noteAcked: c.prepare<[number, number]>(
      'INSERT INTO durable_acks (through, at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING',
    ),
    expireDurableKeys: c.prepare<[{ readonly beforeMs: number; readonly rowsMax: number }], ExpiredKey>(
      `DELETE FROM durable_keys WHERE id IN (
         SELECT id FROM durable_keys
         WHERE id < (SELECT (max(through) + 1) * ${keyTurnsMax} FROM durable_acks WHERE at_ms < @beforeMs)
         ORDER BY id LIMIT @rowsMax)
       RETURNING id, checksum`,
    ),
    expireAcks: c.prepare<[number]>('DELETE FROM durable_acks WHERE at_ms < ?'),
    expireKeys: c.prepare<[number, number], ExpiredKey>(
      `DELETE FROM keys WHERE id IN (SELECT id FROM (SELECT id, at_ms FROM keys ORDER BY id LIMIT ?) WHERE at_ms < ?)
       RETURNING id, checksum`,
    ),
    load: c.prepare<[string], SnapshotRow>('SELECT actor, position, checksum, state FROM snapshots WHERE actor = ?'),
    update: c.prepare<SnapshotColumns>(
      `UPDATE snapshots SET
         position = ?, next_deadline_ms = ?, open_questions = ?, summary = ?, summary_checksum = ?, damaged = 0,
         checksum = ?, state = ?
       WHERE actor = ?`,
    ),
    insert: c.prepare<SnapshotColumns>(
      `INSERT INTO snapshots
         (position, next_deadline_ms, open_questions, summary, summary_checksum, checksum, state, actor)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    damaged: c.prepare<[], { actor: string }>('SELECT actor FROM snapshots WHERE damaged = 1'),
    summaries: c.prepare<[], SummaryRow>(
      `SELECT ${summaryColumns} FROM snapshots INDEXED BY snapshots_telling WHERE ${tellingCondition}`,
    ),
  };
}
