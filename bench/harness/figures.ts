/** From rounds to what the tables say. */
import type { Point, Row, Series } from '../report/section.ts';
import { countOf } from './answer-counts.ts';
import type { Quantiles } from './quantiles.ts';
import type { Measured, Round } from './rounds.ts';
import { median, type Summary, summaryOf } from './rounds-summary.ts';

/** Answers of this status a second. */
export function perSecond({ result }: Round, status: number | string): number {
  return countOf(result.answers, status) / result.seconds;
}

/** The same over the rounds. */
export function rateOf({ rounds }: Measured, status: number | string): Summary {
  return summaryOf(rounds.map((each) => perSecond(each, status)));
}

/** The median of the ratios of rounds that ran one after the other: to the null handler's; null where that did not run. */
export function ratioToBase(measured: Measured, all: readonly Measured[], status: number): number | null {
  const base = all.find(({ entrant }) => entrant.contender.baseline === true);
  if (base === undefined) return null;
  const ratios = measured.rounds.map((each, index) => {
    const beside = base.rounds[index];
    return beside === undefined ? Number.NaN : perSecond(each, status) / perSecond(beside, status);
  });
  return round(median(ratios));
}

/** Medians over the rounds, ms. */
export function latencyOf({ rounds }: Measured, status: number | string): Quantiles {
  return medianQuantiles(rounds.flatMap(({ result }) => result.answers[status]?.latency ?? []));
}

export function medianQuantiles(all: readonly Quantiles[]): Quantiles {
  const of = (name: keyof Quantiles): number => median(all.map((quantiles) => quantiles[name]));
  return { p50: of('p50'), p99: of('p99'), p999: of('p999'), max: of('max') };
}

/** The figure itself, `unit` a second, with how far the rounds lie apart. */
export function rateCells(measured: Measured, status: number | string, unit: string): Row {
  const rate = rateOf(measured, status);
  return { [unit]: round(rate.median), 'spread of rounds': spreadText(rate) };
}

/** What stands beside every figure: the answers that are none of it, its latencies, its cost. */
export function answerCells(measured: Measured, status: number, expected: readonly number[] = [status]): Row {
  return {
    'other answers': otherAnswers(measured, expected),
    ...latencyCells(latencyOf(measured, status)),
    ...costCells(measured, status),
  };
}

/** A bar for each: answers of this status a second. */
export function rateBars(
  measured: readonly Measured[],
  status: number | string,
  labelOf = ({ contender }: Measured['entrant']): string => contender.label,
): Series[] {
  return measured.map((each) => ({ label: labelOf(each.entrant), points: [pointOf(rateOf(each, status))] }));
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
    // One that slept throughout says nothing.
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
export function spreadText({ spread }: Summary): string | null {
  return spread === null ? null : `${Math.round(spread * 100)} %`;
}

/** Three digits that mean something. */
export function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
