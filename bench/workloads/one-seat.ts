/** Everyone wants the same seat: one sale, and how fast all others are told. */
import { countOf } from '../harness/answer-counts.ts';
import { fewUsers, fit, type Workload } from '../harness/bench.ts';
import { blame, withEntrants } from '../harness/entrant.ts';
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
import { seatIdOf } from '../harness/request-plan.ts';

export const oneSeat: Workload = {
  name: 'one-seat',
  steps: (bench) => fit(bench, ({ baseline }) => baseline !== true).length * (bench.rounds + 1),
  async run(bench) {
    const contenders = fit(bench, ({ baseline }) => baseline !== true);
    let seat = 0;
    const measured = await withEntrants(
      bench,
      contenders,
      { schedules: 1, rowsPerSchedule: 5, users: fewUsers },
      (entrants) =>
        measureRounds(bench, entrants, {
          what: 'one seat',
          jobOf: ({ entrant, count }) => ({
            type: 'requests',
            port: entrant.running.port,
            connections: bench.connections,
            plan: { kind: 'one-seat', tokens: entrant.running.tokens, schedule: 0, seatId: seatIdOf(seat++), count },
            pace: { type: 'closed', generator: 'sockets' },
          }),
        }),
    );
    for (const { entrant, rounds } of measured) {
      if (rounds.every(({ result }) => countOf(result.answers, 201) === 1)) continue;
      blame(bench, entrant.contender, 'a seat that everyone wanted was not sold exactly once');
    }
    const right = measured.filter(({ entrant }) => !bench.faults.has(entrant.contender.name));
    return [
      {
        name: 'one-seat-refusals',
        title: 'Refusals a second when everyone wants the same seat',
        unit: 'refusals/s',
        better: 'higher',
        series: right.map((each) => ({ label: each.entrant.contender.label, points: [pointOf(rateOf(each, 409))] })),
        rows: right.map((each) => ({
          contender: each.entrant.contender.label,
          'sold in each round': 1,
          'refused/s': round(rateOf(each, 409).median),
          'spread of rounds': spreadText(rateOf(each, 409)),
          'other answers': otherAnswers(each, [201, 409]),
          ...latencyCells(latencyOf(each, 409)),
          ...costCells(each, 409),
        })),
        notes: [
          'In each round one hold is answered 201 and all others 409. Only refusals are counted here; none is a sale.',
        ],
      },
    ];
  },
};
