/** Faults in the files of a data directory, planted with SQL, and what an audit must find of each. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { FindingCode } from '../../storage/audit/findings.ts';

export type DirectoryFile = 'journal.db' | 'state.db' | 'read-model.db';

export interface DirectoryFault {
  readonly name: string;
  readonly code: FindingCode;
  readonly where: RegExp;
  readonly file: DirectoryFile;
  readonly plant: (db: Database.Database) => void;
  readonly also?: readonly FindingCode[];
}

const run =
  (...statements: readonly string[]) =>
  (db: Database.Database): void => {
    for (const statement of statements) {
      if (db.prepare(statement).run().changes === 0) throw new Error(`nothing to change: ${statement}`);
    }
  };

/** Changes a snapshot as JSON, with checksums as the store makes them. */
function resealed(db: Database.Database, actor: string, change: (state: Buffer) => Buffer): void {
  const row = db
    .prepare<[string], { state: Buffer; position: number }>('SELECT state, position FROM snapshots WHERE actor = ?')
    .get(actor);
  if (row === undefined) throw new Error(`${actor} has no snapshot`);
  const state = change(row.state);
  const checksum = createHash('sha256').update(`${actor}|${row.position}|`).update(state).digest().subarray(0, 16);
  db.prepare('UPDATE snapshots SET state = ?, checksum = ? WHERE actor = ?').run(state, checksum, actor);
}

function textChanged(actor: string, from: RegExp, to: string): (db: Database.Database) => void {
  return (db) =>
    resealed(db, actor, (state) => {
      // Latin 1 keeps every byte as it is.
      const text = state.toString('latin1');
      if (!from.test(text)) throw new Error(`${actor} does not hold ${from}`);
      return Buffer.from(text.replace(from, to), 'latin1');
    });
}

/** The summary of a snapshot changed, with its checksum. */
function columnsChanged(actor: string, sql: string): (db: Database.Database) => void {
  return (db) => {
    run(`UPDATE snapshots SET ${sql} WHERE actor = '${actor}'`)(db);
    const text = db
      .prepare<[string], string>(
        `SELECT actor || '|' || position || '|' || coalesce(next_deadline_ms, 'null') || '|' || open_questions || '|' ||
         coalesce(summary, 'null') FROM snapshots WHERE actor = ?`,
      )
      .pluck()
      .get(actor);
    const checksum = createHash('sha256').update(String(text)).digest().subarray(0, 16);
    db.prepare('UPDATE snapshots SET summary_checksum = ? WHERE actor = ?').run(checksum, actor);
  };
}

const snapshotOf = (actor: string): RegExp => new RegExp(`snapshot of ${actor}\\b`);

export const directoryFaults: readonly DirectoryFault[] = [
  {
    name: 'a batch with another content',
    code: 'journal-chain',
    where: /^batch 1$/,
    file: 'journal.db',
    plant: run('UPDATE journal SET turns = replace(turns, \'"command"\', \' "command"\') WHERE batch = 1'),
  },
  {
    name: 'a journal without its last batch',
    code: 'ahead-of-journal',
    where: /^state\.db, position/,
    file: 'journal.db',
    plant: run('DELETE FROM journal WHERE batch = (SELECT max(batch) FROM journal)'),
    also: ['key-row-wrong'],
  },
  {
    name: 'state of another journal',
    code: 'foreign-journal',
    where: /state\.db/,
    file: 'state.db',
    plant: run("UPDATE meta SET value = 'other' WHERE name = 'journal_id'"),
  },
  {
    name: 'a read model of another journal',
    code: 'foreign-journal',
    where: /read-model\.db/,
    file: 'read-model.db',
    plant: run("UPDATE projection SET journal_id = 'other'"),
  },
  {
    name: 'a position of another history',
    code: 'position-wrong',
    where: /complete_through/,
    file: 'state.db',
    plant: run("UPDATE positions SET checksum = x'00' WHERE name = 'complete_through'"),
  },
  {
    name: 'a snapshot that is no JSON',
    code: 'snapshot-unreadable',
    where: snapshotOf('wallet:ann'),
    file: 'state.db',
    plant: textChanged('wallet:ann', /^\{/, '['),
  },
  {
    name: 'a snapshot with another balance',
    code: 'snapshot-content',
    where: snapshotOf('wallet:ann'),
    file: 'state.db',
    plant: textChanged('wallet:ann', /"balance":\d/, '"balance":9'),
  },
  {
    name: 'a snapshot with another user of a reservation',
    code: 'snapshot-content',
    where: snapshotOf('schedule:s'),
    file: 'state.db',
    plant: textChanged('schedule:s', /"ann"/, '"bnn"'),
  },
  {
    name: 'a snapshot with another state of a reservation',
    code: 'snapshot-content',
    where: snapshotOf('schedule:s'),
    file: 'state.db',
    plant: (db) =>
      resealed(db, 'schedule:s', (state) => {
        const last = state.length - 1;
        return Buffer.concat([state.subarray(0, last), Buffer.of((state[last] ?? 0) === 0 ? 3 : 0)]);
      }),
  },
  {
    name: 'a snapshot with another person inside',
    code: 'snapshot-content',
    where: snapshotOf('admission:main'),
    file: 'state.db',
    plant: textChanged('admission:main', /"fay"/, '"fax"'),
  },
  {
    name: 'a snapshot with another place in line',
    code: 'snapshot-content',
    where: snapshotOf('line:slow'),
    file: 'state.db',
    plant: textChanged('line:slow', /"places":\[2\]/, '"places":[3]'),
  },
  {
    name: 'a snapshot with another concert',
    code: 'snapshot-content',
    where: snapshotOf('catalog:main'),
    file: 'state.db',
    plant: textChanged('catalog:main', /"name":"c"/, '"name":"x"'),
  },
  {
    name: 'another next deadline',
    code: 'snapshot-columns',
    where: snapshotOf('schedule:s'),
    file: 'state.db',
    plant: columnsChanged('schedule:s', 'next_deadline_ms = next_deadline_ms + 1'),
  },
  {
    name: 'an open question that there is not',
    code: 'snapshot-columns',
    where: snapshotOf('wallet:ann'),
    file: 'state.db',
    plant: columnsChanged('wallet:ann', 'open_questions = 1'),
  },
  {
    name: 'another number of free seats',
    code: 'snapshot-columns',
    where: snapshotOf('schedule:u'),
    file: 'state.db',
    plant: columnsChanged('schedule:u', `summary = replace(summary, '"seatsAvailable":20', '"seatsAvailable":19')`),
  },
  {
    name: 'a snapshot with another checksum',
    code: 'snapshot-checksum',
    where: snapshotOf('wallet:eve'),
    file: 'state.db',
    plant: run("UPDATE snapshots SET checksum = x'00' WHERE actor = 'wallet:eve'"),
  },
  {
    name: 'a snapshot marked as damaged',
    code: 'snapshot-damaged',
    where: snapshotOf('wallet:eve'),
    file: 'state.db',
    plant: run("UPDATE snapshots SET damaged = 1 WHERE actor = 'wallet:eve'"),
  },
  {
    name: 'an actor without its snapshot',
    code: 'complete-through',
    where: /wallet:eve/,
    file: 'state.db',
    plant: run("DELETE FROM snapshots WHERE actor = 'wallet:eve'"),
    also: ['state-totals'],
  },
  {
    name: 'a lost row of keys',
    code: 'key-row-missing',
    where: /key of batch/,
    file: 'state.db',
    plant: run('DELETE FROM keys WHERE id = (SELECT max(id) FROM keys)'),
    also: ['state-totals'],
  },
  {
    name: 'a key with another fingerprint',
    code: 'key-row-wrong',
    where: /key of batch/,
    file: 'state.db',
    plant: run("UPDATE keys SET fingerprint = 'x' WHERE id = (SELECT min(id) FROM keys)"),
  },
  {
    name: 'a key that the journal does not bind',
    code: 'key-row-wrong',
    where: /key of batch/,
    file: 'state.db',
    plant: run("INSERT INTO keys VALUES (8192, 1, 1, 's', 'f', 1, 0)"),
    also: ['state-totals'],
  },
  {
    name: 'a key that waits for nothing',
    code: 'pending-row',
    where: /pending s$/,
    file: 'state.db',
    plant: run("INSERT INTO pending VALUES ('s', 'f', 'q', 'schedule:s', 1)"),
    also: ['state-totals'],
  },
  {
    name: 'another total of rows',
    code: 'state-totals',
    where: /snapshots/,
    file: 'state.db',
    plant: run("UPDATE totals SET rows = rows + 1 WHERE name = 'snapshots'"),
  },
];

/** Plants it in the directory. */
export function planted(dataDir: string, file: DirectoryFile, plant: (db: Database.Database) => void): void {
  const db = new Database(join(dataDir, file));
  try {
    db.pragma('foreign_keys = OFF');
    plant(db);
  } finally {
    db.close();
  }
}
