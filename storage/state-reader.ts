/** Snapshots and bound keys as the engine reads them: through a read-only connection, verified. */
import type { Address, JsonObject } from '../engine/actor.ts';
import type {
  BoundKey,
  KeyIndex,
  KeyScope,
  PendingKey,
  SnapshotStore,
  StoredSnapshot,
  StoredSummary,
} from '../engine/ports.ts';
import { explained } from './damage.ts';
import { openDatabase } from './database.ts';
import type { Connection } from './database.ts';
import {
  damagedSnapshot,
  isDurableScope,
  isSnapshotWhole,
  isSummaryWhole,
  keyTurnsMax,
  plainBytes,
  scopeHash,
  stateHint,
  stateMigrations,
  summaryColumns,
  tellingCondition,
} from './state-schema.ts';
import type { SnapshotRow, SummaryRow } from './state-schema.ts';

interface KeyRow {
  readonly id: number;
  readonly at_ms: number;
  readonly scope: string;
  readonly fingerprint: string;
}

/** Opens `state.db` for reading; its writer has made it. */
export function openStateForReading(file: string): Connection {
  return openDatabase(file, { migrations: stateMigrations, readonly: true, corruptHint: stateHint });
}

export class SqliteSnapshots implements SnapshotStore {
  readonly #file: string;
  readonly #position;
  readonly #summaries;
  readonly #load;

  constructor(connection: Connection) {
    this.#file = connection.name;
    this.#position = connection.prepare<[], { batch: number }>(
      "SELECT batch FROM positions WHERE name = 'complete_through'",
    );
    this.#summaries = connection.prepare<[string], SummaryRow>(
      `SELECT ${summaryColumns} FROM snapshots INDEXED BY snapshots_telling
       WHERE (${tellingCondition}) AND actor > ? ORDER BY actor LIMIT 1000`,
    );
    this.#load = connection.prepare<[string], SnapshotRow>(
      'SELECT actor, position, checksum, state FROM snapshots WHERE actor = ?',
    );
  }

  completeThrough(): number {
    return this.#position.get()?.batch ?? 0;
  }

  *summaries(): Generator<StoredSummary, void, void> {
    let after = '';
    for (;;) {
      const page = this.#read(() => this.#summaries.all(after));
      if (page.length === 0) return;
      for (const row of page) {
        if (!isSummaryWhole(row)) throw this.#marked(row.actor, 'its summary does not match its checksum');
        after = row.actor;
        yield storedSummary(row);
      }
    }
  }

  load(actor: Address): StoredSnapshot | undefined {
    const row = this.#read(() => this.#load.get(actor));
    if (row === undefined) return undefined;
    if (!isSnapshotWhole(row)) throw this.#marked(actor, 'its state does not match its checksum');
    return { position: row.position, state: plainBytes(row.state) };
  }

  /** Marks through a connection of its own, at once: whoever asked is about to stop the process. */
  #marked(actor: string, what: string): Error {
    const connection = openDatabase(this.#file, { migrations: stateMigrations });
    try {
      connection.prepare<[string]>('UPDATE snapshots SET damaged = 1 WHERE actor = ?').run(actor);
    } finally {
      connection.close();
    }
    return damagedSnapshot(this.#file, actor, what);
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw explained(error, this.#file, stateHint);
    }
  }
}

export class SqliteKeyIndex implements KeyIndex {
  readonly #file: string;
  readonly #find;
  readonly #findDurable;
  readonly #recent;
  readonly #pending;

  constructor(connection: Connection) {
    this.#file = connection.name;
    const lastOf = (table: 'keys' | 'durable_keys') =>
      connection.prepare<[number, string], KeyRow>(
        `SELECT id, at_ms, scope, fingerprint FROM ${table} WHERE scope_hash = ? AND scope = ? ORDER BY id DESC LIMIT 1`,
      );
    this.#find = lastOf('keys');
    this.#findDurable = lastOf('durable_keys');
    this.#recent = connection.prepare<[number, number, number], KeyRow>(
      'SELECT id, at_ms, scope, fingerprint FROM keys WHERE id >= ? AND at_ms >= ? ORDER BY id LIMIT ?',
    );
    this.#pending = connection.prepare<[], PendingKey>(
      'SELECT scope, fingerprint, question, actor FROM pending ORDER BY scope',
    );
  }

  find(scope: KeyScope): BoundKey | undefined {
    const find = isDurableScope(scope) ? this.#findDurable : this.#find;
    const row = this.#read(() => find.get(scopeHash(scope), scope));
    return row === undefined ? undefined : boundKey(row);
  }

  /**
   * Whole batches only, so that the last one's number continues the reading. More than `limit` keys come where one
   * batch alone has more.
   */
  recent(sinceMs: number, after: number, limit: number): readonly BoundKey[] {
    const start = (after + 1) * keyTurnsMax;
    let rows = this.#read(() => this.#recent.all(start, sinceMs, limit + 1));
    if (rows.length > limit) {
      const lastBatch = batchOf(rows[rows.length - 1]?.id ?? 0);
      const whole = rows.filter((row) => batchOf(row.id) < lastBatch);
      rows =
        whole.length > 0
          ? whole
          : this.#read(() => this.#recent.all(start, sinceMs, keyTurnsMax)).filter(
              (row) => batchOf(row.id) === lastBatch,
            );
    }
    return rows.map(boundKey);
  }

  pending(): readonly PendingKey[] {
    return this.#read(() => this.#pending.all());
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw explained(error, this.#file, stateHint);
    }
  }
}

function batchOf(id: number): number {
  return Math.floor(id / keyTurnsMax);
}

function boundKey(row: KeyRow): BoundKey {
  return {
    scope: row.scope,
    fingerprint: row.fingerprint,
    batch: batchOf(row.id),
    turn: row.id % keyTurnsMax,
    atMs: row.at_ms,
  };
}

function storedSummary(row: SummaryRow): StoredSummary {
  return {
    // The follower writes addresses only, and a summary that it was given as a JsonObject; the checksum has matched.
    actor: row.actor as Address,
    position: row.position,
    nextDeadlineMs: row.next_deadline_ms,
    openQuestions: row.open_questions,
    summary: row.summary === null ? null : (JSON.parse(row.summary) as JsonObject),
  };
}
