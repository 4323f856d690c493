/** The result as a page of its own: it loads nothing, and runs nothing. */
import { barsOf } from './bars.ts';
import { cellText, columnsOf, machineText, runText, unitText } from './format.ts';
import { linesOf } from './lines.ts';
import { colorRules, pageStyle } from './page-style.ts';
import type { BenchResult } from './result.ts';
import type { Section } from './section.ts';
import { escapeHtml } from './svg.ts';

const others = ['other-0', 'other-1', 'other-2', 'other-3', 'other-4', 'other-5'] as const;
const colors = ['program', 'twin', 'base', ...others] as const;

export function pageOf(result: BenchResult): string {
  const colorOf = colorsOf(result);
  const date = result.facts.date.slice(0, 10);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Onsale bench, ${date}</title>
<style>${pageStyle}${colorRules(colors)}</style>
</head>
<body>
<main>
<h1>Onsale bench</h1>
<div class="facts">
${[`${machineText(result)}.`, ...runText(result)].map((line) => `<p>${withCode(line)}</p>`).join('\n')}
</div>
${[
  ...result.out.map(({ label, reason }) => outOf(`Not ranked: ${label}.`, reason)),
  ...result.notMeasured.map(({ workload, reason }) => outOf(`Not measured: ${workload}.`, reason)),
].join('\n')}
<nav aria-label="Figures"><ol>
${result.sections.map(({ name, title }) => `<li><a href="#${name}">${escapeHtml(title)}</a></li>`).join('\n')}
</ol></nav>
${result.sections.map((section) => sectionOf(section, colorOf)).join('\n')}
<footer>Versions: ${Object.entries(result.facts.versions)
    .map(([name, version]) => escapeHtml(`${name} ${version}`))
    .join(', ')}.</footer>
</main>
</body>
</html>
`;
}

function outOf(what: string, reason: string): string {
  return `<p class="out"><b>${escapeHtml(what)}</b> ${escapeHtml(reason)}</p>`;
}

/** The program, and the program with NATS, stand out; the baseline steps back; everything else has a colour of its own. */
function colorsOf({ contenders }: BenchResult): (label: string) => string {
  const known = new Map<string, string>();
  const rivals = contenders.filter(({ name }) => !['null', 'onsale', 'onsale-nats'].includes(name));
  for (const { name, label } of contenders) {
    if (name === 'onsale') known.set(label, 'program');
    else if (name === 'onsale-nats') known.set(label, 'twin');
    else if (name === 'null') known.set(label, 'base');
  }
  for (const [index, { label }] of rivals.entries()) known.set(label, others[index % others.length] ?? 'program');
  return (label) => known.get(label) ?? ownColor(label);
}

/** Of what is no contender: one that mentions the program has its colour. */
function ownColor(label: string): string {
  if (label.startsWith('null')) return 'base';
  return label.includes('with NATS') ? 'twin' : 'program';
}

function sectionOf(section: Section, contenderColor: (label: string) => string): string {
  const { name, title, unit, better, notes } = section;
  const reading = [
    `<b>${escapeHtml(unitText(unit))}</b>`,
    ...(better === undefined ? [] : [better === 'higher' ? 'higher is better' : 'lower is better']),
    ...(hasRanges(section) ? ['the thin line or the shade is from the lowest to the highest round'] : []),
  ];
  return `<section id="${name}">
<h2>${escapeHtml(title)}</h2>
<p class="reading">${reading.join(' · ')}</p>
${plotOf(section, contenderColor)}
${tableOf(section)}
<div class="notes">${notes.map((note) => `<p>${escapeHtml(note)}</p>`).join('')}</div>
</section>`;
}

function hasRanges({ series }: Section): boolean {
  return series.some(({ points }) => points.some(({ low, high }) => low !== undefined && high !== low));
}

function plotOf(section: Section, contenderColor: (label: string) => string): string {
  const { series } = section;
  if (series.length === 0) return '';
  const kind = section.chart ?? (series.every(({ points }) => points.length === 1) ? 'bars' : 'lines');
  switch (kind) {
    case 'none':
      return '';
    case 'bars':
      return `<div class="plot">${barsOf(section, contenderColor)}</div>`;
    case 'lines':
      return `<div class="plot">${linesOf(section, distinctColors(series, contenderColor))}</div>`;
  }
}

/** Lines that cross must not share a colour; where contenders' colours do not tell them apart, they get others. */
function distinctColors(
  series: Section['series'],
  contenderColor: (label: string) => string,
): (label: string) => string {
  const labels = series.map(({ label }) => label);
  if (new Set(labels.map(contenderColor)).size === labels.length) return contenderColor;
  const palette = ['program', ...others];
  return (label) => palette[labels.indexOf(label) % palette.length] ?? 'program';
}

/** Long tables are folded: the plot has said the most of it. */
const rowsShownMax = 10;

function tableOf({ rows }: Section): string {
  if (rows.length === 0) return '';
  const columns = columnsOf(rows);
  const isText = (column: string): boolean =>
    rows.every((row) => typeof row[column] !== 'number' && !isShare(row[column]));
  const cell = (tag: 'th' | 'td', column: string, text: string): string =>
    `<${tag}${isText(column) ? ' class="text"' : ''}>${escapeHtml(text)}</${tag}>`;
  const table = `<div class="table"><table><thead><tr>${columns
    .map((column) => cell('th', column, column))
    .join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${columns.map((column) => cell('td', column, cellText(row[column]))).join('')}</tr>`)
    .join('\n')}</tbody></table></div>`;
  return rows.length > rowsShownMax
    ? `<details><summary>All ${rows.length} figures</summary>${table}</details>`
    : table;
}

/** `12 %` stands like a number. */
function isShare(value: string | number | null | undefined): boolean {
  return typeof value === 'string' && /^[\d.]+ %$/.test(value);
}

/** Text between backticks is code. */
function withCode(line: string): string {
  return escapeHtml(line).replaceAll(/`([^`]*)`/g, '<code>$1</code>');
}
