/** `npm run mutants`: do the simulation and the tests notice the bugs that this folder plants? See README.md beside this file. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { endAll } from './bounded-run.ts';
import { allMutants, type Mutant } from './mutant.ts';
import { isCaught, progressLine, record, table, totals } from './report.ts';
import { removeLeftovers, ScratchCopy } from './scratch-copy.ts';
import { tryMutant, tryUnpatched, type Trial, type TrialOptions } from './trial.ts';

const usage = `npm run mutants [-- [options] [NAME…]]
  NAME…               these mutants; without any, all
  --jobs N            at a time (1)
  --simulation-only   what does the simulation alone notice?
  --skip-baseline     does not try first with nothing planted
  --types             only whether every mutant still type-checks
  --json FILE         the results as data as well
  --help              prints this`;

const { values, positionals } = readCommandLine();

function readCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        jobs: { type: 'string', default: '1' },
        'simulation-only': { type: 'boolean', default: false },
        'skip-baseline': { type: 'boolean', default: false },
        types: { type: 'boolean', default: false },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

function chosen(): Mutant[] {
  const all = allMutants();
  const unknown = positionals.filter((name) => !all.some((mutant) => mutant.name === name));
  if (unknown.length > 0) throw new Error(`there is no mutant ${unknown.join(', ')}`);
  return positionals.length === 0 ? all : all.filter(({ name }) => positionals.includes(name));
}

/** The trials in order of the mutants; `jobs` of them go on at a time. */
async function tryAll(mutants: readonly Mutant[], jobs: number, options: TrialOptions): Promise<Trial[]> {
  const trials = new Map<string, Trial>();
  const waiting = mutants.values();
  const work = async (): Promise<void> => {
    for (const mutant of waiting) {
      const trial = await tryMutant(mutant, options);
      trials.set(mutant.name, trial);
      if (!options.typesOnly) console.log(progressLine(trial, trials.size, mutants.length));
      else console.log(`[${trials.size}/${mutants.length}] ${mutant.name}: ${trial.error ?? 'type-checks'}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return mutants.flatMap(({ name }) => trials.get(name) ?? []);
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const jobs = Number(values.jobs);
  if (!Number.isSafeInteger(jobs) || jobs < 1) throw new Error('--jobs takes a whole number from 1 on');
  const options = { simulationOnly: values['simulation-only'], typesOnly: values.types };
  const mutants = chosen();
  removeLeftovers();
  if (!options.typesOnly && !values['skip-baseline']) {
    const tests = new Set(mutants.flatMap((mutant) => mutant.tests));
    console.log(`nothing planted: simulation and ${options.simulationOnly ? 0 : tests.size} files of tests`);
    const failure = await tryUnpatched(tests, options);
    if (failure !== null) throw new Error(`without any mutant, ${failure}: nothing can be told of mutants`);
  }
  const trials = await tryAll(mutants, jobs, options);
  const broken = trials.some(({ error }) => error !== null);
  if (options.typesOnly) return broken ? 1 : 0;
  console.log(`\n${table(trials)}\n\n${totals(trials)}`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(trials.map(record), null, 2)}\n`);
  // The simulation alone is not asked to catch everything.
  return broken || (!options.simulationOnly && !trials.every(isCaught)) ? 1 : 0;
}

/** Ends what runs in the copies, and removes them. */
function interrupted(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
  endAll();
  ScratchCopy.removeAll();
  console.error(`interrupted by ${signal}`);
  process.exit(130);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupted);
try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
