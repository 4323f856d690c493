/** Pieces of SVG that both kinds of plots are made of. */

export const plotWidth = 780;
/** Of the plots' 13 px text: wide enough for nearly any word, because nothing here can measure one. */
const characterWidth = 6.9;

export function textWidth(text: string): number {
  return text.length * characterWidth;
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** px with one digit: the eye sees no more, and the page stays small. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export interface TextOptions {
  readonly x: number;
  readonly y: number;
  readonly kind: string;
  readonly anchor?: 'start' | 'middle' | 'end';
}

export function svgText(text: string, { x, y, kind, anchor = 'start' }: TextOptions): string {
  return `<text class="${kind}" x="${px(x)}" y="${px(y)}" text-anchor="${anchor}">${escapeHtml(text)}</text>`;
}

export function svgLine(kind: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${kind}" x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"/>`;
}

/** `label` is what a screen reader says. */
export function svgRoot(height: number, label: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${plotWidth} ${px(height)}" role="img" aria-label="${escapeHtml(label)}">${parts.join('')}</svg>`;
}

/** `12k`, `0.5`: for axes, where room is scarce. */
export function tickText(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return value.toLocaleString('en', { maximumSignificantDigits: 4 });
}
