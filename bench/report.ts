/** What a run found: medians, how far the rounds lie apart, and on what machine. */
import { cpus, totalmem } from 'node:os';
import type { RoundResult } from './round.ts';

export interface Side {
  readonly name: string;
  readonly rounds: readonly RoundResult[];
}

/** The middle one of an odd number of values. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export function ratesOf({ rounds }: Side): number[] {
  return rounds.map(({ created, seconds }) => created / seconds);
}

export function machine(): string {
  const cores = cpus();
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  return `${cores.length} cores (${cores[0]?.model ?? 'unknown'}), ${memoryGib} GiB, Node ${process.version}`;
}

function line(side: Side): string {
  const rates = ratesOf(side);
  const middle = median(rates);
  const spread = (Math.max(...rates) - Math.min(...rates)) / middle;
  const p50 = median(side.rounds.map(({ latency }) => latency.p50));
  const p99 = median(side.rounds.map(({ latency }) => latency.p99));
  const rate = `${Math.round(middle).toLocaleString('en')}/s`.padStart(10);
  return `${side.name.padEnd(14)}${rate}   spread ${(spread * 100).toFixed(0)} %   p50 ${p50} ms   p99 ${p99} ms`;
}

export function report(nullSide: Side, durable: Side, connections: number): string {
  const nullRates = ratesOf(nullSide);
  const durableRates = ratesOf(durable);
  const ratio = median(durableRates) / median(nullRates);
  // Each round against its neighbour in time: what the machine does from minute to minute concerns both alike.
  const paired = median(durableRates.map((rate, round) => rate / (nullRates[round] ?? Number.NaN)));
  return [
    `${machine()}; load generator on the same machine, ${connections} connections, median of ${durable.rounds.length} rounds`,
    line(nullSide),
    line(durable),
    `ratio ${ratio.toFixed(2)} of the medians, ${paired.toFixed(2)} in the middle round`,
  ].join('\n');
}
