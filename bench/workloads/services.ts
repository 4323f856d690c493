/** What services get over NATS: request and reply, the line, durable commands, and the feed behind them. */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type Bench, fit, type Workload } from '../harness/bench.ts';
import { blame, type Entrant, messageOf, withEntrants } from '../harness/entrant.ts';
import { pointOf, round, spreadText } from '../harness/figures.ts';
import { cpuBetween, type NamedProcess, usageOf } from '../harness/process-usage.ts';
import { median, summaryOf } from '../harness/rounds-summary.ts';
import type { Section } from '../report/section.ts';
import { Client } from '../../test/system/client.ts';
import { adminKey, Program, temporaryDataDir } from '../../test/system/program.ts';
import * as sale from '../../test/system/sale.ts';
import { durableCharges, feedEvents, holdRequests, joinRequests, lineJoins, untilFed } from './nats/measures.ts';
import { pipeline, type PipelineResult } from './nats/pipeline.ts';

/** Requests under way: below the bounds of the door and of the engine, so that nothing is refused. */
const window = 1_000;
const perSecond = 10_000;
const countMax = 50_000;

const labels = {
  nullHolds: 'null responder',
  holds: 'holds by cmd.hold',
  feed: 'their events on the feed',
  natsJoins: 'joins by cmd.join',
  lineJoins: 'joins on the line',
  published: 'durable commands acked',
  carriedOut: 'durable commands done',
} as const;
type Line = keyof typeof labels;

interface ServicesRound {
  readonly rates: Readonly<Record<Line, number>>;
  /** µs a hold, by process. */
  readonly cpuOfHold: Readonly<Record<string, number>>;
}

export const services: Workload = {
  name: 'services',
  steps: (bench) => (bench.contenders.some(({ name }) => name === 'onsale-nats') ? bench.rounds + 1 : 0),
  async run(bench) {
    const contenders = fit(bench, ({ name }) => name === 'onsale-nats');
    const count = Math.min(countMax, Math.round(perSecond * bench.seconds));
    const rowsPerSchedule = Math.ceil((count * (bench.rounds + 1)) / 50 / 100) + 1;
    const catalogue = { schedules: 50, rowsPerSchedule, users: 100 };
    const rounds = await withEntrants(bench, contenders, catalogue, async ([entrant]) => {
      if (entrant === undefined) return [];
      try {
        return await measure(bench, entrant, count);
      } catch (error) {
        blame(bench, entrant.contender, `over NATS: ${messageOf(error)}`);
        return [];
      }
    });
    return rounds.length === 0 || bench.faults.has('onsale-nats') ? [] : [section(rounds, count)];
  },
};

async function measure(bench: Bench, entrant: Entrant, count: number): Promise<ServicesRound[]> {
  const http = new Client(entrant.running.port);
  const { body } = await sale.expecting(200, http.send('GET', '/v1/admin/overview', { bearer: adminKey }));
  // The shape is that of the API.
  const { url } = body['nats'] as { url: string };
  const directory = temporaryDataDir();
  const responder = await Program.start(directory.path, { NATS_URL: url }, 'bench/workloads/nats/null-responder.ts');
  const nc = await connect({ servers: url, noAsyncTraces: true });
  try {
    const rounds: ServicesRound[] = [];
    for (let round = 0; round <= bench.rounds; round++) {
      bench.progress.step(`over NATS: ${round === 0 ? 'warming up' : `round ${round}`}`);
      const result = await measureRound({ nc, http, entrant }, round, count);
      if (round > 0) rounds.push(result);
    }
    return rounds;
  } finally {
    await nc.close();
    await responder.kill();
    directory.remove();
    http.close();
  }
}

interface Parts {
  readonly nc: NatsConnection;
  readonly http: Client;
  readonly entrant: Entrant;
}

async function measureRound({ nc, http, entrant }: Parts, round: number, count: number): Promise<ServicesRound> {
  // Everyone waits: what is measured is joining, not being let in.
  const room = `bench-${round}`;
  await sale.putRoom(http, room, { ...sale.openDoors, admitPerSecond: 0 });
  const nullHolds = rateOf(await pipeline(nc, holdRequests('null', round * count, count), window));
  const processes: readonly NamedProcess[] = entrant.running.processes();
  const eventsBefore = await feedEvents(nc);
  const before = usageOf(processes);
  const startedMs = performance.now();
  const holds = await pipeline(nc, holdRequests('onsale', round * count, count), window);
  const cpu = cpuBetween(before, usageOf(processes));
  entrant.seatsTold += holds.ok;
  // Each hold is one public event; the clock runs from the first hold on.
  const feed = count / ((await untilFed(nc, eventsBefore + count, startedMs)) / 1000);
  const natsJoins = rateOf(await pipeline(nc, joinRequests(room, count), window));
  const onLine = rateOf(await lineJoins(nc, room, count, window));
  const { publishedPerSecond: published, carriedOutPerSecond: carriedOut } = await durableCharges(
    nc,
    round,
    count,
    window,
  );
  return {
    rates: { nullHolds, holds: rateOf(holds), feed, natsJoins, lineJoins: onLine, published, carriedOut },
    cpuOfHold: Object.fromEntries(Object.entries(cpu).map(([name, seconds]) => [name, (seconds / count) * 1e6])),
  };
}

/** Answers a second; any answer that is no success ends the run, because a rate of refusals says nothing. */
function rateOf({ ok, others, seconds }: PipelineResult): number {
  if (Object.keys(others).length > 0) throw new Error(`not all succeeded: ${JSON.stringify(others)}`);
  return ok / seconds;
}

function section(rounds: readonly ServicesRound[], count: number): Section {
  // The keys of the labels are the lines.
  const lines = (Object.keys(labels) as Line[]).map((line) => ({
    line,
    summary: summaryOf(rounds.map(({ rates }) => rates[line])),
    ratio: median(rounds.map(({ rates }) => rates[line] / rates.nullHolds)),
  }));
  const cpu = Object.keys(rounds[0]?.cpuOfHold ?? {}).map(
    (name) => `${name} ${round(median(rounds.map(({ cpuOfHold }) => cpuOfHold[name] ?? 0)))} µs`,
  );
  return {
    name: 'services-nats',
    title: 'What services get over NATS a second',
    unit: 'answers/s',
    better: 'higher',
    series: lines.map(({ line, summary }) => ({ label: labels[line], points: [pointOf(summary)] })),
    rows: lines.map(({ line, summary, ratio }) => ({
      what: labels[line],
      'answers/s': round(summary.median),
      'spread of rounds': spreadText(summary),
      'of the null responder': round(ratio),
    })),
    notes: [
      `${count.toLocaleString('en')} of each in a round, ${window.toLocaleString('en')} under way, by the client library in the bench's own process.`,
      `CPU of a hold: ${cpu.join(', ')}.`,
      'The null responder is the same library, reads the key, parses the body with an equal schema, and replies a constant. A durable command is done when the program has acked it.',
    ],
  };
}
