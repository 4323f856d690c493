/** The measures of growth as workloads, so that their figures stand in the same report. */
import { growthMeasures } from '../growth/all.ts';
import type { Workload } from '../harness/bench.ts';

const smallNote = 'A small size, which shows that the measure works and little else.';

export const growth: readonly Workload[] = growthMeasures.map((measure) => ({
  name: `growth-${measure.name}`,
  steps: () => 1,
  async run({ full, progress }) {
    const size = full ? 'full' : 'small';
    progress.step(`${measure.title} (${size})`);
    const found = await measure.run({
      size,
      progress: (done, of, what) => progress.say(`${measure.name} ${done}/${of} ${what}`),
    });
    const notes = full ? found.notes : [...found.notes, smallNote];
    return [{ ...found, name: `growth-${found.name}`, notes, chart: 'lines' }];
  },
}));
