import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { journalMigrations } from '../../storage/journal-schema.ts';
import { projectionQueries, readerQueries } from '../../storage/read-model/queries.ts';
import { stateMigrations } from '../../storage/state-schema.ts';
import { directoryFor, project } from './journal-of.ts';
import { randomJournal } from './random-journal.ts';

const document = readFileSync(new URL('../../storage/schema.md', import.meta.url), 'utf8');

function filledReadModel(context: TestContext): Database.Database {
  const file = join(directoryFor(context), 'read-model.db');
  project(file, randomJournal(21, 200), 50);
  const db = new Database(file, { readonly: true });
  context.after(() => db.close());
  return db;
}

/** The first block of one language under a heading of the third level. */
function block(heading: string, language: string): string {
  const from = document.indexOf(`### ${heading}\n`);
  assert.notEqual(from, -1, `schema.md has no section "${heading}"`);
  const fence = `\`\`\`${language}\n`;
  const start = document.indexOf(fence, from) + fence.length;
  return document.slice(start, document.indexOf('\n```', start));
}

function planOf(db: Database.Database, sql: string): string[] {
  const parameters = sql.split('?').slice(1).fill('1');
  return db
    .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...parameters)
    .map(({ detail }) => detail);
}

function withoutMargin(sql: string): string {
  return sql.replace(/^\n/, '').replace(/^ {2}/gm, '');
}

/** Table to its columns, `name TYPE`, as the migrations make them. */
function columnsOf(db: Database.Database): Record<string, string[]> {
  const rows = db
    .prepare<[], { tableName: string; column: string }>(
      `SELECT t.name AS tableName, c.name || ' ' || c.type AS column
       FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.cid`,
    )
    .all();
  const columns: Record<string, string[]> = {};
  for (const { tableName, column } of rows) (columns[tableName] ??= []).push(column);
  return columns;
}

describe('every query that is served', () => {
  for (const [question, sql] of Object.entries({ ...readerQueries, ...projectionQueries })) {
    test(`has its plan in schema.md, and neither scans nor sorts: ${question}`, (context) => {
      const plan = planOf(filledReadModel(context), sql);
      assert.ok(plan.length > 0);
      for (const step of plan) assert.match(step, /^SEARCH /, 'every step searches: no scan, no temporary b-tree');
      assert.equal(block(`Plan: ${question}`, 'sql'), withoutMargin(sql));
      assert.deepEqual(block(`Plan: ${question}`, 'text').split('\n'), plan);
    });
  }

  test('would be caught if it scanned or sorted', (context) => {
    const db = filledReadModel(context);
    const plan = planOf(db, "SELECT * FROM reservation WHERE status = 'held' ORDER BY expires_at_ms");
    assert.deepEqual(plan, ['SCAN reservation', 'USE TEMP B-TREE FOR ORDER BY']);
  });

  test('is one that exists: no plan in schema.md is left over', () => {
    const shown = [...document.matchAll(/^### Plan: (.*)$/gm)].map((match) => match[1]);
    assert.deepEqual(shown, [...Object.keys(readerQueries), ...Object.keys(projectionQueries)]);
  });
});

describe('schema.md', () => {
  test('draws every table of the read model with its columns and types', (context) => {
    const diagram = document.slice(
      document.indexOf('erDiagram'),
      document.indexOf('```', document.indexOf('erDiagram')),
    );
    const drawn: Record<string, string[]> = {};
    for (const [, name = '', body = ''] of diagram.matchAll(/^ {2}(\w+) \{\n([^}]*)\}/gm)) {
      drawn[name] = [...body.matchAll(/^ +([A-Z]+) (\w+)/gm)].map(([, type, column]) => `${column} ${type}`);
    }
    assert.deepEqual(drawn, columnsOf(filledReadModel(context)));
  });

  test('says what every index is for', (context) => {
    const indexes = filledReadModel(context)
      .prepare<[], string>(
        `SELECT i.name FROM sqlite_schema t, pragma_index_list(t.name) i
         WHERE t.type = 'table' AND t.name NOT IN ('asset', 'projection') ORDER BY 1`,
      )
      .pluck()
      .all()
      .filter((name) => !document.includes(`| \`${name}\` on `));
    assert.deepEqual(indexes, []);
  });

  for (const [file, migrations] of [
    ['journal.db', journalMigrations],
    ['state.db', stateMigrations],
  ] as const) {
    test(`names every table and column of ${file}`, () => {
      const db = new Database(':memory:');
      for (const step of migrations) db.exec(step);
      const section = document.slice(document.indexOf(`\`${file}\`\n|`));
      for (const [name, columns] of Object.entries(columnsOf(db))) {
        const row = section.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
        for (const column of columns) {
          assert.ok(row.includes(`\`${column.split(' ')[0]}\``), `${file}: ${name}.${column} is not in schema.md`);
        }
      }
      db.close();
    });
  }

  test('has questions for analysts that can be asked as they stand', (context) => {
    const db = filledReadModel(context);
    const questions = [...document.matchAll(/```sql analyst\n([^`]*)\n```/g)].map((match) => match[1] ?? '');
    assert.equal(questions.length, 6);
    for (const sql of questions) assert.ok(db.prepare(sql).all().length > 0, `answered by nothing: ${sql}`);
  });
});

test('every table that schema.md says has a readable view has one, and it can be asked', (context) => {
  const db = filledReadModel(context);
  const without = ['projection', 'seat_layout'];
  const tables = Object.keys(columnsOf(db)).filter((name) => !name.startsWith('sqlite_') && !without.includes(name));
  assert.ok(tables.length >= 10);
  for (const table of tables) {
    const [{ rows }] = db.prepare<[], { rows: number }>(`SELECT count(*) AS rows FROM ${table}`).all() as [
      { rows: number },
    ];
    const readable = db.prepare(`SELECT * FROM ${table}_readable`).all();
    assert.equal(readable.length, rows, table);
  }
});
