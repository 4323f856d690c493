/** Holds of free seats by the number of connections. */
import { type Bench, fewerRounds, fewUsers, inCurves, type Workload } from '../harness/bench.ts';
import { withEntrants } from '../harness/entrant.ts';
import { latencyCells, latencyOf, otherAnswers, pointOf, rateCells, rateOf, round } from '../harness/figures.ts';
import { closedLoop, type Measured, measureRounds, rightOf } from '../harness/rounds.ts';
import type { Row, Section } from '../report/section.ts';
import { SalePlan } from './sale-plan.ts';

const curve = [1, 8, 64, 256, 1_000] as const;

interface AtConnections {
  readonly connections: number;
  readonly measured: readonly Measured[];
}

export const connections: Workload = {
  name: 'connections',
  steps: (bench) => inCurves(bench).length * curve.length * (fewerRounds(bench) + 1),
  async run(bench) {
    const rounds = fewerRounds(bench);
    const seconds = bench.seconds / 2;
    const sale = new SalePlan((rounds + 1) * curve.length, seconds, fewUsers);
    const points = await withEntrants(bench, inCurves(bench), sale.catalogue, async (entrants) => {
      const found: AtConnections[] = [];
      for (const connections of curve) {
        for (const entrant of entrants) entrant.rate = null;
        const measured = await measureRounds(bench, entrants, {
          what: `${connections} connections`,
          rounds,
          seconds,
          jobOf: ({ entrant, count }) => closedLoop({ ...bench, connections }, entrant, sale.next(entrant, count)),
        });
        found.push({ connections, measured });
      }
      return found;
    });
    return [rateSection(bench, points), latencySection(bench, points)];
  },
};

function seriesOf(
  bench: Bench,
  points: readonly AtConnections[],
  pointAt: (measured: Measured, connections: number) => Section['series'][number]['points'][number],
): Section['series'] {
  return inCurves(bench).map(({ name, label }) => ({
    label,
    points: points.flatMap(({ connections, measured }) =>
      measured.filter(({ entrant }) => entrant.contender.name === name).map((each) => pointAt(each, connections)),
    ),
  }));
}

function rateSection(bench: Bench, points: readonly AtConnections[]): Section {
  return {
    name: 'holds-by-connections',
    title: 'Seats held a second by the number of connections',
    unit: 'seats/s',
    better: 'higher',
    chart: 'lines',
    x: { label: 'connections', scale: 'log' },
    series: seriesOf(bench, points, (each, connections) => pointOf(rateOf(each, 201), connections)),
    rows: points.flatMap(({ connections, measured }) =>
      rightOf(bench, measured).map((each): Row => ({
        connections,
        contender: each.entrant.contender.label,
        ...rateCells(each, 201, 'seats/s'),
        'other answers': otherAnswers(each, [201]),
        ...latencyCells(latencyOf(each, 201)),
      })),
    ),
    notes: ['Closed loop over raw sockets, one request under way on each connection.'],
  };
}

function latencySection(bench: Bench, points: readonly AtConnections[]): Section {
  return {
    name: 'latency-by-connections',
    title: 'Latency of a hold that 99 of 100 do not exceed, by the number of connections',
    unit: 'ms',
    better: 'lower',
    chart: 'lines',
    x: { label: 'connections', scale: 'log' },
    yScale: 'log',
    series: seriesOf(bench, points, (each, connections) => ({ x: connections, y: round(latencyOf(each, 201).p99) })),
    rows: [],
    notes: [
      'Closed loop: whoever waits sends nothing meanwhile, so this is the latency of a full house, not of a load.',
    ],
  };
}
