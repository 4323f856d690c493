/** From rounds to what the tables say. */
import type { Point, Row } from '../report/section.ts';
import { countOf } from './answer-counts.ts';
import type { Quantiles } from './quantiles.ts';
import type { Measured, Round } from './rounds.ts';
import { median, type Summary, summaryOf } from './rounds-summary.ts';

/** Answers of this status a second, over the rounds. */
export function rateOf({ rounds }: Measured, status: number | string): Summary {
  return summaryOf(rounds.map(({ result }) => countOf(result.answers, status) / result.seconds));
}

/** Medians over the rounds, ms. */
export function latencyOf({ rounds }: Measured, status: number | string): Quantiles {
  return medianQuantiles(rounds.flatMap(({ result }) => result.answers[status]?.latency ?? []));
}

export function medianQuantiles(all: readonly Quantiles[]): Quantiles {
  const of = (name: keyof Quantiles): number => median(all.map((quantiles) => quantiles[name]));
  return { p50: of('p50'), p99: of('p99'), p999: of('p999'), max: of('max') };
}

export function latencyCells({ p50, p99, p999 }: Quantiles): Row {
  return { 'p50, ms': round(p50), 'p99, ms': round(p99), 'p99.9, ms': round(p999) };
}

/** CPU time a success, and peak memory, of the contender's processes and of the generator. */
export function costCells({ entrant, rounds }: Measured, status: number | string): Row {
  const successes = rounds.reduce((sum, { result }) => sum + countOf(result.answers, status), 0);
  const micros = (seconds: number): number => round((seconds / successes) * 1e6);
  const names = Object.keys(rounds[0]?.cpuSeconds ?? {});
  const byName = names
    .map((name) => ({ name, micros: micros(sumOf(rounds, (each) => each.cpuSeconds[name] ?? 0)) }))
    // The service of the TypeScript loader, for example, sleeps once all is loaded.
    .filter(({ micros }) => micros > 0);
  const peaks = Object.entries(entrant.peaks).map(([name, bytes]) => ({ name, mib: Math.round(bytes / 2 ** 20) }));
  return {
    'CPU each, µs': round(byName.reduce((sum, { micros }) => sum + micros, 0)),
    'of it': byName.length < 2 ? null : byName.map(({ name, micros }) => `${micros} ${name}`).join(', '),
    'generator CPU each, µs': micros(sumOf(rounds, ({ result }) => result.generatorCpuSeconds)),
    'peak memory, MiB': peaks.reduce((sum, { mib }) => sum + mib, 0),
  };
}

/** Answers that are none of the figure, counted beside it: `12 × 503`; null when there are none. */
export function otherAnswers({ rounds }: Measured, expected: readonly number[]): string | null {
  const counts = new Map<string, number>();
  for (const { result } of rounds) {
    for (const [status, { count }] of Object.entries(result.answers)) {
      if (!expected.includes(Number(status))) counts.set(status, (counts.get(status) ?? 0) + count);
    }
  }
  return counts.size === 0 ? null : [...counts].map(([status, count]) => `${count} × ${status}`).join(', ');
}

function sumOf(rounds: readonly Round[], of: (round: Round) => number): number {
  return rounds.reduce((sum, each) => sum + of(each), 0);
}

export function pointOf({ median: y, low, high }: Summary, x = 0): Point {
  return { x, y: round(y), low: round(low), high: round(high) };
}

/** `12 %`: how far the rounds lie apart. */
export function spreadText({ spread }: Summary): string {
  return `${Math.round(spread * 100)} %`;
}

/** Three digits that mean something. */
export function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
