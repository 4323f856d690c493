/** What every workload is given. */
import type { Contender } from '../contender.ts';
import type { Section } from '../report/section.ts';
import type { Load } from './load.ts';
import type { Progress } from './progress.ts';

export interface Bench {
  /** Chosen, and able to run here; in the order of their turns. */
  readonly contenders: readonly Contender[];
  /** Counted rounds of each figure; one before them warms up. */
  readonly rounds: number;
  /** How long a round should take. */
  readonly seconds: number;
  /** Of figures that are no curve over connections. */
  readonly connections: number;
  /** Whether growth is measured at its full sizes, which takes long and much disk. */
  readonly full: boolean;
  /** Whether curves, which have many points, are drawn for everyone; else for the program and the null handler. */
  readonly curvesOfAll: boolean;
  readonly load: Load;
  readonly progress: Progress;
  /** By contender: what it did wrong. It is not started again, and not ranked. */
  readonly faults: Map<string, string>;
}

export interface Workload {
  /** As after `--only`. */
  readonly name: string;
  /** How many steps it will tell the progress of, as far as one knows. */
  readonly steps: (bench: Bench) => number;
  readonly run: (bench: Bench) => Promise<Section[]>;
}

/** Those of these contenders that are here and have done nothing wrong. */
export function fit(bench: Bench, chosen: (contender: Contender) => boolean = () => true): Contender[] {
  return bench.contenders.filter((contender) => chosen(contender) && !bench.faults.has(contender.name));
}

/** Those that sell; not the handler that does nothing. */
export const isSeller = ({ baseline }: Contender): boolean => baseline !== true;

export const isOnsale = ({ name }: Contender): boolean => name === 'onsale' || name === 'onsale-nats';

/** Whoever is in a curve. */
export function inCurves(bench: Bench): Contender[] {
  return fit(bench, (contender) => bench.curvesOfAll || !isSeller(contender) || isOnsale(contender));
}

/** Rounds of what takes long or has many points: half as many. */
export function fewerRounds({ rounds }: Bench): number {
  return Math.max(1, Math.floor(rounds / 2));
}

/** People who are inside, where their number is not what is measured: letting in more takes long. */
export const fewUsers = 2_000;
