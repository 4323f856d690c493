/** People who look far more than they buy: of twenty requests nineteen read. */
import { fewUsers, fit, isOnsale, type Workload } from '../harness/bench.ts';
import { type Entrant, withEntrants } from '../harness/entrant.ts';
import {
  costCells,
  latencyCells,
  latencyOf,
  otherAnswers,
  pointOf,
  rateOf,
  round,
  spreadText,
} from '../harness/figures.ts';
import { measureRounds } from '../harness/rounds.ts';

const catalogue = { schedules: 50, rowsPerSchedule: 5, users: fewUsers };
const seats = catalogue.schedules * catalogue.rowsPerSchedule * 100;
const requestsPerHold = 20;

export const browse: Workload = {
  name: 'browse',
  steps: (bench) => fit(bench, isOnsale).length * (bench.rounds + 1),
  async run(bench) {
    const held = new Map<Entrant, number>();
    const measured = await withEntrants(bench, fit(bench, isOnsale), catalogue, (entrants) =>
      measureRounds(bench, entrants, {
        what: 'browsing',
        countMax: Math.floor((seats * requestsPerHold) / (bench.rounds + 2)),
        jobOf({ entrant, count }) {
          const first = held.get(entrant) ?? 0;
          held.set(entrant, first + Math.ceil(count / requestsPerHold));
          return {
            type: 'requests',
            port: entrant.running.port,
            connections: bench.connections,
            plan: { kind: 'browse', tokens: entrant.running.tokens, schedules: catalogue.schedules, first, count },
            pace: { type: 'closed', generator: 'sockets' },
          };
        },
      }),
    );
    const right = measured.filter(({ entrant }) => !bench.faults.has(entrant.contender.name));
    return [
      {
        name: 'browse',
        title: 'Reads a second while people look around, 95 % reads',
        unit: 'reads/s',
        better: 'higher',
        series: right.map((each) => ({ label: each.entrant.contender.label, points: [pointOf(rateOf(each, 200))] })),
        rows: right.map((each) => ({
          contender: each.entrant.contender.label,
          'reads/s': round(rateOf(each, 200).median),
          'spread of rounds': spreadText(rateOf(each, 200)),
          'holds/s beside them': round(rateOf(each, 201).median),
          'other answers': otherAnswers(each, [200, 201]),
          ...latencyCells(latencyOf(each, 200)),
          'hold p99, ms': round(latencyOf(each, 201).p99),
          ...costCells(each, 200),
        })),
        notes: [
          'Of twenty requests: one hold, four lists of concerts, five of 50 dates, six of the free seats of a hall of 500, four looks at the own place in line.',
          'Each hold changes a hall, so lists of its seats are made anew. CPU is of all requests, divided by the reads.',
        ],
      },
    ];
  },
};
