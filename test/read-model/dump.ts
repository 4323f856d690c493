/** The read model as plain rows, to compare one with another. */
import type { Connection } from '../../storage/database.ts';

/** Rows of each table in the order of its primary key, each a JSON text of its columns. */
export type ReadModelDump = ReadonlyMap<string, readonly string[]>;

/** Every table, `projection` (the position) included. Holds all of it in memory: for tests and small files. */
export function dumpReadModel(db: Connection): ReadModelDump {
  const dump = new Map<string, string[]>();
  const tables = db
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1")
    .pluck()
    .all();
  for (const table of tables) {
    const key = db
      .prepare<[string], string>('SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk')
      .pluck()
      .all(table);
    const rows = db.prepare<[], unknown[]>(`SELECT * FROM "${table}" ORDER BY ${key.map((c) => `"${c}"`).join(', ')}`);
    dump.set(
      table,
      rows
        .raw()
        .all()
        .map((row) => JSON.stringify(row)),
    );
  }
  return dump;
}

/** The first difference of each table, in words; empty when the two are equal row by row. */
export function differencesOf(left: ReadModelDump, right: ReadModelDump): readonly string[] {
  const differences: string[] = [];
  for (const table of new Set([...left.keys(), ...right.keys()])) {
    const leftRows = left.get(table);
    const rightRows = right.get(table);
    if (leftRows === undefined || rightRows === undefined) {
      differences.push(`${table}: only one of the two has it`);
      continue;
    }
    for (let i = 0; i < Math.max(leftRows.length, rightRows.length); i += 1) {
      if (leftRows[i] === rightRows[i]) continue;
      differences.push(`${table}, row ${i + 1}: ${leftRows[i] ?? 'no row'} / ${rightRows[i] ?? 'no row'}`);
      break;
    }
  }
  return differences;
}
