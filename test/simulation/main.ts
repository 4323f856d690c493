/** `npm run simulate -- --seed N --steps M [--seeds K] [--jobs J]`: seeds N to N + K - 1. Exits with 1 at the first that fails. */
import { parseArgs } from 'node:util';
import { simulate } from './simulation.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    steps: { type: 'string', default: '2000' },
    seeds: { type: 'string', default: '1' },
  },
});
const first = Number(values.seed ?? Date.now() % 1_000_000_000);
for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
  const outcome = await simulate(seed, Number(values.steps));
  if (outcome.problem !== null) {
    console.log(`seed ${seed} fails after ${outcome.steps} steps: ${outcome.problem}`);
    process.exit(1);
  }
  console.log(JSON.stringify(outcome));
}
