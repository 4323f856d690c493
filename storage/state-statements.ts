/** Every statement that `StateWriter` runs, prepared once. */
import type { Connection } from './database.ts';
import type { JournalPosition } from './follower-ports.ts';
import { keyTurnsMax, summaryColumns, tellingCondition } from './state-schema.ts';
import type { SnapshotRow, SummaryRow } from './state-schema.ts';

export function prepareStatements(c: Connection) {
  return {
    begin: c.prepare('BEGIN IMMEDIATE'),
    commit: c.prepare('COMMIT'),
    position: c.prepare<[string], JournalPosition>('SELECT batch, checksum FROM positions WHERE name = ?'),
    setPosition: c.prepare<[string, number, Uint8Array]>(
      `INSERT INTO positions (name, batch, checksum) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET batch = excluded.batch, checksum = excluded.checksum`,
    ),
    bindKey: c.prepare<[number, number, number, string, string]>(
      'INSERT INTO keys (id, scope_hash, at_ms, scope, fingerprint) VALUES (?, ?, ?, ?, ?)',
    ),
    bindDurableKey: c.prepare<[number, number, number, string, string]>(
      'INSERT INTO durable_keys (id, scope_hash, at_ms, scope, fingerprint) VALUES (?, ?, ?, ?, ?)',
    ),
    // The first note of a batch is the one that counts.
    noteAcked: c.prepare<[number, number]>(
      'INSERT INTO durable_acks (through, at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING',
    ),
    expireDurableKeys: c.prepare<[{ readonly beforeMs: number; readonly rowsMax: number }]>(
      `DELETE FROM durable_keys WHERE id IN (
         SELECT id FROM durable_keys
         WHERE id < (SELECT (max(through) + 1) * ${keyTurnsMax} FROM durable_acks WHERE at_ms < @beforeMs)
         ORDER BY id LIMIT @rowsMax)`,
    ),
    expireAcks: c.prepare<[number]>('DELETE FROM durable_acks WHERE at_ms < ?'),
    addPending: c.prepare<[string, string, string, string]>(
      'INSERT OR REPLACE INTO pending (scope, fingerprint, question, actor) VALUES (?, ?, ?, ?)',
    ),
    removePending: c.prepare<[string]>('DELETE FROM pending WHERE scope = ?'),
    pendingScopes: c.prepare<[], { scope: string }>('SELECT scope FROM pending'),
    expireKeys: c.prepare<[number, number]>(
      'DELETE FROM keys WHERE id IN (SELECT id FROM (SELECT id, at_ms FROM keys ORDER BY id LIMIT ?) WHERE at_ms < ?)',
    ),
    load: c.prepare<[string], SnapshotRow>('SELECT actor, position, checksum, state FROM snapshots WHERE actor = ?'),
    save: c.prepare<[string, number, number | null, number, string | null, Uint8Array, Uint8Array, Uint8Array]>(
      `INSERT INTO snapshots
         (actor, position, next_deadline_ms, open_questions, summary, summary_checksum, damaged, checksum, state)
       VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)
       ON CONFLICT (actor) DO UPDATE SET
         position = excluded.position, next_deadline_ms = excluded.next_deadline_ms,
         open_questions = excluded.open_questions, summary = excluded.summary,
         summary_checksum = excluded.summary_checksum, damaged = 0,
         checksum = excluded.checksum, state = excluded.state`,
    ),
    damaged: c.prepare<[], { actor: string }>('SELECT actor FROM snapshots WHERE damaged = 1'),
    mark: c.prepare<[string]>('UPDATE snapshots SET damaged = 1 WHERE actor = ?'),
    summaries: c.prepare<[], SummaryRow>(
      `SELECT ${summaryColumns} FROM snapshots INDEXED BY snapshots_telling WHERE ${tellingCondition}`,
    ),
    scrub: c.prepare<[string, number], SnapshotRow & SummaryRow>(
      `SELECT ${summaryColumns}, checksum, state FROM snapshots WHERE actor > ? ORDER BY actor LIMIT ?`,
    ),
  };
}
