/** `npm run bench -- nats`: what services get over NATS. See README.md beside this. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { NatsUnderTest } from '../../test/nats/nats-under-test.ts';
import { until } from '../../test/nats/until.ts';
import { Client } from '../../test/system/client.ts';
import { Program, temporaryDataDir } from '../../test/system/program.ts';
import * as sale from '../../test/system/sale.ts';
import { machine, median } from '../report.ts';
import { durableCharges, feedEvents, holdRequests, httpJoins, joinRequests, lineJoins, untilFed } from './measures.ts';
import { pipeline, type PipelineResult } from './pipeline.ts';

/** Below the bounds of the door and of the engine, so that nothing is refused. */
const window = 1_000;
const connections = 256;
const schedules = 50;
const seatsPerRow = 100;

export interface NatsBenchOptions {
  readonly quick: boolean;
}

interface Round {
  readonly nullHolds: number;
  readonly holds: number;
  readonly feed: number;
  readonly httpJoins: number;
  readonly natsJoins: number;
  readonly lineJoins: number;
  readonly published: number;
  readonly carriedOut: number;
}

const labels: Readonly<Record<keyof Round, string>> = {
  nullHolds: 'null responder',
  holds: 'cmd.hold, durable',
  feed: 'their events on the feed',
  httpJoins: 'joins over HTTP',
  natsJoins: 'joins by cmd.join',
  lineJoins: 'joins on the line',
  published: 'durable commands acked',
  carriedOut: 'durable commands done',
};

/** Answers a second; any answer that is no success ends the run, because a rate of refusals says nothing. */
function rate({ ok, others, seconds }: PipelineResult): number {
  if (Object.keys(others).length > 0) throw new Error(`not all succeeded: ${JSON.stringify(others)}`);
  return ok / seconds;
}

interface Servers {
  readonly nc: NatsConnection;
  readonly program: Program;
  readonly http: Client;
}

async function measureRound({ nc, program, http }: Servers, round: number, count: number): Promise<Round> {
  // Everyone waits: what is measured is joining, not being let in.
  const room = `bench-${round}`;
  await sale.putRoom(http, room, { ...sale.openDoors, admitPerSecond: 0 });
  const nullHolds = rate(await pipeline(nc, holdRequests('null', round * count, count), window));
  const before = await feedEvents(nc);
  const startedMs = performance.now();
  const holds = rate(await pipeline(nc, holdRequests('onsale', round * count, count), window));
  // Each hold is one public event; the clock runs from the first hold on.
  const feed = count / ((await untilFed(nc, before + count, startedMs)) / 1000);
  const overHttp = rate(await httpJoins(program.port, room, count, connections));
  const natsJoins = rate(await pipeline(nc, joinRequests(room, count), window));
  const onLine = rate(await lineJoins(nc, room, count, window));
  const { publishedPerSecond: published, carriedOutPerSecond: carriedOut } = await durableCharges(
    nc,
    round,
    count,
    window,
  );
  return { nullHolds, holds, feed, httpJoins: overHttp, natsJoins, lineJoins: onLine, published, carriedOut };
}

function print(rounds: readonly Round[]): void {
  process.stdout.write(`\n${machine()}; ${window} requests under way, median of ${rounds.length} rounds\n`);
  // The table's keys are those of a round.
  for (const [name, label] of Object.entries(labels) as [keyof Round, string][]) {
    const rates = rounds.map((round) => round[name]);
    const spread = (Math.max(...rates) - Math.min(...rates)) / median(rates);
    const perSecond = `${Math.round(median(rates)).toLocaleString('en')}/s`.padStart(11);
    process.stdout.write(`${label.padEnd(24)}${perSecond}   spread ${(spread * 100).toFixed(0)} %\n`);
  }
  const ratio = median(rounds.map(({ holds, nullHolds }) => holds / nullHolds));
  process.stdout.write(`cmd.hold / null responder ${ratio.toFixed(2)}\n`);
}

/** Throws when a server does not start, or anything is answered otherwise than it must be. */
export async function benchNats({ quick }: NatsBenchOptions): Promise<void> {
  const rounds = quick ? 3 : 5;
  const count = quick ? 8_000 : 20_000;
  const dataDir = temporaryDataDir();
  const nats = await NatsUnderTest.start();
  const running: Program[] = [];
  try {
    const env = { NATS_URL: nats.url, MAX_SEATS_PER_USER: '1000000', HOLD_TTL_SECONDS: '3600' };
    const responder = await Program.start(dataDir.path, env, 'bench/nats/null-responder.ts');
    running.push(responder);
    const program = await Program.start(dataDir.path, env);
    running.push(program);
    const http = new Client(program.port);
    await sale.putRoom(http, 'main', sale.openDoors);
    await sale.createConcert(http, 'bench');
    const rows = Math.ceil((count * (rounds + 1)) / schedules / seatsPerRow);
    const size = { rows, seats: seatsPerRow, price: 10_000 };
    for (let date = 0; date < schedules; date++) await sale.createSchedule(http, 'bench', `bench-${date}`, size);
    const nc = await nats.connect();
    await until('the program serves', async () => {
      const ready = await http.send('GET', '/health/ready');
      return !JSON.stringify(ready.body).includes('commands');
    });
    const measured: Round[] = [];
    for (let round = 0; round <= rounds; round++) {
      const result = await measureRound({ nc, program, http }, round, count);
      // Round 0 warms up and is not counted.
      if (round > 0) measured.push(result);
      process.stdout.write(
        `round ${round} ${JSON.stringify(result, (_, value: unknown) => (typeof value === 'number' ? Math.round(value) : value))}\n`,
      );
    }
    print(measured);
    const directory = join(import.meta.dirname, '..', 'results');
    mkdirSync(directory, { recursive: true });
    writeFileSync(
      join(directory, 'nats.json'),
      `${JSON.stringify({ machine: machine(), window, count, rounds: measured }, null, 2)}\n`,
    );
    await nc.close();
    http.close();
  } finally {
    await Promise.all(running.map((program) => program.kill()));
    await nats.close();
    dataDir.remove();
  }
}
