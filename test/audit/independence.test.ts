/** An audit by the code that it audits would find what that code finds. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { importsOf } from '../architecture/source-text.ts';

const root = path.resolve(import.meta.dirname, '../..');
const files = globSync('storage/audit/**/*.ts', { cwd: root });

describe('the audit', () => {
  it('loads nothing from outside its folder but Node itself', () => {
    assert.ok(files.length > 20, String(files.length));
    const outside = files.flatMap((file) =>
      importsOf(readFileSync(path.join(root, file), 'utf8'))
        .filter(({ typeOnly }) => !typeOnly)
        .map(({ from }) => (from.startsWith('.') ? path.posix.join(path.posix.dirname(file), from) : from))
        .filter((target) => !target.startsWith('storage/audit/') && !target.startsWith('node:'))
        .map((target) => `${file} loads ${target}`),
    );
    assert.deepEqual(outside, []);
  });

  it('knows the types of events and turns, and no other', () => {
    const types = new Set(
      files.flatMap((file) =>
        importsOf(readFileSync(path.join(root, file), 'utf8'))
          .filter(({ from, typeOnly }) => typeOnly && from.startsWith('.'))
          .map(({ from }) => path.posix.join(path.posix.dirname(file), from))
          .filter((target) => !target.startsWith('storage/audit/')),
      ),
    );
    const events = ['admission', 'catalog', 'line', 'schedule', 'wallet'].map((kind) => `actors/${kind}/messages.ts`);
    assert.deepEqual([...types].toSorted(), [...events, 'engine/actor.ts', 'engine/ports.ts']);
  });
});
