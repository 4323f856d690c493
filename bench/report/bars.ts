/** One bar a series, its value beside it; a thin line shows from the lowest to the highest round. */
import { cellText } from './format.ts';
import type { Section } from './section.ts';
import { escapeHtml, plotWidth, px, svgLine, svgRoot, svgText, textWidth } from './svg.ts';

const rowHeight = 30;
const barHeight = 18;
const labelsWidthMax = 290;
const gap = 10;

/** `colorOf`: the name of the colour of a label, the same on the whole page. */
export function barsOf(section: Section, colorOf: (label: string) => string): string {
  const bars = section.series.flatMap(({ label, points: [point] }) => (point === undefined ? [] : [{ label, point }]));
  const left = Math.min(labelsWidthMax, Math.max(...bars.map(({ label }) => textWidth(label)), 0)) + gap;
  const values = bars.map(({ point }) => `${cellText(point.y)} ${section.unit}`);
  const right = plotWidth - Math.max(...values.map((value) => textWidth(value, 'bold')), 0) - gap;
  const height = bars.length * rowHeight + 4;
  const longest = Math.max(...bars.map(({ point }) => Math.max(point.y, point.high ?? 0)), Number.MIN_VALUE);
  const place = (value: number): number => left + (right - left) * (value / longest);
  const parts = bars.flatMap(({ label, point }, index) => {
    const top = index * rowHeight + (rowHeight - barHeight) / 2;
    const middle = top + barHeight / 2;
    const end = place(point.y);
    const low = point.low ?? point.y;
    const high = point.high ?? point.y;
    const reach = Math.max(end, place(high));
    return [
      `<g><title>${escapeHtml(`${label}: ${cellText(point.y)} ${section.unit}, rounds ${cellText(low)} to ${cellText(high)}`)}</title>`,
      svgText(label, { x: left - gap, y: middle + 4.5, kind: 'label', anchor: 'end' }),
      `<rect class="bar ${colorOf(label)}" x="${px(left)}" y="${px(top)}" width="${px(Math.max(1, end - left))}" height="${barHeight}" rx="2"/>`,
      ...(high > low ? [svgLine('range', place(low), middle, place(high), middle)] : []),
      svgText(values[index] ?? '', { x: reach + gap / 2 + 2, y: middle + 4.5, kind: 'value' }),
      '</g>',
    ];
  });
  return svgRoot(height, section.title, [...parts, svgLine('axis', left, 0, left, height)]);
}
