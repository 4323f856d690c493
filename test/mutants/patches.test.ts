import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { allMutants } from './mutant.ts';
import { root, ScratchCopy } from './scratch-copy.ts';

const mutants = allMutants();
const mutantsMin = 25;
/** Known kinds of bugs that must be among them, whatever else is. */
const required = [
  'reply-released-before-commit',
  'idempotency-lost-on-restart',
  'expiry-frees-a-paid-seat',
  'debit-without-sale',
  'double-admission',
  'deadline-off-by-one',
  'checksum-not-chained',
  'snapshot-ahead-of-the-journal',
  'hold-unpaid-when-session-ended',
];

describe('the mutants', () => {
  test('are many, most of them in the engine and the actors, and the required ones are among them', () => {
    assert.ok(mutants.length >= mutantsMin, `${mutants.length} are there`);
    const inside = mutants.filter(({ part }) => part === 'engine' || part === 'actors');
    assert.ok(inside.length * 2 > mutants.length, `${inside.length} of ${mutants.length}`);
    const names = mutants.map(({ name }) => name);
    assert.deepEqual(
      required.filter((name) => !names.includes(name)),
      [],
    );
  });

  test('differ from each other', () => {
    const diffs = mutants.map(({ file }) => readFileSync(file, 'utf8').replace(/^[^]*?(?=^diff --git )/m, ''));
    assert.equal(new Set(diffs).size, mutants.length);
  });
});

describe('each mutant', () => {
  let copy: ScratchCopy;
  before(() => {
    copy = new ScratchCopy();
  });
  after(() => copy.remove());

  test('applies to the tree as it is', () => {
    const refusals = mutants.flatMap(({ name, file }) => {
      const refusal = copy.apply(file, true);
      return refusal === null ? [] : [`${name}: ${refusal}`];
    });
    assert.deepEqual(refusals, []);
  });

  test('changes files of its part, and none of the tests', () => {
    for (const { name, part, changes } of mutants) {
      assert.ok(changes.length > 0, `${name} changes something`);
      for (const file of changes) assert.ok(file.startsWith(`${part}/`), `${name} of part ${part} changes ${file}`);
    }
  });

  test('names tests that there are', () => {
    for (const { name, tests } of mutants) {
      for (const file of tests) {
        assert.match(file, /^test\/.*\.test\.ts$/, name);
        assert.ok(existsSync(join(root, file)), `${name} names ${file}`);
      }
    }
  });
});

describe('a patch that does not fit', () => {
  test('is told, and changes nothing', (t) => {
    const copy = new ScratchCopy();
    t.after(() => copy.remove());
    const [mutant] = mutants;
    assert.ok(mutant);
    assert.equal(copy.apply(mutant.file), null);
    const [changed] = mutant.changes;
    assert.ok(changed);
    const planted = readFileSync(join(copy.folder, changed), 'utf8');
    assert.notEqual(planted, readFileSync(join(root, changed), 'utf8'));
    assert.match(copy.apply(mutant.file) ?? '', /does not apply/);
    assert.equal(readFileSync(join(copy.folder, changed), 'utf8'), planted);
  });
});
