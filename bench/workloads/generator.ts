/** What the load generators themselves take and reach, on the handler that does nothing: the ceiling of all figures. */
import { fewUsers, fit, type Workload } from '../harness/bench.ts';
import { withEntrants } from '../harness/entrant.ts';
import { costCells, latencyCells, latencyOf, pointOf, rateCells, rateOf } from '../harness/figures.ts';
import type { Pace } from '../harness/load-job.ts';
import { closedLoop, type Measured, measureRounds, type Round } from '../harness/rounds.ts';
import { SalePlan } from './sale-plan.ts';

const generators = ['autocannon', 'sockets'] as const;

export const generator: Workload = {
  name: 'generator',
  steps: (bench) => fit(bench, ({ baseline }) => baseline === true).length * generators.length * (bench.rounds + 1),
  async run(bench) {
    const contenders = fit(bench, ({ baseline }) => baseline === true);
    const sale = new SalePlan((bench.rounds + 1) * 4, bench.seconds, fewUsers);
    const measured = await withEntrants(bench, contenders, sale.catalogue, async ([entrant]) => {
      if (entrant === undefined) return [];
      const rounds = new Map<string, Round[]>(generators.map((name) => [name, []]));
      for (let round = 0; round <= bench.rounds; round++) {
        for (const name of generators) {
          const pace: Pace = { type: 'closed', generator: name };
          const [one] = await measureRounds(bench, [entrant], {
            what: `load by ${name}`,
            rounds: 1,
            isWarm: round > 0,
            jobOf: ({ count }) => ({ ...closedLoop(bench, entrant, sale.next(entrant, count)), pace }),
          });
          if (round > 0) rounds.get(name)?.push(...(one?.rounds ?? []));
        }
      }
      return generators.map((name): [string, Measured] => [name, { entrant, rounds: rounds.get(name) ?? [] }]);
    });
    if (measured.length === 0) return [];
    return [
      {
        name: 'generator',
        title: 'Requests a second that the load generators get from the null handler',
        unit: 'requests/s',
        better: 'higher',
        series: measured.map(([name, each]) => ({
          label: `null handler, by ${name}`,
          points: [pointOf(rateOf(each, 201))],
        })),
        rows: measured.map(([label, each]) => ({
          generator: label,
          ...rateCells(each, 201, 'requests/s'),
          ...latencyCells(latencyOf(each, 201)),
          ...costCells(each, 201),
        })),
        notes: [
          'Generator and server share the machine. What the generator takes, the server does not get, so no figure can be above these.',
        ],
      },
    ];
  },
};
