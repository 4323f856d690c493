/** How the page looks, in light and in dark. Colours are told apart by people who do not see red and green alike, too. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --card: #f7f8fa; --ink: #1b1f24; --soft: #5b6470; --faint: #dfe3e8; --warn: #8a4b00; --warn-paper: #fff4e0;
  --program: #0b62c4; --twin: #5aa2e8; --base: #98a1ac;
  --other-0: #c2410c; --other-1: #6d3fc0; --other-2: #0a7d62; --other-3: #b3266e; --other-4: #8a6d00; --other-5: #3f6212;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #11151a; --card: #181d24; --ink: #e8ecf1; --soft: #9aa5b1; --faint: #2c343d; --warn: #ffc069; --warn-paper: #33260f;
    --program: #5aa9ff; --twin: #2f74bd; --base: #6f7a87;
    --other-0: #fb8a4c; --other-1: #b79bff; --other-2: #4fd1ad; --other-3: #f27bb5; --other-4: #e2c044; --other-5: #a3d65c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 40px 20px 80px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 10px; letter-spacing: -0.01em; }
h2 { font-size: 20px; line-height: 1.3; margin: 0; letter-spacing: -0.005em; }
p { margin: 0 0 6px; max-width: 860px; }
code { font: 0.92em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: 3px; }
.facts, .notes, footer { color: var(--soft); font-size: 13.5px; }
.out { background: var(--warn-paper); color: var(--warn); border-radius: 6px; padding: 10px 14px; margin: 16px 0 0; max-width: none; }
nav { margin: 28px 0 0; padding: 0; }
nav ol { margin: 0; padding: 0; list-style: none; columns: 2; column-gap: 32px; font-size: 14px; }
nav li { padding: 3px 0; break-inside: avoid; }
section { margin: 48px 0 0; padding: 24px 0 0; border-top: 1px solid var(--faint); }
.reading { color: var(--soft); font-size: 14px; margin: 2px 0 14px; }
.reading b { color: var(--ink); font-weight: 600; }
.plot { overflow-x: auto; margin: 0 0 14px; }
.plot svg { display: block; width: 100%; min-width: 560px; max-width: 860px; height: auto; overflow: visible; }
svg text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; fill: var(--ink); font-variant-numeric: tabular-nums; }
svg .tick, svg .unit { fill: var(--soft); font-size: 12.5px; }
svg .value { font-weight: 600; }
svg .name { font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
svg .axis { stroke: var(--soft); stroke-width: 1; }
svg .grid { stroke: var(--faint); stroke-width: 1; }
svg .range { stroke: var(--ink); stroke-width: 1.5; opacity: 0.55; }
svg .line { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round; }
svg .leader { stroke-width: 1; opacity: 0.7; }
svg .dot { stroke: var(--paper); stroke-width: 1.25; }
svg .band { opacity: 0.13; }
.table { overflow-x: auto; margin: 0 0 12px; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 12px 5px 0; text-align: right; border-bottom: 1px solid var(--faint); white-space: nowrap; vertical-align: bottom; }
th { color: var(--soft); font-weight: 500; white-space: normal; min-width: 52px; line-height: 1.3; }
th.text, td.text { text-align: left; }
td.text { white-space: normal; min-width: 100px; }
td:first-child { white-space: nowrap; }
td:first-child { font-weight: 500; }
details summary { cursor: pointer; color: var(--soft); font-size: 13.5px; margin: 0 0 10px; }
footer { margin: 56px 0 0; padding: 16px 0 0; border-top: 1px solid var(--faint); }
@media (max-width: 640px) { nav ol { columns: 1; } h1 { font-size: 25px; } }
@media print { details > * { display: block; } }
`;

/** Classes of the plots' colours, for lines and surfaces alike. */
export function colorRules(names: readonly string[]): string {
  return names
    .map(
      (name) =>
        `svg .bar.${name}, svg .dot.${name}, svg .band.${name}, svg .name.${name} { fill: var(--${name}); } ` +
        `svg .line.${name}, svg .leader.${name} { stroke: var(--${name}); }`,
    )
    .join('\n');
}
