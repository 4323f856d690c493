/**
 * `npm run simulate -- [--seed N] [--seeds K] [--steps M] [--jobs J]` runs seeds N to N + K - 1, each for M steps, in J
 * processes. Without a seed it takes a fresh one, and says which. Exit code 0: nothing wrong was found; 1: a seed fails,
 * with the shortest prefix of its steps that was found to fail; 2: the arguments are wrong.
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { ProgressBar } from '../../storage/progress-bar.ts';
import { shortestPrefix } from './shortest-prefix.ts';
import { simulate, type Outcome } from './simulation.ts';

const usage = 'npm run simulate -- [--seed N] [--seeds K] [--steps M] [--jobs J]';

interface Work {
  readonly seed: number;
  readonly seeds: number;
  readonly steps: number;
  readonly jobs: number;
}

function readWork(): Work {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      seeds: { type: 'string', default: '1' },
      steps: { type: 'string', default: '2000' },
      jobs: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const whole = (name: Exclude<keyof typeof values, 'help'>): number => {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1 on`);
    return value;
  };
  return { seed: whole('seed'), seeds: whole('seeds'), steps: whole('steps'), jobs: whole('jobs') };
}

/** Every `jobs`-th seed from `from` on, here; stops at the first that fails. */
async function runHere(
  { seed, seeds, steps, jobs }: Work,
  from: number,
  tell: (outcome: Outcome) => void,
): Promise<void> {
  for (let next = from; next < seed + seeds; next += jobs) {
    const outcome = await simulate(next, steps);
    tell(outcome);
    if (outcome.problem !== null) return;
  }
}

/** The same in a process of its own, which ends with us. */
async function runInProcess(
  work: Work,
  from: number,
  tell: (outcome: Outcome) => void,
  failed: AbortSignal,
): Promise<void> {
  // Told last counts; the fresh seed of a process of its own would be another.
  const child = fork(import.meta.filename, [...process.argv.slice(2), '--seed', String(work.seed)], {
    env: { ...process.env, SIMULATION_FROM: String(from) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const end = (): void => void child.kill('SIGKILL');
  failed.addEventListener('abort', end, { once: true });
  process.once('exit', end);
  // True: the child sends outcomes and nothing else.
  child.on('message', (outcome) => tell(outcome as Outcome));
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  process.off('exit', end);
  if (code !== 0 && !failed.aborted) throw new Error(`a process of the simulation ended with ${code}`);
}

async function run(work: Work): Promise<number> {
  const startedMs = performance.now();
  const failure = new AbortController();
  const totals: Record<string, number> = {};
  const bar = new ProgressBar(process.stderr);
  let done = 0;
  let failed: Outcome | null = null;
  const tell = (outcome: Outcome): void => {
    if (failed !== null) return;
    for (const [name, count] of Object.entries(outcome.counts)) totals[name] = (totals[name] ?? 0) + count;
    done += 1;
    bar.show(done, work.seeds, () => `${done} of ${work.seeds} seeds`);
    if (outcome.problem === null) return;
    failed = outcome;
    failure.abort();
  };
  const froms = Array.from({ length: Math.min(work.jobs, work.seeds) }, (_, job) => work.seed + job);
  if (froms.length === 1) await runHere(work, work.seed, tell);
  else await Promise.all(froms.map((from) => runInProcess(work, from, tell, failure.signal)));
  bar.end();
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (failed !== null) return await report(failed, seconds);
  const counted = Object.entries(totals).map(([name, count]) => `${name} ${count}`);
  const seeds = done === 1 ? `seed ${work.seed}` : `${done} seeds from ${work.seed}`;
  console.log(`${seeds}, ${work.steps} steps each: nothing wrong, ${seconds} s; ${counted.join(', ')}`);
  return 0;
}

async function report({ seed, steps, problem }: Outcome, seconds: string): Promise<number> {
  console.log(`seed ${seed} fails after ${steps} steps (${seconds} s): ${problem}`);
  const shorter = await shortestPrefix(seed, steps);
  console.log(`shortest prefix found: npm run simulate -- --seed ${seed} --steps ${shorter.steps}`);
  console.log(`  ${shorter.problem}`);
  return 1;
}

let work: Work;
try {
  work = readWork();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  process.exit(2);
}
const from = process.env['SIMULATION_FROM'];
if (from === undefined) process.exitCode = await run(work);
else {
  await runHere(work, Number(from), (outcome) => process.send?.(outcome));
  process.disconnect();
}
