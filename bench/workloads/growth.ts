/** The measures of growth as workloads, so that their figures stand in the same report. */
import { growthMeasures } from '../growth/all.ts';
import type { Measure } from '../growth/measure.ts';
import type { Workload } from '../harness/bench.ts';
import type { Section } from '../report/section.ts';

export const growth: readonly Workload[] = growthMeasures.map((measure) => ({
  name: `growth-${measure.name}`,
  steps: () => 1,
  run: async ({ full, progress }) => {
    const size = full ? 'full' : 'small';
    progress.step(`${measure.title} (${size})`);
    const found = await measure.run({ size, progress: () => undefined });
    return [sectionOf(found, size)];
  },
}));

function sectionOf(found: Awaited<ReturnType<Measure['run']>>, size: string): Section {
  const { name, title, unit, series, rows, notes, xLabel } = found;
  return {
    name: `growth-${name}`,
    title,
    unit,
    series,
    rows: rows.map((row) => ({ what: row.label, value: row.value, unit: row.unit })),
    notes: size === 'full' ? notes : [...notes, 'A small size, which shows that the measure works and little else.'],
    chart: series.length === 0 ? 'none' : 'lines',
    x: { label: xLabel },
  };
}
