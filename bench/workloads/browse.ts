/** People who look far more than they buy: of twenty requests nineteen read. */
import { fewUsers, fit, isOnsale, type Workload } from '../harness/bench.ts';
import { type Entrant, withEntrants } from '../harness/entrant.ts';
import { answerCells, latencyOf, rateBars, rateCells, rateOf, round } from '../harness/figures.ts';
import { closedLoop, measureRounds, rightOf } from '../harness/rounds.ts';

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
          const { tokens } = entrant.running;
          return closedLoop(bench, entrant, { kind: 'browse', tokens, schedules: catalogue.schedules, first, count });
        },
      }),
    );
    const right = rightOf(bench, measured);
    return [
      {
        name: 'browse',
        title: 'Reads a second while people look around, 95 % reads',
        unit: 'reads/s',
        better: 'higher',
        series: rateBars(right, 200),
        rows: right.map((each) => ({
          contender: each.entrant.contender.label,
          ...rateCells(each, 200, 'reads/s'),
          'holds/s beside them': round(rateOf(each, 201).median),
          'hold p99, ms': round(latencyOf(each, 201).p99),
          ...answerCells(each, 200, [200, 201]),
        })),
        notes: [
          'Of twenty requests: one hold, four lists of concerts, five of 50 dates, six of the free seats of a hall of 500, four looks at the own place in line.',
          'Each hold changes a hall, so lists of its seats are made anew. CPU is of all requests, divided by the reads.',
        ],
      },
    ];
  },
};
