/** Series over an axis, each named at its end. */
import { axisScale, type AxisScale } from './axis-scale.ts';
import { cellText } from './format.ts';
import type { Point, Section, Series } from './section.ts';
import { escapeHtml, plotWidth, px, svgLine, svgRoot, svgText, textWidth, tickTexts } from './svg.ts';

const height = 340;
const top = 26;
const bottom = height - 46;
const labelHeight = 16;
/** Two names that are closer by less do not cover each other: what was moved apart may be nearer by a rounding error. */
const closer = 0.01;
const gap = 8;
/** More different values than this get round ticks. */
const ownTicksMax = 7;

interface Plot {
  readonly x: AxisScale;
  readonly y: AxisScale;
  readonly left: number;
  readonly right: number;
}

export function linesOf(section: Section, colorOf: (label: string) => string): string {
  const series = section.series.filter(({ points }) => points.length > 0);
  const plot = plotOf(section, series);
  return svgRoot(height, section.title, [
    ...axes(section, plot),
    ...series.map((each) => lineOf(section, each, plot, colorOf(each.label))),
    ...endLabels(series, plot, colorOf),
  ]);
}

function plotOf({ x, yScale = 'linear' }: Section, series: readonly Series[]): Plot {
  const points = series.flatMap((each) => each.points);
  const ys = points.flatMap(({ y, low = y, high = y }) => [y, low, high]);
  const scale = x?.scale ?? 'linear';
  const y = axisScale({ scale: yScale, values: ys, from: bottom, to: top });
  const left = Math.max(...tickTexts(y.ticks).map((text) => textWidth(text))) + gap * 2;
  // Only as much room as the names of lines need that end at the far right.
  const most = Math.max(...points.map((point) => point.x), 0);
  const reach = series.map(({ label, points }) =>
    (points.at(-1)?.x ?? 0) >= most * 0.5 ? textWidth(label, 'bold') : 0,
  );
  const right = plotWidth - Math.max(...reach, 0) - gap * 3;
  const own = [...new Set(points.map((point) => point.x))].sort((a, b) => a - b);
  const ticks = scale === 'log' && own.length <= ownTicksMax ? { ticks: own } : {};
  const across = axisScale({ scale, values: points.map((point) => point.x), from: left, to: right, ...ticks });
  return { x: across, y, left, right };
}

function axes({ x, unit }: Section, { x: across, y, left, right }: Plot): string[] {
  const ups = tickTexts(y.ticks);
  const acrosses = tickTexts(across.ticks);
  return [
    svgText(unit, { x: 0, y: 13, kind: 'unit' }),
    ...y.ticks.flatMap((tick, index) => [
      svgLine('grid', left, y.at(tick), right, y.at(tick)),
      svgText(ups[index] ?? '', { x: left - gap, y: y.at(tick) + 4.5, kind: 'tick', anchor: 'end' }),
    ]),
    svgLine('axis', left, bottom, right, bottom),
    ...across.ticks.flatMap((tick, index) => [
      svgLine('axis', across.at(tick), bottom, across.at(tick), bottom + 4),
      svgText(acrosses[index] ?? '', { x: across.at(tick), y: bottom + 19, kind: 'tick', anchor: 'middle' }),
    ]),
    svgText(x?.label ?? '', { x: (left + right) / 2, y: height - 6, kind: 'unit', anchor: 'middle' }),
  ];
}

function lineOf({ unit, x: axis }: Section, { label, points }: Series, { x, y }: Plot, color: string): string {
  const at = (point: Point, value = point.y): string => `${px(x.at(point.x))},${px(y.at(value))}`;
  const banded = points.filter(({ low, high }) => low !== undefined && high !== undefined && high > low);
  const band =
    banded.length < 2
      ? ''
      : `<polygon class="band ${color}" points="${[
          ...banded.map((point) => at(point, point.high)),
          ...banded.toReversed().map((point) => at(point, point.low)),
        ].join(' ')}"/>`;
  const dots = points.map(
    (point) =>
      `<circle class="dot ${color}" cx="${px(x.at(point.x))}" cy="${px(y.at(point.y))}" r="3.5"><title>${escapeHtml(
        `${label}: ${cellText(point.y)} ${unit} at ${cellText(point.x)} ${axis?.label ?? ''}`,
      )}</title></circle>`,
  );
  return `<g>${band}<polyline class="line ${color}" points="${points.map((point) => at(point)).join(' ')}"/>${dots.join('')}</g>`;
}

interface Label {
  readonly text: string;
  readonly color: string;
  readonly x: number;
  /** Where its line ends. */
  readonly lineY: number;
  y: number;
}

/** Names stand at the ends of their lines, moved apart where they would cover each other. */
function endLabels(series: readonly Series[], { x, y }: Plot, colorOf: (label: string) => string): string[] {
  const labels = series.flatMap(({ label, points }): Label[] => {
    const last = points.at(-1);
    if (last === undefined) return [];
    const lineY = y.at(last.y);
    return [{ text: label, color: colorOf(label), x: x.at(last.x) + gap + 2, lineY, y: lineY }];
  });
  moveApart(labels);
  return labels.flatMap((label) => [
    ...(Math.abs(label.y - label.lineY) > 4
      ? [svgLine(`leader ${label.color}`, label.x - gap + 2, label.lineY, label.x - 2, label.y)]
      : []),
    svgText(label.text, { x: label.x, y: label.y + 4.5, kind: `name ${label.color}` }),
  ]);
}

function moveApart(labels: Label[]): void {
  labels.sort((a, b) => a.lineY - b.lineY);
  const overlaps = (a: Label, b: Label): boolean =>
    a.x < b.x + textWidth(b.text, 'bold') &&
    b.x < a.x + textWidth(a.text, 'bold') &&
    Math.abs(a.y - b.y) < labelHeight - closer;
  const move = (label: Label, others: readonly Label[], by: number): void => {
    // A step passes one of the others.
    for (let steps = 0; steps < others.length; steps++) {
      const other = others.find((each) => overlaps(each, label));
      if (other === undefined) return;
      label.y = other.y + by;
    }
  };
  for (const [index, label] of labels.entries()) move(label, labels.slice(0, index), labelHeight);
  // What was pushed below the axis pushes back.
  for (const [index, label] of [...labels.entries()].toReversed()) {
    label.y = Math.min(label.y, bottom - 2);
    move(label, labels.slice(index + 1), -labelHeight);
  }
}
