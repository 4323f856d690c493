/** `tsx bench/growth/main.ts [--only NAME] [--size small|full]`: how cost grows as work grows. See README.md beside this. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cpus, totalmem } from 'node:os';
import { growthMeasures } from './all.ts';
import type { Section } from './section.ts';

/** As in the figures of a page: what the machine is. */
const machine = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, size: { type: 'string', default: 'small' } },
});
const { only, size } = options;
const chosen = growthMeasures.filter(({ name }) => only === undefined || name === only);
if (chosen.length === 0 || (size !== 'small' && size !== 'full')) {
  const names = growthMeasures.map(({ name }) => name).join(', ');
  process.stderr.write(`--only is one of ${names}; --size is small or full\n`);
  process.exit(2);
}

function print({ title, unit, xLabel, series, rows, notes }: Section): void {
  process.stdout.write(`\n${title}\n`);
  for (const { label, points } of series) {
    process.stdout.write(`  ${label}, ${unit} by ${xLabel}\n`);
    for (const { x, y } of points) {
      process.stdout.write(`    ${x.toLocaleString('en').padStart(12)}  ${y.toLocaleString('en')}\n`);
    }
  }
  for (const row of rows) process.stdout.write(`  ${row.label}: ${row.value.toLocaleString('en')} ${row.unit}\n`);
  for (const note of notes) process.stdout.write(`  (${note})\n`);
}

// Ends what was started and removes what was made, as listeners of `exit` do.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const results = join(import.meta.dirname, '..', 'results');
mkdirSync(results, { recursive: true });
process.stdout.write(`${machine()}; size ${size}\n`);
for (const { name, run } of chosen) {
  const startedMs = performance.now();
  const section = await run({
    size,
    progress: (done, of, what) => void process.stderr.write(`${name} ${done}/${of} ${what}\n`),
  });
  print(section);
  process.stdout.write(`  took ${Math.round((performance.now() - startedMs) / 1000)} s\n`);
  const kept = { machine: machine(), size, section };
  writeFileSync(join(results, `growth-${name}-${size}.json`), `${JSON.stringify(kept, null, 2)}\n`);
}
