/** The whole way from the line to the ticket, by scripted people. */
import { type Bench, fit, isOnsale, type Workload } from '../harness/bench.ts';
import { type Entrant, withEntrants } from '../harness/entrant.ts';
import { costCells, latencyCells, latencyOf, rateBars, rateCells, rateOf, round } from '../harness/figures.ts';
import { journeySteps } from '../harness/journeys.ts';
import { type Measured, measureRounds, rightOf } from '../harness/rounds.ts';
import type { Section } from '../report/section.ts';
import { Client } from '../../test/system/client.ts';
import * as sale from '../../test/system/sale.ts';

const halls = 40;
const hall = { rows: 20, seats: 25, price: 10_000 };
/** Fewer than there are seats, so that nobody searches for the last one. */
const journeysMax = 15_000;
const whole = 'whole journey';

export const journey: Workload = {
  name: 'journey',
  steps: (bench) => fit(bench, isOnsale).length * (bench.rounds + 1),
  async run(bench) {
    const catalogue = { schedules: 0, rowsPerSchedule: 0, users: 0 };
    let tour = 0;
    const measured = await withEntrants(bench, fit(bench, isOnsale), catalogue, (entrants) =>
      measureRounds(bench, entrants, {
        what: 'whole journeys',
        countMax: journeysMax,
        counted: whole,
        seatTold: 'hold',
        async jobOf({ entrant, count }) {
          const concert = `tour-${tour++}`;
          await openTour(entrant, concert);
          return {
            type: 'journeys',
            port: entrant.running.port,
            clients: bench.connections,
            concert,
            count,
            userPrefix: concert,
          };
        },
      }),
    );
    const right = rightOf(bench, measured);
    return right.length === 0 ? [] : [journeysSection(bench, right), stepsSection(right)];
  },
};

/** A concert of its own for each round, so that the lists stay as long as they are in a sale. */
async function openTour({ running }: Entrant, concert: string): Promise<void> {
  const client = new Client(running.port);
  try {
    await sale.createConcert(client, concert);
    for (let date = 0; date < halls; date++) await sale.createSchedule(client, concert, `${concert}-${date}`, hall);
  } finally {
    client.close();
  }
}

function journeysSection(bench: Bench, measured: readonly Measured[]): Section {
  return {
    name: 'journeys',
    title: 'Whole journeys a second: join, come in, look around, hold, charge, pay',
    unit: 'journeys/s',
    better: 'higher',
    series: rateBars(measured, whole),
    rows: measured.map((each) => ({
      contender: each.entrant.contender.label,
      ...rateCells(each, whole, 'journeys/s'),
      'seats taken by another, /s': round(rateOf(each, 'seat was taken').median),
      ...latencyCells(latencyOf(each, whole)),
      ...costCells(each, whole),
    })),
    notes: [
      `${bench.connections} people at once, each on a connection of their own; a room that lets in as many as come; 40 halls of 500 seats.`,
      'A journey is at least seven requests: queue token, concerts, dates, the list of 500 seats, hold, charge, payment. Who waits looks again every 10 ms.',
    ],
  };
}

function stepsSection(measured: readonly Measured[]): Section {
  const steps = journeySteps.filter((step) => step !== whole && step !== 'seat was taken');
  return {
    name: 'journey-steps',
    title: 'Latency of each step of a journey, p99',
    unit: 'ms',
    better: 'lower',
    series: measured.flatMap((each) =>
      steps.map((step) => ({
        label: `${measured.length > 1 ? `${each.entrant.contender.label}: ` : ''}${step}`,
        points: [{ x: 0, y: round(latencyOf(each, step).p99) }],
      })),
    ),
    rows: measured.flatMap((each) =>
      steps.map((step) => ({
        contender: each.entrant.contender.label,
        step,
        ...latencyCells(latencyOf(each, step)),
      })),
    ),
    notes: [
      '"Let in" runs from joining to an active token; with open doors that is the join itself, or one look later.',
    ],
  };
}
