/** Numbers and facts as text, the same in the table and on the page. */
import type { BenchResult } from './result.ts';
import type { Row } from './section.ts';

/** `12,345`, `0.512`; text as it is. */
export function cellText(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'string') return value;
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en')
    : value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

export function columnsOf(rows: readonly Row[]): string[] {
  return Object.keys(rows[0] ?? {}).filter((column) => rows.some((row) => row[column] !== null));
}

export function machineText({ facts }: BenchResult): string {
  return `${facts.cores} cores (${facts.processor}), ${facts.memoryGib} GiB, Linux ${facts.kernel}, Node ${facts.versions['node']}`;
}

export function runText({ facts, settings, generatorPeakMib }: BenchResult): string[] {
  const { rounds, seconds, connections } = settings;
  const minutes = facts.seconds < 120 ? `${facts.seconds} s` : `${Math.round(facts.seconds / 60)} min`;
  return [
    `${facts.date.slice(0, 16).replace('T', ' ')} UTC, \`${facts.command}\`, commit ${facts.commit}, took ${minutes}.`,
    `Load average ${facts.loadBefore} before and ${facts.loadAfter} after. Load generator on the same machine, peak memory ${generatorPeakMib} MiB.`,
    `${rounds === 1 ? 'One round' : `Medians of ${rounds} rounds`} of about ${seconds} s in turns, ${connections} connections where nothing else is said.`,
    ...(rounds === 1 ? ['One round tells no spread: it shows that the bench works, and compares nothing.'] : []),
  ];
}

const unitWords: Readonly<Record<string, string>> = { s: 'seconds', ms: 'milliseconds', µs: 'microseconds' };

/** A unit that reads well where it stands alone. */
export function unitText(unit: string): string {
  return unitWords[unit] ?? unit;
}
