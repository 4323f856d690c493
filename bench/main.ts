/** `npm run bench`: puts the program and others under load, one after the other, and reports. See README.md beside this. */
import { join } from 'node:path';
import { type Asked, readCommandLine, helpFor } from './command-line.ts';
import type { Contender } from './contender.ts';
import { allContenders } from './contenders/all.ts';
import type { Bench, Workload } from './harness/bench.ts';
import { messageOf, stopAll } from './harness/entrant.ts';
import { Load } from './harness/load.ts';
import { observeRun } from './harness/machine.ts';
import { usageOf } from './harness/process-usage.ts';
import { Progress } from './harness/progress.ts';
import { markdownOf } from './report/markdown.ts';
import type { BenchResult } from './report/result.ts';
import type { Section } from './report/section.ts';
import { writeResult } from './report/write.ts';
import { allWorkloads } from './workloads/all.ts';

/** Where what has been measured so far is kept; nothing before the first workload has ended. */
let written: readonly string[] = [];
const results = join(import.meta.dirname, 'results');

const known = { workloads: allWorkloads, contenders: allContenders };

function askedBy(args: readonly string[]): Asked | null {
  try {
    return readCommandLine(args, known);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n${helpFor(known)}\n`);
    return null;
  }
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${helpFor(known)}\n`);
    return;
  }
  const asked = askedBy(args);
  if (asked === null) return await end(2);
  const factsOf = observeRun(['npm run bench', ...(args.length === 0 ? [] : ['--', ...args])].join(' '));
  const { contenders, missing } = await present(asked.contenders);
  const load = await Load.start();
  const bench = openBench(asked, contenders, load);
  for (const { label, reason } of missing) bench.progress.say(`${label} is left out: ${reason}`);
  const sections: Section[] = [];
  const broken: { workload: string; reason: string }[] = [];
  let left = asked.workloads;
  const resultSoFar = (): BenchResult => ({
    facts: factsOf(),
    settings: { rounds: asked.rounds, seconds: asked.seconds, connections: asked.connections },
    contenders: contenders.map(({ name, label, durable }) => ({ name, label, durable })),
    out: [...missing, ...faultsOf(bench)],
    notMeasured: [...broken, ...left.map(({ name }) => ({ workload: name, reason: 'The run was ended before it.' }))],
    generatorPeakMib: peakMibOf(load),
    sections,
  });
  let result = resultSoFar();
  try {
    for (const workload of asked.workloads) {
      try {
        sections.push(...(await runOne(bench, workload)));
      } catch (error) {
        if (isStopping) return;
        broken.push({ workload: workload.name, reason: messageOf(error) });
        bench.progress.say(`${workload.name} broke: ${messageOf(error)}`);
      }
      // What ends now was cut off.
      if (isStopping) return;
      left = left.slice(1);
      // After each: of a run that is ended early, what it has found is there.
      result = resultSoFar();
      written = writeResult(result, results);
    }
  } finally {
    bench.progress.end();
  }
  await load.stop();
  process.stdout.write(`${markdownOf(result)}\n${written.join('\n')}\n`);
  if (bench.faults.size > 0 || broken.length > 0) process.exitCode = 1;
}

/** Those that can run here, and what the others are missing. */
async function present(asked: readonly Contender[]): Promise<{ contenders: Contender[]; missing: BenchResult['out'] }> {
  const contenders: Contender[] = [];
  const missing: { label: string; reason: string }[] = [];
  for (const contender of asked) {
    const reason = await contender.missing();
    if (reason === null) contenders.push(contender);
    else missing.push({ label: contender.label, reason });
  }
  return { contenders, missing };
}

function openBench(
  { rounds, seconds, connections, full, curvesOfAll, workloads }: Asked,
  contenders: Contender[],
  load: Load,
): Bench {
  const without = {
    contenders,
    rounds,
    seconds,
    connections,
    full,
    curvesOfAll,
    load,
    faults: new Map<string, string>(),
  };
  const planned: Bench = { ...without, progress: new Progress(0) };
  const steps = workloads.reduce((sum, workload) => sum + workload.steps(planned), 0);
  return { ...without, progress: new Progress(steps) };
}

async function runOne(bench: Bench, workload: Workload): Promise<Section[]> {
  // A figure of which nobody is left says nothing.
  return (await workload.run(bench)).filter(({ series, rows }) => series.length > 0 || rows.length > 0);
}

function peakMibOf({ pid }: Load): number {
  const usage = usageOf([{ name: 'generator', pid }]).get('generator');
  return Math.round((usage?.peakBytes ?? 0) / 2 ** 20);
}

function faultsOf({ faults, contenders }: Bench): BenchResult['out'] {
  return contenders.flatMap(({ name, label }) => {
    const reason = faults.get(name);
    return reason === undefined ? [] : [{ label, reason }];
  });
}

/** Whoever was started is stopped: a private nats-server would outlive a killed program. */
async function end(code: number): Promise<never> {
  await stopAll();
  process.exit(code);
}
let isStopping = false;
const stopped = (code: number): void => {
  isStopping = true;
  process.stderr.write(`\nStopped.${written.length > 0 ? ` What was measured so far:\n${written.join('\n')}` : ''}\n`);
  void end(code);
};
process.once('SIGINT', () => stopped(130));
process.once('SIGTERM', () => stopped(143));

// Each process that is started listens for the end of this one, to end with it.
process.setMaxListeners(0);

try {
  await main(process.argv.slice(2));
} catch (error) {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
  process.stderr.write(`${messageOf(error)}${cause}\n`);
  await end(1);
}
