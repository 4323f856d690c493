import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AgedKeys } from '../../engine/aged-keys.ts';
import type { BoundKey } from '../../engine/ports.ts';
import { ShardedMap } from '../../engine/sharded-map.ts';

describe('a sharded map', () => {
  it('is a map, below the size at which it is split, at it, and far above', () => {
    const sharded = new ShardedMap<number>();
    const map = new Map<string, number>();
    for (let step = 0; step < 30_000; step++) {
      // Every third step takes away, or sets anew, what an earlier one has set.
      const key = `user-${step % 3 === 2 ? Math.floor(step / 2) : step}`;
      if (step % 7 === 2) assert.equal(sharded.delete(key), map.delete(key));
      else {
        sharded.set(key, step);
        map.set(key, step);
      }
      assert.equal(sharded.size, map.size);
    }
    assert.ok(map.size > 10_000);
    for (let step = 0; step < 30_000; step++) {
      const key = `user-${step}`;
      assert.equal(sharded.get(key), map.get(key));
      assert.equal(sharded.has(key), map.has(key));
    }
  });

  it('tells apart texts with the same end, and takes the empty one', () => {
    const sharded = new ShardedMap<string>();
    const texts = ['', 'x', ...Array.from({ length: 6_000 }, (_, i) => `${i}-the-same-long-end`)];
    for (const text of texts) sharded.set(text, text);
    for (const text of texts) assert.equal(sharded.get(text), text);
    assert.equal(sharded.size, texts.length);
  });
});

function boundAt(turn: number): BoundKey {
  return { scope: `k${turn}`, fingerprint: '', batch: 1, turn, atMs: turn };
}

describe('aged keys', () => {
  it('are forgotten from the oldest on, and one that is bound anew is young again', () => {
    const binds = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 });
    fc.assert(
      fc.property(binds, fc.integer({ min: 0, max: 20 }), (scopes, forgotten) => {
        const aged = new AgedKeys();
        const model: BoundKey[] = [];
        scopes.forEach((scope, atMs) => {
          const bound = { scope: String(scope), fingerprint: '', batch: 1, turn: atMs, atMs };
          const before = model.findIndex((other) => other.scope === bound.scope);
          if (before >= 0) model.splice(before, 1);
          model.push(bound);
          aged.add(bound);
        });
        for (let i = 0; i < forgotten; i++) {
          assert.equal(aged.oldest(), model[0]);
          aged.deleteOldest();
          model.shift();
        }
        assert.equal(aged.size, model.length);
        for (const bound of model) assert.equal(aged.get(bound.scope), bound);
      }),
    );
  });

  it('may be many more than one piece of their order holds', () => {
    const aged = new AgedKeys();
    for (let i = 0; i < 5_000; i++) aged.add(boundAt(i));
    for (let i = 0; i < 5_000; i++) {
      assert.equal(aged.oldest()?.turn, i);
      aged.deleteOldest();
    }
    assert.deepEqual([aged.size, aged.oldest()], [0, undefined]);
    aged.add(boundAt(7));
    assert.equal(aged.oldest()?.turn, 7);
  });
});
