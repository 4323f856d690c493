/** Everyone wants the same seat: one sale, and how fast all others are told. */
import { countOf } from '../harness/answer-counts.ts';
import { fewUsers, fit, isSeller, type Workload } from '../harness/bench.ts';
import { blame, withEntrants } from '../harness/entrant.ts';
import { answerCells, rateBars, rateCells } from '../harness/figures.ts';
import { closedLoop, measureRounds, rightOf } from '../harness/rounds.ts';
import { seatIdOf } from '../harness/request-plan.ts';

export const oneSeat: Workload = {
  name: 'one-seat',
  steps: (bench) => fit(bench, isSeller).length * (bench.rounds + 1),
  async run(bench) {
    const contenders = fit(bench, isSeller);
    let seat = 0;
    const measured = await withEntrants(
      bench,
      contenders,
      { schedules: 1, rowsPerSchedule: 5, users: fewUsers },
      (entrants) =>
        measureRounds(bench, entrants, {
          what: 'one seat',
          jobOf: ({ entrant, count }) => {
            const { tokens } = entrant.running;
            return closedLoop(bench, entrant, {
              kind: 'one-seat',
              tokens,
              schedule: 0,
              seatId: seatIdOf(seat++),
              count,
            });
          },
        }),
    );
    for (const { entrant, rounds } of measured) {
      if (rounds.every(({ result }) => countOf(result.answers, 201) === 1)) continue;
      blame(bench, entrant.contender, 'a seat that everyone wanted was not sold exactly once');
    }
    const right = rightOf(bench, measured);
    return [
      {
        name: 'one-seat-refusals',
        title: 'Refusals a second when everyone wants the same seat',
        unit: 'refusals/s',
        better: 'higher',
        series: rateBars(right, 409),
        rows: right.map((each) => ({
          contender: each.entrant.contender.label,
          'sold in each round': 1,
          ...rateCells(each, 409, 'refused/s'),
          ...answerCells(each, 409, [201, 409]),
        })),
        notes: [
          'In each round one hold is answered 201 and all others 409. Only refusals are counted here; none is a sale.',
        ],
      },
    ];
  },
};
