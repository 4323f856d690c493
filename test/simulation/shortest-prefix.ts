/** Shortens a failing run. A prefix of a run is the same run with fewer steps before the world calms down. */
import { simulate } from './simulation.ts';

export interface Prefix {
  readonly steps: number;
  readonly problem: string;
}

/**
 * Halves as long as the shorter run fails as well, in whichever way. What is wrong at a step may have been done long
 * before and shows at the end of a shorter run too; there may be a shorter one still, because failing is not monotonic.
 */
export async function shortestPrefix(seed: number, steps: number): Promise<Prefix> {
  const whole = await simulate(seed, steps);
  if (whole.problem === null) throw new Error(`seed ${seed} does not fail again: the simulation is not deterministic`);
  let failing: Prefix = { steps: Math.max(1, whole.steps), problem: whole.problem };
  let passing = 0;
  while (failing.steps - passing > 1) {
    const middle = Math.floor((failing.steps + passing) / 2);
    const { problem } = await simulate(seed, middle);
    if (problem === null) passing = middle;
    else failing = { steps: middle, problem };
  }
  return failing;
}
