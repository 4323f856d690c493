/** Open loop: how long a hold takes when people arrive at a rate that does not care how the server fares. */
import { type Bench, fewerRounds, fewUsers, inCurves, type Workload } from '../harness/bench.ts';
import { countOf } from '../harness/answer-counts.ts';
import { type Entrant, withEntrants } from '../harness/entrant.ts';
import { latencyCells, medianQuantiles, otherAnswers, perSecond, rateOf, round } from '../harness/figures.ts';
import type { Quantiles } from '../harness/quantiles.ts';
import { closedLoop, type Measured, measureRounds } from '../harness/rounds.ts';
import type { Row, Section } from '../report/section.ts';
import { SalePlan } from './sale-plan.ts';

/** Of the most that the contender has held a second in a closed loop. */
const shares = [0.1, 0.25, 0.5, 0.75, 0.9] as const;
const half = 0.5;
/** So many that a request hardly ever waits for one. */
const openConnections = 256;

interface AtLoad {
  readonly label: string;
  readonly baseline: boolean;
  readonly name: string;
  readonly share: number;
  readonly perSecond: number;
  /** Of all requests, unanswered ones included. */
  readonly latency: Quantiles;
  readonly lateness: Quantiles;
  readonly unanswered: number;
  readonly others: string | null;
  readonly heldPerSecond: number;
}

export const offeredLoad: Workload = {
  name: 'offered-load',
  steps: (bench) => inCurves(bench).length * (2 + fewerRounds(bench) * (shares.length + 1)),
  async run(bench) {
    const rounds = fewerRounds(bench);
    const sale = new SalePlan(rounds * (shares.length + 1) + 2, bench.seconds, fewUsers);
    const found = await withEntrants(bench, inCurves(bench), sale.catalogue, (entrants) =>
      measure(bench, entrants, sale),
    );
    const right = found.filter(({ name }) => !bench.faults.has(name));
    return right.length === 0 ? [] : [curveSection(right), halfSection(right)];
  },
};

async function measure(bench: Bench, entrants: readonly Entrant[], sale: SalePlan): Promise<AtLoad[]> {
  const closed = await measureRounds(bench, entrants, {
    what: 'the most it can take',
    rounds: 1,
    jobOf: ({ entrant, count }) => closedLoop(bench, entrant, sale.next(entrant, count)),
  });
  const most = new Map(
    closed.map(({ entrant, rounds: [round] }) => [entrant, round === undefined ? 0 : perSecond(round, 201)]),
  );
  const reference = closed.find(({ entrant }) => entrant.contender.name === 'onsale')?.entrant;
  const found: AtLoad[] = [];
  const offer = async (offered: readonly Entrant[], share: number, rateFor: (entrant: Entrant) => number) => {
    const offeredTo = (entrant: Entrant): number => Math.max(10, Math.round(rateFor(entrant) * share));
    for (const entrant of offered) entrant.rate = offeredTo(entrant);
    const measured = await measureRounds(bench, offered, {
      what: `${Math.round(share * 100)} % of the most`,
      rounds: fewerRounds(bench),
      isWarm: true,
      jobOf: ({ entrant }) => ({
        ...closedLoop(bench, entrant, sale.next(entrant, Math.ceil(offeredTo(entrant) * bench.seconds))),
        connections: openConnections,
        pace: { type: 'open', perSecond: offeredTo(entrant) },
      }),
    });
    for (const each of measured) found.push(atLoad(each, share, offeredTo(each.entrant)));
  };
  for (const share of shares) await offer([...most.keys()], share, (entrant) => most.get(entrant) ?? 0);
  // The null handler once more, at the rate that is half of the most for the program.
  const baselines = [...most.keys()].filter(({ contender }) => contender.baseline === true);
  if (reference !== undefined) await offer(baselines, half, () => most.get(reference) ?? 0);
  return found;
}

function atLoad(measured: Measured, share: number, offered: number): AtLoad {
  const { entrant, rounds } = measured;
  const { name, label, baseline = false } = entrant.contender;
  return {
    name,
    label,
    baseline,
    share,
    perSecond: offered,
    latency: medianQuantiles(rounds.flatMap(({ result }) => result.allLatencies ?? [])),
    lateness: medianQuantiles(rounds.flatMap(({ result }) => result.lateness ?? [])),
    unanswered: rounds.reduce((sum, { result }) => sum + countOf(result.answers, 0), 0),
    others: otherAnswers({ entrant, rounds }, [0, 201]),
    heldPerSecond: rateOf(measured, 201).median,
  };
}

function row(at: AtLoad): Row {
  return {
    contender: at.label,
    'offered, holds/s': at.perSecond,
    'held, seats/s': round(at.heldPerSecond),
    ...latencyCells(at.latency),
    unanswered: at.unanswered,
    'other answers': at.others,
    'generator late p99, ms': round(at.lateness.p99),
  };
}

const openLoopNote =
  'Open loop: a latency runs from the moment a request was due, whether or not the server was ready for it. A request that is not answered counts with the time it was waited for.';

function curveSection(found: readonly AtLoad[]): Section {
  const labels = [...new Set(found.map(({ label }) => label))];
  const ordered = [...found].sort((a, b) => a.perSecond - b.perSecond);
  return {
    name: 'latency-by-load',
    title: 'Latency of a hold that 99 of 100 do not exceed, by the load offered',
    unit: 'ms',
    better: 'lower',
    chart: 'lines',
    x: { label: 'holds offered a second', scale: 'log' },
    yScale: 'log',
    series: labels.map((label) => ({
      label,
      points: ordered
        .filter((at) => at.label === label)
        .map(({ perSecond, latency }) => ({ x: perSecond, y: round(latency.p99) })),
    })),
    rows: labels.flatMap((label) => ordered.filter((at) => at.label === label).map(row)),
    notes: [
      `${openLoopNote} Loads are 10, 25, 50, 75 and 90 % of the most that the contender held a second in a closed loop just before.`,
      'The generator looks at the clock every millisecond; how late it was itself stands in the last column and is in the latency.',
    ],
  };
}

/** The program and the null handler at one rate: half of the most that the program can take. */
function halfSection(found: readonly AtLoad[]): Section {
  const program = found.find(({ name, share }) => name === 'onsale' && share === half);
  const chosen = found.filter(
    ({ name, baseline, share, perSecond }) =>
      share === half && (baseline ? perSecond === program?.perSecond : name.startsWith('onsale')),
  );
  return {
    name: 'latency-at-half-load',
    title: 'Latency of a hold at half of the most that Onsale can take, p99',
    unit: 'ms',
    better: 'lower',
    series: chosen.map(({ label, latency }) => ({ label, points: [{ x: 0, y: round(latency.p99) }] })),
    rows: chosen.map(row),
    notes: [`${openLoopNote} The null handler gets the rate of Onsale without NATS.`],
  };
}
