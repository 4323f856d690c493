/** The cheapest measures of growth at their smallest: they run, their sums hold, and what they give is whole. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { growthMeasures } from '../../bench/growth/all.ts';
import type { GrowthSection } from '../../bench/growth/measure.ts';

function assertWhole(section: GrowthSection): void {
  for (const { label, points } of section.series) {
    assert.ok(points.length > 0, `${label} has no points`);
    for (const { x, y } of points) assert.ok(Number.isFinite(x) && Number.isFinite(y), `${label}: ${x}, ${y}`);
  }
  for (const { what, value, unit } of section.rows) {
    assert.ok(Number.isFinite(value) && unit !== '', `${what}: ${value} ${unit}`);
  }
  const labels = [...section.series.map(({ label }) => `series ${label}`), ...section.rows.map(({ what }) => what)];
  assert.equal(new Set(labels).size, labels.length, 'a label stands twice');
}

/** Runs a measure at its small size; it throws when a sum does not hold. */
async function smallRun(name: string): Promise<GrowthSection> {
  const measure = growthMeasures.find((known) => known.name === name);
  assert.ok(measure !== undefined, `there is no measure ${name}`);
  const told: string[] = [];
  const section = await measure.run({ size: 'small', progress: (_done, _of, what) => told.push(what) });
  assert.ok(told.length > 0, 'it tells how far it is');
  assert.equal(section.name, name);
  assert.equal(section.title, measure.title);
  assertWhole(section);
  return section;
}

function row(section: GrowthSection, what: string): number {
  const found = section.rows.find((known) => known.what === what);
  assert.ok(found !== undefined, `there is no row ${what}`);
  return found.value;
}

test('measures have names of their own', () => {
  assert.equal(new Set(growthMeasures.map(({ name }) => name)).size, growthMeasures.length);
});

describe('a small run', { concurrency: true }, () => {
  test('of holds at the engine takes as many seats as were asked for', async () => {
    const section = await smallRun('engine');
    assert.equal(section.series.length, 2);
    // Warm-up, two rounds, and the paced one.
    for (const { label } of section.series) assert.equal(row(section, `${label}: seats taken, as answered`), 5_500);
  });

  test('of expiry ends every hold that it made', async () => {
    const section = await smallRun('expiry');
    // The past, and at both of its lengths 180 due holds in one date, in all dates, and left to the engine's timer.
    // A round that a busy machine has spoilt is made again.
    const rounds = (row(section, 'holds made and expired') - 2_000) / 180;
    assert.ok(Number.isInteger(rounds) && rounds >= 3, `${rounds} rounds`);
  });
});
