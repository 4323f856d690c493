/** Everyone wants the same date: 15,000 seats, each asked for by three people, until the last one is gone. */
import { countOf } from '../harness/answer-counts.ts';
import { fewerRounds, fewUsers, fit, isSeller, type Workload } from '../harness/bench.ts';
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
import { closedLoop, type Measured, measureRounds, rightOf } from '../harness/rounds.ts';
import { type Summary, summaryOf } from '../harness/rounds-summary.ts';
import type { Row, Section } from '../report/section.ts';

const seats = 15_000;
const asksPerSeat = 3;
/** A whole sell-out would take the slowest a minute, only to warm up. */
const warmUpCount = 5_000;

export const hot: Workload = {
  name: 'hot',
  steps: (bench) => sellers(bench).length * (fewerRounds(bench) + 1),
  async run(bench) {
    // A date for each round, and the first one for warming up.
    const catalogue = { schedules: fewerRounds(bench) + 1, rowsPerSchedule: seats / 100, users: fewUsers };
    const measured = await withEntrants(bench, sellers(bench), catalogue, (entrants) => {
      for (const entrant of entrants) entrant.rate = 1;
      return measureRounds(bench, entrants, {
        what: 'one date sells out',
        rounds: fewerRounds(bench),
        jobOf: ({ entrant, round }) =>
          closedLoop(bench, entrant, {
            kind: 'crowd',
            tokens: entrant.running.tokens,
            schedule: round,
            seats,
            count: round === 0 ? warmUpCount : seats * asksPerSeat,
          }),
      });
    });
    for (const { entrant, rounds } of measured) {
      const unsold = rounds.find(({ result }) => countOf(result.answers, 201) !== seats);
      if (unsold === undefined) continue;
      blame(bench, entrant.contender, `${countOf(unsold.result.answers, 201)} of ${seats} seats were sold`);
    }
    return sections(rightOf(bench, measured));
  },
};

function sellers(bench: Parameters<typeof fit>[0]): ReturnType<typeof fit> {
  return fit(bench, isSeller);
}

function soldOutAfter({ rounds }: Measured): Summary {
  return summaryOf(rounds.map(({ result }) => result.secondsToLastSuccess));
}

function sections(measured: readonly Measured[]): Section[] {
  const rows = measured.map((each): Row => {
    const soldOut = soldOutAfter(each);
    return {
      contender: each.entrant.contender.label,
      'sold out after, s': round(soldOut.median),
      'spread of rounds': spreadText(soldOut),
      'sold/s': round(seats / soldOut.median),
      'refused/s beside it': round(rateOf(each, 409).median),
      'other answers': otherAnswers(each, [201, 409]),
      ...latencyCells(latencyOf(each, 201)),
      'refusal p99, ms': round(latencyOf(each, 409).p99),
      ...costCells(each, 201),
    };
  });
  return [
    {
      name: 'hot-sold-out',
      title: 'One date of 15,000 seats sells out',
      unit: 's',
      better: 'lower',
      series: measured.map((each) => ({ label: each.entrant.contender.label, points: [pointOf(soldOutAfter(each))] })),
      rows,
      notes: [
        'Each seat is asked for by three people, all in one shuffled order; the first gets it, the others are refused.',
        'The clock runs to the last seat sold. CPU is of all requests, divided by the seats sold.',
      ],
    },
  ];
}
