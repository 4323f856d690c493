/** Pieces of SVG that both kinds of plots are made of. */

export const plotWidth = 780;
/** Of the plots' 13 px text in a wide font, px: nothing here can measure a word, so it gets what it may need. */
const characterWidths = { normal: 7.8, bold: 8.2 } as const;

export function textWidth(text: string, weight: keyof typeof characterWidths = 'normal'): number {
  return text.length * characterWidths[weight];
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

/** Of an axis, where room is scarce: `5k`, `10k`, and not `5,000`, `10k`. */
export function tickTexts(ticks: readonly number[]): string[] {
  const most = Math.max(...ticks);
  const isShort = most >= 10_000;
  return ticks.map((tick) => {
    const [unit, letter] = isShort && tick >= 1e6 ? [1e6, 'M'] : isShort && tick >= 1e3 ? [1e3, 'k'] : [1, ''];
    return `${(tick / unit).toLocaleString('en', { maximumSignificantDigits: 4 })}${letter}`;
  });
}
