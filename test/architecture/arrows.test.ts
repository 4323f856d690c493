import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { brokenArrows, fileLinesMax, folders, impurities, longFiles, tooLong } from './rules.ts';
import { importsOf } from './source-text.ts';

const root = path.resolve(import.meta.dirname, '../..');

function sources(...top: readonly string[]): { readonly file: string; readonly source: string }[] {
  return top
    .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root, exclude: ['**/node_modules'] }))
    .map((file) => ({ file, source: readFileSync(path.join(root, file), 'utf8') }));
}

describe('the tree', () => {
  test('is read at all', () => {
    for (const folder of folders) assert.ok(sources(folder).length > 3, folder);
    assert.ok(sources('actors').some(({ source }) => importsOf(source).length > 0));
  });

  test('imports along the arrows only', () => {
    const broken = sources(...folders).flatMap(({ file, source }) => brokenArrows(file, source));
    assert.deepEqual(broken, []);
  });

  test('keeps waiting, clocks, chance and the machine out of the actors', () => {
    const impure = sources('actors').flatMap(({ file, source }) => impurities(file, source));
    assert.deepEqual(impure, []);
  });

  test(`has no file above ${fileLinesMax} lines, but for those with a reason`, () => {
    const long = sources(...folders, 'bench', 'test', 'examples').flatMap(({ file, source }) => tooLong(file, source));
    assert.deepEqual(long, []);
    for (const file of Object.keys(longFiles)) assert.ok(existsSync(path.join(root, file)), `${file} is gone`);
  });
});

describe('the checker', () => {
  const forbidden: readonly (readonly [file: string, source: string])[] = [
    ['engine/a.ts', `import type { Rules } from '../actors/rules.ts';`],
    ['engine/a.ts', `import { Database } from '../storage/database.ts';`],
    ['actors/line/a.ts', `import { kindOf } from '../../engine/actor.ts';`],
    ['actors/line/a.ts', `import { type Event } from '../../engine/actor.ts';`],
    ['actors/line/a.ts', `import type { Limits } from '../../api/limits.ts';`],
    ['actors/a.ts', `import { readFileSync } from 'node:fs';`],
    ['actors/a.ts', `import type { ZodType } from 'zod';`],
    ['actors/a.ts', `import 'zod';`],
    ['actors/a.ts', `export * from '../storage/open.ts';`],
    ['storage/a.ts', `import {\n  createKinds,\n} from '../actors/kinds.ts';`],
    ['storage/a.ts', `import { Engine } from '../engine/engine.ts';`],
    ['storage/a.ts', `const kinds = await import('../actors/kinds.ts');`],
    ['storage/a.ts', `import type { Config } from '../api/config.ts';`],
    ['api/http/a.ts', `/* a */ import { userHash } from '../../actors/schedule/reservations.ts';`],
    ['api/http/a.ts', `import x, { openStorage } from "../../storage/open.ts";`],
    ['api/http/a.ts', `export { openStorage } from '../../storage/open.ts';`],
  ];
  for (const [file, source] of forbidden) {
    test(`refuses in ${file}: ${source.replaceAll('\n', ' ')}`, () => {
      assert.equal(brokenArrows(file, source).length, 1);
    });
  }

  test('lets pass what the arrows allow', () => {
    for (const [file, source] of [
      ['actors/line/a.ts', `import type { Event } from '../../engine/actor.ts';\nimport { x } from '../decision.ts';`],
      ['storage/a.ts', `import type { Rules } from '../actors/rules.ts';\nimport Sqlite from 'better-sqlite3';`],
      ['api/http/a.ts', `import { kindOf } from '../../engine/actor.ts';\nimport { z } from 'zod';`],
      ['api/main.ts', `import { createKinds } from '../actors/kinds.ts';`],
      ['storage/a.ts', `// import { createKinds } from '../actors/kinds.ts';\nconst a = 'from';`],
    ] as const) {
      assert.deepEqual(brokenArrows(file, source), []);
    }
  });

  for (const source of [
    'const at = Date.now();',
    'async function f() {}',
    'const x = Math.random();',
    'setTimeout(f, 1);',
    'const id = crypto.randomUUID();',
    'const text = `a ${performance.now()} b`;',
    `const text = 'it''s'; new Date();`,
  ]) {
    test(`finds the impurity in: ${source}`, () => {
      assert.equal(impurities('actors/a.ts', source).length, 1);
    });
  }

  test('does not take words in comments and strings for code', () => {
    const source = '/** No Date, no `async`. */\nconst text = "await"; // Math.random\nconst t = `Date ${text} async`;';
    assert.deepEqual(impurities('actors/a.ts', source), []);
    assert.deepEqual(impurities('api/a.ts', 'Date.now()'), []);
  });

  test('counts lines', () => {
    assert.deepEqual(tooLong('api/a.ts', 'x\n'.repeat(fileLinesMax)), []);
    assert.equal(tooLong('api/a.ts', 'x\n'.repeat(fileLinesMax + 1)).length, 1);
  });
});
