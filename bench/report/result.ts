/** All that a run found: what is written as JSON, and what the table and the page are made of. */
import type { RunFacts } from '../harness/machine.ts';
import type { Section } from './section.ts';

export interface BenchResult {
  readonly facts: RunFacts;
  readonly settings: {
    readonly rounds: number;
    readonly seconds: number;
    readonly connections: number;
  };
  readonly contenders: readonly { readonly name: string; readonly label: string; readonly durable: boolean }[];
  /** Whoever could not run here, or was wrong: a line each. */
  readonly out: readonly { readonly label: string; readonly reason: string }[];
  /** Workloads that broke, or that a run which was ended did not come to: a line each. */
  readonly notMeasured: readonly { readonly workload: string; readonly reason: string }[];
  /** Peak memory of the load generator, MiB. */
  readonly generatorPeakMib: number;
  readonly sections: readonly Section[];
}
