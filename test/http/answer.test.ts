import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isoTime } from '../../api/answers/answer.ts';

describe('a time in an answer', () => {
  it('reads like that of a Date, whatever times were asked for before', () => {
    const near = 1_795_367_622_403;
    const ms = fc.oneof(
      fc.integer({ min: near - 20_000, max: near + 20_000 }),
      fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }),
    );
    fc.assert(
      fc.property(fc.array(ms, { minLength: 1, maxLength: 50 }), (times) => {
        for (const time of times) assert.equal(isoTime(time), new Date(time).toISOString());
      }),
      { numRuns: 200 },
    );
  });
});
