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
import { isKeyWhole, isPendingWhole, keyColumns, pendingColumns } from './row-totals.ts';
import type { KeyRow, PendingRow } from './row-totals.ts';
import { damagedState, markedSnapshot } from './set-aside.ts';
import {
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
      return markedSnapshot(connection, actor, what);
    } finally {
      connection.close();
    }
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw explained(error, this.#file, stateHint);
    }
  }
}

/**
 * The segments that have rows: they are numbered without gaps. Told twice, by the ends of the table and by those of the
 * index, so that one flipped byte in either does not hide the keys of others.
 */
const segmentsThatAre = `
  SELECT min((SELECT segment FROM keys ORDER BY id LIMIT 1), (SELECT min(segment) FROM keys)) AS lowest,
         max((SELECT segment FROM keys ORDER BY id DESC LIMIT 1), (SELECT max(segment) FROM keys)) AS highest`;
/** More than a day can bind; each costs a look-up. */
const segmentsMax = 10_000;

/** Rows of the same hash, hardly ever more than one: a scope that differs must be told from one that is damaged. */
const keysOfHash = `
  WITH RECURSIVE segments (number) AS (
    SELECT @highest UNION ALL SELECT number - 1 FROM segments WHERE number > @lowest
  )
  SELECT ${keyColumns}
  FROM segments CROSS JOIN keys INDEXED BY keys_scope_hash ON segment = segments.number
  WHERE scope_hash = @hash
  ORDER BY id DESC`;

interface Segments {
  readonly lowest: number | null;
  readonly highest: number | null;
}

export class SqliteKeyIndex implements KeyIndex {
  readonly #file: string;
  readonly #segments;
  readonly #find;
  readonly #findDurable;
  readonly #recent;
  readonly #pending;

  constructor(connection: Connection) {
    this.#file = connection.name;
    this.#segments = connection.prepare<[], Segments>(segmentsThatAre);
    this.#find = connection.prepare<[{ lowest: number; highest: number; hash: number }], KeyRow>(keysOfHash);
    this.#findDurable = connection.prepare<[number], KeyRow>(
      `SELECT ${keyColumns} FROM durable_keys WHERE scope_hash = ? ORDER BY id DESC`,
    );
    this.#recent = connection.prepare<[number, number, number], KeyRow>(
      `SELECT ${keyColumns} FROM keys WHERE id >= ? AND at_ms >= ? ORDER BY id LIMIT ?`,
    );
    this.#pending = connection.prepare<[], PendingRow>(`SELECT ${pendingColumns} FROM pending ORDER BY scope`);
  }

  find(scope: KeyScope): BoundKey | undefined {
    const hash = scopeHash(scope);
    const rows = this.#read(() => (isDurableScope(scope) ? this.#findDurable.all(hash) : this.#rowsOf(hash)));
    for (const row of rows) {
      const key = this.#verified(row);
      if (key.scope === scope) return key;
      if (scopeHash(key.scope) !== hash) throw this.#damagedKey(row);
    }
    return undefined;
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
    return rows.map((row) => this.#verified(row));
  }

  pending(): readonly PendingKey[] {
    return this.#read(() => this.#pending.all()).map((row) => {
      if (!isPendingWhole(row)) {
        throw damagedState(this.#file, `the open key ${row.scope} is not what was written`);
      }
      const { scope, fingerprint, question } = row;
      // Only the follower writes this column, from addresses.
      return { scope, fingerprint, question, actor: row.actor as Address };
    });
  }

  #rowsOf(hash: number): KeyRow[] {
    const { lowest = null, highest = null } = this.#segments.get() ?? {};
    if (lowest === null || highest === null) return [];
    // A flipped byte can also change the types that SQLite gives.
    if (!(highest - lowest < segmentsMax)) {
      throw damagedState(this.#file, `its keys lie in segments ${lowest} to ${highest}`);
    }
    return this.#find.all({ lowest, highest, hash });
  }

  /** @throws StorageDamaged after marking the file */
  #verified(row: KeyRow): BoundKey {
    if (!isKeyWhole(row)) throw this.#damagedKey(row);
    return boundKey(row);
  }

  #damagedKey(row: KeyRow): Error {
    return damagedState(this.#file, `the row of a bound key (${row.id}) is not what was written`);
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
