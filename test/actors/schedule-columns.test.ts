import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NumberColumn, NumberRows, ValueColumn } from '../../actors/schedule/columns.ts';

const value = (row: number, place: number): number => row * 3.5 - place * 2 ** 40;

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

  it('of rows keeps each number apart, and is zero until set', () => {
    const rows = new NumberRows(3);
    const fields = [rows.field(0), rows.field(1), rows.field(2)];
    for (let row = 0; row < 5_000; row++) {
      rows.reach(row);
      assert.deepEqual(
        fields.map((field) => field.get(row)),
        [0, 0, 0],
      );
      fields.forEach((field, place) => field.set(row, value(row, place)));
    }
    for (let row = 0; row < 5_000; row++) {
      assert.deepEqual(
        fields.map((field) => field.get(row)),
        [value(row, 0), value(row, 1), value(row, 2)],
      );
    }
    rows.reach(20_000);
    assert.deepEqual([fields[2]!.get(20_000), fields[2]!.get(4_999)], [0, value(4_999, 2)]);
    assert.throws(() => rows.field(3), /rows of 3 numbers have no place 3/);
  });

  it('holds any value', () => {
    const column = new ValueColumn<string>();
    for (let index = 0; index < 10_000; index++) column.set(index, `user-${index}`);
    column.set(5_000, '');
    assert.deepEqual([column.get(4_999), column.get(5_000), column.get(10_000)], ['user-4999', '', undefined]);
  });
});
