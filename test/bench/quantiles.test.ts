import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { quantile, quantilesOf, Samples } from '../../bench/harness/quantiles.ts';
import { median, summaryOf } from '../../bench/harness/rounds-summary.ts';

const toHundred = Float64Array.from({ length: 100 }, (_, index) => 100 - index);

describe('a quantile', () => {
  it('is the nearest rank: a value that was measured, never one between two', () => {
    assert.deepEqual(quantilesOf(toHundred), { p50: 50, p99: 99, p999: 100, max: 100 });
    assert.deepEqual(quantilesOf(Float64Array.of(7)), { p50: 7, p99: 7, p999: 7, max: 7 });
  });

  it('leaves what was measured in its order', () => {
    quantilesOf(toHundred);
    assert.equal(toHundred[0], 100);
  });

  it('of nothing is no number', () => {
    assert.ok(Number.isNaN(quantilesOf(new Float64Array()).p99));
  });

  it('is not exceeded by its share of the values, and no smaller value is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0.5, 0.9, 0.99, 0.999, 1),
        (values, share) => {
          const found = quantile(Float64Array.from(values).sort(), share);
          const within = (limit: number): number => values.filter((value) => value <= limit).length;
          assert.ok(within(found) >= share * values.length);
          assert.ok(within(found - 1) < share * values.length);
        },
      ),
    );
  });

  it('of samples is that of all that were added', () => {
    const samples = new Samples();
    for (let value = 1; value <= 5_000; value++) samples.add(value);
    assert.equal(samples.length, 5_000);
    assert.deepEqual(samples.quantiles(), { p50: 2_500, p99: 4_950, p999: 4_995, max: 5_000 });
  });
});

describe('the median of rounds', () => {
  it('is the middle one, or the mean of the middle two', () => {
    assert.equal(median([30, 10, 20]), 20);
    assert.equal(median([40, 10, 20, 30]), 25);
    assert.equal(median([10]), 10);
    assert.ok(Number.isNaN(median([])));
  });

  it('stands with how far the rounds lie apart', () => {
    assert.deepEqual(summaryOf([90, 100, 120]), { median: 100, low: 90, high: 120, spread: 0.3 });
    assert.equal(summaryOf([100]).spread, null, 'one round does not lie apart');
  });
});
