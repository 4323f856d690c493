import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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

  it('yields every value once while nothing changes, and none that is no longer there', () => {
    const sharded = new ShardedMap<string>();
    for (let i = 0; i < 4_000; i++) sharded.set(keyOf(i), keyOf(i));
    const early = sharded.values();
    for (let i = 0; i < 100; i++) early.next();
    for (let i = 4_000; i < 10_000; i++) sharded.set(keyOf(i), keyOf(i));
    for (let i = 0; i < 10_000; i += 2) sharded.delete(keyOf(i));
    const there = Array.from({ length: 5_000 }, (_, i) => keyOf(2 * i + 1)).toSorted();
    assert.deepEqual([...sharded.values()].toSorted(), there);
    const met = [...early];
    assert.ok(met.length > 4_000);
    assert.deepEqual(
      met.filter((key) => !sharded.has(key)),
      [],
    );
  });

  it('tells apart texts with the same end, and takes the empty one', () => {
    const sharded = new ShardedMap<string>();
    const texts = ['', 'x', ...Array.from({ length: 6_000 }, (_, i) => `${i}-the-same-long-end`)];
    for (const text of texts) sharded.set(text, text);
    for (const text of texts) assert.equal(sharded.get(text), text);
    assert.equal(sharded.size, texts.length);
  });
});

function keyOf(i: number): string {
  return `user-${i}`;
}
