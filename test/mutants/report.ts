/** What the trials have shown, for a terminal and as a Markdown table. */
import type { SimulationVerdict, TestVerdict, Trial } from './trial.ts';

const nothing = '–';

export function isCaught({ simulation, test }: Trial): boolean {
  return simulation.type === 'caught' || test.type === 'caught';
}

/** One line for whoever waits. */
export function progressLine(trial: Trial, done: number, total: number): string {
  const { mutant, error } = trial;
  const before = `[${done}/${total}] ${mutant.name}: `;
  if (error !== null) return `${before}ERROR, ${error}`;
  const verdict = isCaught(trial) ? 'caught' : 'SURVIVED';
  return `${before}${verdict}; simulation ${simulationText(trial.simulation)}; test ${testText(trial.test)}`;
}

export function table(trials: readonly Trial[]): string {
  const lines = ['| Mutant | Part | Caught by simulation | Caught by test |', '|---|---|---|---|'];
  for (const { mutant, simulation, test, error } of trials) {
    const seen = error === null ? simulationText(simulation) : 'error';
    lines.push(`| ${mutant.name} | ${mutant.part} | ${seen} | ${testText(test)} |`);
  }
  return lines.join('\n');
}

export function totals(trials: readonly Trial[]): string {
  const inside = trials.filter(({ mutant }) => mutant.part === 'engine' || mutant.part === 'actors');
  const caught = trials.filter(isCaught).length;
  const byTest = trials.filter(({ test }) => test.type === 'caught').length;
  const errors = trials.filter(({ error }) => error !== null).length;
  return [
    `${caught} of ${trials.length} mutants caught, ${byTest} by a test, ${bySimulation(trials)} by the simulation.`,
    `Of those in engine and actors the simulation alone catches ${bySimulation(inside)}.`,
    ...(errors === 0 ? [] : [`${errors} could not be tried.`]),
  ].join('\n');
}

function bySimulation(among: readonly Trial[]): string {
  const caught = among.filter(({ simulation }) => simulation.type === 'caught').length;
  return `${caught} of ${among.length}${among.length === 0 ? '' : ` (${Math.round((100 * caught) / among.length)} %)`}`;
}

/** As `--json` writes it. */
export function record({ mutant, simulation, test, error }: Trial): object {
  const { name, part, bug, breaks } = mutant;
  return { name, part, bug, breaks, simulation, test, error };
}

function simulationText(verdict: SimulationVerdict): string {
  switch (verdict.type) {
    case 'caught':
      return `seed ${verdict.seed}, ${secondsText(verdict.seconds)}`;
    case 'passed':
      return nothing;
    case 'overtime':
      return `${nothing} (out of time)`;
    case 'not-run':
      return 'not run';
  }
}

function testText(verdict: TestVerdict): string {
  switch (verdict.type) {
    case 'caught':
      return `${verdict.file}, ${secondsText(verdict.seconds)}${verdict.hung ? ' (hung)' : ''}`;
    case 'passed':
      return nothing;
    case 'not-run':
      return 'not run';
  }
}

function secondsText(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}
