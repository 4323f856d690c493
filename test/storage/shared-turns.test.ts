import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SharedTurns } from '../../storage/shared-turns.ts';

const mebibyte = 1024 * 1024;

function placed(shared: SharedTurns, turns: readonly string[]): { readonly text: string; readonly size: number } {
  const { memory, bytes } = shared.place(turns);
  return { text: Buffer.from(memory, 0, bytes).toString(), size: memory.byteLength };
}

describe('turns on their way to the writer', () => {
  it('are one JSON array, whatever their text', () => {
    const shared = new SharedTurns();
    for (const turns of [[], ['{}'], ['{"a":1}', '{"b":"ü€𝄞\\ud800"}'], ['"x"', '"y"', '"z"']]) {
      assert.equal(placed(shared, turns).text, `[${turns.join(',')}]`);
    }
  });

  it('fit, however large: three bytes a unit at worst', () => {
    const shared = new SharedTurns();
    for (const units of [80_000, 200_000, 5_000_000]) {
      const turns = ['1', `"${'€'.repeat(units)}"`];
      assert.equal(placed(shared, turns).text, `[${turns.join(',')}]`);
    }
  });

  it('use the same memory again, and give back what only a huge batch needed', () => {
    const shared = new SharedTurns();
    const first = shared.place(['1']).memory;
    assert.equal(shared.place(['2', '3']).memory, first);
    assert.ok(placed(shared, ['"x"'.padEnd(20 * mebibyte)]).size >= 20 * mebibyte);
    assert.ok(placed(shared, ['1']).size <= 8 * mebibyte);
  });
});
