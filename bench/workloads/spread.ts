/** Holds of free seats spread over 50 dates: what a durable, checked, idempotent hold costs. The headline. */
import { type Bench, fit, type Workload } from '../harness/bench.ts';
import { withEntrants } from '../harness/entrant.ts';
import { answerCells, rateBars, rateCells, ratioToBase, round } from '../harness/figures.ts';
import { closedLoop, type Measured, measureRounds, rightOf } from '../harness/rounds.ts';
import type { Row, Section } from '../report/section.ts';
import { SalePlan } from './sale-plan.ts';

/** So many that nobody holds two seats of one date, as hardly anyone does in a sale. */
const users = 10_000;

export const spread: Workload = {
  name: 'spread',
  steps: (bench) => fit(bench).length * (bench.rounds + 1),
  async run(bench) {
    const sale = new SalePlan(bench.rounds + 1, bench.seconds, users);
    const measured = await withEntrants(bench, fit(bench), sale.catalogue, (entrants) =>
      measureRounds(bench, entrants, {
        what: 'holds of free seats',
        jobOf: ({ entrant, count }) => ({
          ...closedLoop(bench, entrant, sale.next(entrant, count)),
          pace: { type: 'closed', generator: 'autocannon' },
        }),
      }),
    );
    const right = rightOf(bench, measured);
    return [holdsSection(bench, right), ...lagSections(right)];
  },
};

function holdsSection(bench: Bench, measured: readonly Measured[]): Section {
  return {
    name: 'holds-spread',
    title: 'Seats held a second, free seats of 50 dates',
    unit: 'seats/s',
    better: 'higher',
    series: rateBars(measured, 201),
    rows: measured.map((each) => holdRow(each, measured)),
    notes: [
      `Closed loop by autocannon, ${bench.connections} connections; every request asks for another free seat, by one of 10,000 people, with a key of its own.`,
      'Only answers 201 count. "Of the null handler" is the median over the rounds of the ratio to the null handler’s round beside it.',
    ],
  };
}

function holdRow(measured: Measured, all: readonly Measured[]): Row {
  const { contender } = measured.entrant;
  return {
    contender: contender.label,
    'survives a kill': contender.baseline === true ? null : contender.durable ? 'yes' : 'no',
    ...rateCells(measured, 201, 'seats/s'),
    'of the null handler': ratioToBase(measured, all, 201),
    ...answerCells(measured, 201),
  };
}

/** How far the followers are behind when the last hold of a round is answered, and how long until they are not. */
function lagSections(measured: readonly Measured[]): Section[] {
  const rows: Row[] = [];
  for (const { entrant, rounds } of measured) {
    const behind = rounds.flatMap((each) => each.behind ?? []);
    if (behind.length === 0) continue;
    rows.push({
      contender: entrant.contender.label,
      'read model behind, batches': most(behind.map((each) => each.readModelBatches)),
      'caught up after, s': most(behind.map((each) => each.readModelSeconds)),
      'feed behind, batches': most(behind.map((each) => each.feedBatches)),
      'feed caught up after, s': most(behind.map((each) => each.feedSeconds)),
    });
  }
  if (rows.length === 0) return [];
  return [
    {
      name: 'followers-behind',
      title: 'What follows the journal catches up after the last hold',
      unit: 's',
      better: 'lower',
      series: rows.flatMap((row) => [
        { label: `${row['contender']}: read model`, points: [{ x: 0, y: Number(row['caught up after, s']) }] },
        ...(row['feed caught up after, s'] === null
          ? []
          : [
              {
                label: `${row['contender']}: event feed`,
                points: [{ x: 0, y: Number(row['feed caught up after, s']) }],
              },
            ]),
      ]),
      rows,
      notes: [
        'The worst of the rounds. What is in the journal is answered already; this is how old tables and feed are at their worst.',
        'Bound for the read model without NATS: 10 s.',
      ],
    },
  ];
}

function most(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : round(Math.max(...known));
}
