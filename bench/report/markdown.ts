/** The result as a table for people who read files. */
import { cellText, columnsOf, machineText, runText } from './format.ts';
import type { BenchResult } from './result.ts';
import type { Section } from './section.ts';

export function markdownOf(result: BenchResult): string {
  const lines = ['# Bench', '', machineText(result) + '.', ...runText(result), ''];
  for (const { label, reason } of result.out) lines.push(`- **Not ranked: ${label}.** ${reason}`);
  for (const { workload, reason } of result.notMeasured) lines.push(`- **Not measured: ${workload}.** ${reason}`);
  if (result.out.length + result.notMeasured.length > 0) lines.push('');
  for (const section of result.sections) lines.push(...sectionLines(section), '');
  const versions = Object.entries(result.facts.versions).map(([name, version]) => `${name} ${version}`);
  lines.push(`Versions: ${versions.join(', ')}.`);
  return `${lines.join('\n')}\n`;
}

function sectionLines(section: Section): string[] {
  const lines = [`## ${section.title}`, ''];
  const rows = section.rows.length > 0 ? section.rows : seriesRows(section);
  const columns = columnsOf(rows);
  if (columns.length > 0) {
    lines.push(`| ${columns.join(' | ')} |`, `|${columns.map(() => '---').join('|')}|`);
    for (const row of rows) lines.push(`| ${columns.map((column) => escaped(cellText(row[column]))).join(' | ')} |`);
    lines.push('');
  }
  lines.push(...section.notes.map((note) => `${note}\n`));
  return lines;
}

/** A plot without a table of its own, as one. */
function seriesRows({ series, unit, x }: Section): Section['rows'] {
  return series.flatMap(({ label, points }) =>
    points.map((point) => ({ what: label, ...(x === undefined ? {} : { [x.label]: point.x }), [unit]: point.y })),
  );
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
