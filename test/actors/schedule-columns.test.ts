import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NumberColumn, ValueColumn } from '../../actors/schedule/columns.ts';

describe('a column', () => {
  it('keeps what is set, in its own kind of number, and is zero elsewhere', () => {
    for (const make of [Float64Array, Int32Array, Uint32Array, Uint8Array]) {
      const column = new NumberColumn<Float64Array | Int32Array | Uint32Array | Uint8Array>(make);
      assert.equal(column.get(0), 0);
      const set = (index: number): void => column.set(index, (index * 7 + 1) % 251);
      for (let index = 0; index < 20_000; index++) set(index);
      for (let index = 0; index < 20_000; index++) assert.equal(column.get(index), (index * 7 + 1) % 251);
      column.set(20_000, 300);
      assert.equal(column.get(20_000), make === Uint8Array ? 44 : 300);
      assert.equal(column.get(100_000), 0);
    }
  });

  it('takes an entry far beyond those that are set', () => {
    const column = new NumberColumn(Int32Array);
    column.set(3, 5);
    column.set(50_000, -7);
    assert.deepEqual([column.get(3), column.get(40_000), column.get(50_000)], [5, 0, -7]);
  });

  it('holds any value', () => {
    const column = new ValueColumn<string>();
    for (let index = 0; index < 10_000; index++) column.set(index, `user-${index}`);
    column.set(5_000, '');
    assert.deepEqual([column.get(4_999), column.get(5_000), column.get(10_000)], ['user-4999', '', undefined]);
  });
});
