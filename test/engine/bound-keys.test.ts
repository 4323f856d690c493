import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BoundKeys, type KeyPlace } from '../../engine/bound-keys.ts';
import { HashIndex } from '../../engine/hash-index.ts';
import { KeyTable } from '../../engine/key-table.ts';
import type { KeyBinding } from '../../engine/ports.ts';
import { textHash } from '../../engine/text-hash.ts';

function hashOf(n: number): number {
  return textHash(`key-${n}`, 3);
}

function inOrder(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

describe('a hash index', () => {
  it('finds what was added and not deleted, however many hashes have the same home', () => {
    // Few homes, of which some lie at the end of the table, so that runs are long and go round it.
    const hash = fc.constantFrom(0, 0x100, 0xe00, 0xf00, 0xf01, 0xfff00, -0x100, 0x7fffff00);
    const step = fc.record({ hash, add: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const index = new HashIndex();
        const model = new Map<number, number[]>();
        steps.forEach(({ hash, add }, i) => {
          const values = model.get(hash) ?? [];
          model.set(hash, values);
          if (add || values.length === 0) {
            index.add(hash, i + 1);
            values.push(i + 1);
          } else {
            const gone = values.splice(i % values.length, 1);
            index.delete(hash, gone[0] ?? 0);
          }
          for (const [known, expected] of model) {
            assert.deepEqual(inOrder(index.find(known)), inOrder(expected));
          }
        });
        assert.equal(index.size, [...model.values()].flat().length);
      }),
    );
  });

  it('is the same far above the size at which it is split', () => {
    const index = new HashIndex();
    for (let n = 1; n <= 30_000; n++) index.add(hashOf(n), n);
    for (let n = 1; n <= 30_000; n += 3) index.delete(hashOf(n), n);
    for (let n = 1; n <= 30_000; n++) assert.equal(index.find(hashOf(n)).includes(n), n % 3 !== 1);
    assert.equal(index.size, 20_000);
  });

  it('does not pass over a value that is not there', () => {
    const index = new HashIndex();
    index.add(5, 1);
    assert.throws(() => index.delete(5, 2));
    assert.throws(() => index.delete(6, 1));
    assert.deepEqual(index.find(5), [1]);
  });
});

function placeOf(turn: number): KeyPlace {
  return { batch: 1 + (turn >> 3), turn, atMs: turn, ofDurableCommand: turn % 5 === 0 };
}

describe('bound keys', () => {
  it('are forgotten from the oldest on; a hash that comes again stands for each of its keys', () => {
    const hashes = fc.array(fc.constantFrom(1, 2, 3, 2 ** 32 + 1, 2 ** 52 + 2), { maxLength: 60 });
    fc.assert(
      fc.property(hashes, fc.integer({ min: 0, max: 70 }), (bound, forgotten) => {
        const keys = new BoundKeys();
        const model = bound.map((hash, turn) => ({ ...placeOf(turn), hash }));
        for (const { hash, ...place } of model) keys.add(hash, place);
        for (let i = 0; i < forgotten; i++) {
          assert.deepEqual(keys.oldest(), model[0]);
          keys.deleteOldest();
          model.shift();
        }
        assert.equal(keys.size, model.length);
        for (const hash of new Set(bound)) {
          const expected = model.filter((key) => key.hash === hash).map(({ turn }) => placeOf(turn));
          assert.deepEqual(
            keys.find(hash).toSorted((a, b) => a.turn - b.turn),
            expected,
          );
        }
      }),
    );
  });

  it('may be many more than one piece holds, and use a piece again', () => {
    const keys = new BoundKeys();
    for (let n = 0; n < 20_000; n++) {
      keys.add(hashOf(n), placeOf(n));
      if (n >= 3_000) {
        assert.equal(keys.oldest()?.turn, n - 3_000);
        keys.deleteOldest();
      }
    }
    assert.equal(keys.size, 3_000);
    for (let n = 0; n < 20_000; n++) {
      assert.deepEqual(keys.find(hashOf(n)), n < 17_000 ? [] : [placeOf(n)]);
    }
  });
});

function bindingOf(scope: string | undefined): KeyBinding | undefined {
  return scope === undefined ? undefined : { scope, fingerprint: `print of ${scope}`, outcome: { type: 'made' } };
}

/** Turn n of batch 1 binds the n-th of these, whatever the table was told. */
function tableOver(bindings: readonly (string | undefined)[], finds: string[] = []): KeyTable {
  const table = new KeyTable({
    index: { find: (scope) => void finds.push(scope), recent: () => [], pending: () => [] },
    bindingAt: (_, turn) => bindingOf(bindings[turn]),
    hashSeed: 0,
    keysMax: 10,
    ttlMs: 1_000,
    startMs: 0,
    startBatch: 0,
    pageMax: 1,
  });
  table.loadPage();
  return table;
}

describe('a key table', () => {
  it('takes a scope for bound only where the journal says so', () => {
    const finds: string[] = [];
    // As if the hashes of `a` and `z` were the same; and a batch that is not durable yet.
    const table = tableOver(['z', undefined], finds);
    table.bind({ scope: 'a', batch: 1, turn: 0, atMs: 1 });
    table.bind({ scope: 'b', batch: 1, turn: 1, atMs: 1 });
    assert.equal(table.find('a', 2), undefined);
    assert.equal(table.find('b', 2), undefined);
    assert.deepEqual(finds, []);
  });

  it('gives the newest binding of a scope that was bound anew', () => {
    const table = tableOver(['a', 'a']);
    table.bind({ scope: 'a', batch: 1, turn: 0, atMs: 1 });
    table.bind({ scope: 'a', batch: 2, turn: 1, atMs: 900 });
    assert.deepEqual(table.find('a', 950), { scope: 'a', fingerprint: 'print of a', batch: 2, turn: 1, atMs: 900 });
    assert.equal(table.find('a', 1_899)?.batch, 2);
    assert.equal(table.find('a', 1_900), undefined);
  });
});
