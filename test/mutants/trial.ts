/** Tries whether the simulation and the named tests notice what is planted in a copy. */
import { join } from 'node:path';
import { runNode, type Ended } from './bounded-run.ts';
import type { Mutant } from './mutant.ts';
import { ScratchCopy } from './scratch-copy.ts';

const simulation = 'test/simulation/main.ts';
const simulationArgs = ['--seed', '1', '--seeds', '300', '--steps', '2000'];
const simulationLimitSeconds = 240;
const testLimitSeconds = 180;
const typesLimitSeconds = 120;

export type SimulationVerdict =
  | { readonly type: 'caught'; readonly seed: number; readonly reason: string; readonly seconds: number }
  | { readonly type: 'passed'; readonly seconds: number }
  /** Neither passed nor failed: how far it came within the limit says nothing. */
  | { readonly type: 'overtime'; readonly seconds: number }
  | { readonly type: 'not-run' };

export type TestVerdict =
  | { readonly type: 'caught'; readonly file: string; readonly hung: boolean; readonly seconds: number }
  | { readonly type: 'passed'; readonly seconds: number }
  | { readonly type: 'not-run' };

export interface Trial {
  readonly mutant: Mutant;
  readonly simulation: SimulationVerdict;
  readonly test: TestVerdict;
  /** What kept the trial from telling anything: a patch that does not apply, a harness that broke. */
  readonly error: string | null;
}

export interface TrialOptions {
  readonly simulationOnly: boolean;
  /** Only whether the patched tree still type-checks. */
  readonly typesOnly: boolean;
}

const notRun = { type: 'not-run' } as const;

/** Plants the mutant in a copy of its own and tries it there. Never rejects. */
export async function tryMutant(mutant: Mutant, options: TrialOptions): Promise<Trial> {
  let copy: ScratchCopy | null = null;
  let seen: SimulationVerdict = notRun;
  try {
    copy = new ScratchCopy();
    const refusal = copy.apply(mutant.file);
    if (refusal !== null) return { mutant, simulation: notRun, test: notRun, error: `does not apply: ${refusal}` };
    if (options.typesOnly) {
      return { mutant, simulation: notRun, test: notRun, error: await checkTypes(copy.folder) };
    }
    seen = await simulate(copy.folder);
    const test = options.simulationOnly ? notRun : await runTests(copy.folder, mutant.tests);
    return { mutant, simulation: seen, test, error: null };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { mutant, simulation: seen, test: notRun, error: message };
  } finally {
    copy?.remove();
  }
}

/** What must pass where nothing is planted, so that a failure is not taken for a catch; null when all is well. */
export async function tryUnpatched(tests: Iterable<string>, options: TrialOptions): Promise<string | null> {
  const copy = new ScratchCopy();
  try {
    const seen = await simulate(copy.folder);
    if (seen.type === 'caught') return `the simulation fails at seed ${seen.seed}: ${seen.reason}`;
    if (seen.type === 'overtime') return `the simulation takes more than ${simulationLimitSeconds} s`;
    if (options.simulationOnly) return null;
    const test = await runTests(copy.folder, tests);
    return test.type === 'caught' ? `${test.file} ${test.hung ? 'does not end' : 'fails'}` : null;
  } finally {
    copy.remove();
  }
}

/** @throws when the simulation breaks in a way that is no failed seed */
async function simulate(folder: string): Promise<SimulationVerdict> {
  const ended = await runNode(folder, [simulation, ...simulationArgs], simulationLimitSeconds);
  const { seconds } = ended;
  if (ended.overtime) return { type: 'overtime', seconds };
  if (ended.code === 0) return { type: 'passed', seconds };
  const failed = ended.code === 1 ? failedSeed(ended.output) : null;
  if (failed === null) throw new Error(`the simulation broke (${endOf(ended)}): ${lastLine(ended.output)}`);
  return { type: 'caught', ...failed, seconds };
}

/** The last line that names a seed: a program that broke has none. */
function failedSeed(output: string): { readonly seed: number; readonly reason: string } | null {
  const line = output.split('\n').findLast((text) => /\bseed \d+/.test(text));
  const seed = /\bseed (\d+)/.exec(line ?? '')?.[1];
  return line === undefined || seed === undefined ? null : { seed: Number(seed), reason: line.trim() };
}

async function runTests(folder: string, files: Iterable<string>): Promise<TestVerdict> {
  let total = 0;
  for (const file of files) {
    const ended = await runNode(folder, ['--test', file], testLimitSeconds);
    total += ended.seconds;
    const { overtime: hung, seconds } = ended;
    if (hung || ended.code !== 0) return { type: 'caught', file, hung, seconds };
  }
  return { type: 'passed', seconds: total };
}

async function checkTypes(folder: string): Promise<string | null> {
  const ended = await runNode(folder, [join('node_modules', 'typescript', 'bin', 'tsc')], typesLimitSeconds);
  return ended.code === 0 ? null : `does not type-check (${endOf(ended)}): ${ended.output.split('\n')[0] ?? ''}`;
}

function endOf({ code, signal, overtime }: Ended): string {
  return overtime ? 'out of time' : `exit ${code ?? signal ?? 'unknown'}`;
}

function lastLine(output: string): string {
  return output.trimEnd().split('\n').at(-1) ?? '';
}
