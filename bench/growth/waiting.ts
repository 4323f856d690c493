/** A line of a million people in JetStream: memory of the program and of the nats-server, and the cost of joining and polling. */
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { NatsUnderTest } from '../../test/nats/nats-under-test.ts';
import { until } from '../../test/until.ts';
import { Client } from '../../test/system/client.ts';
import { Program } from '../../test/system/program.ts';
import * as sale from '../../test/system/sale.ts';
import { bytesIn, inWorkingDir, mebibytes } from './disk.ts';
import { latencyOf, rounded, timed } from './figures.ts';
import type { GrowthSection, Measure, RunOptions, Size } from './measure.ts';
import { memoryOf, metricsOf } from './watch-program.ts';

const title = 'A million people waiting';

interface Line {
  /** People in line at which is measured, growing. */
  readonly depths: readonly number[];
  /** Joins and polls one after the other, each. */
  readonly requests: number;
  /** Joins at once, for the rate. */
  readonly burst: number;
}

const sizes: Record<Size, Line> = {
  small: { depths: [0, 2_000], requests: 50, burst: 200 },
  full: { depths: [0, 100_000, 1_000_000], requests: 500, burst: 5_000 },
};

/** Publishes under way at once, and connections of the burst. */
const publishesAtOnce = 1_000;
const burstConnections = 100;
const startWithinMs = 300_000;
const settleMs = 60_000;

export const waiting: Measure = { name: 'waiting', title, run };

interface Stage {
  readonly depth: number;
  readonly join: readonly number[];
  readonly joinAgain: readonly number[];
  readonly poll: readonly number[];
  readonly joinsPerSecond: number;
  readonly programBytes: number;
  readonly natsBytes: number;
}

interface Parts {
  readonly nats: NatsUnderTest;
  readonly nc: NatsConnection;
  readonly program: Program;
  readonly client: Client;
}

async function run({ size, progress }: RunOptions): Promise<GrowthSection> {
  const line = sizes[size];
  const deepest = line.depths.at(-1) ?? 0;
  const nats = await NatsUnderTest.start();
  try {
    return await inWorkingDir(async (dir) => {
      let program = await Program.start(dir.path, { NATS_URL: nats.url });
      const client = new Client(program.port, burstConnections);
      const nc = await nats.connect();
      const stages: Stage[] = [];
      let fillPerSecond = 0;
      try {
        // Nobody is let in: the line only grows.
        await sale.putRoom(client, 'main', { ...sale.openDoors, admitPerSecond: 0 });
        let inLine = 0;
        for (const depth of line.depths) {
          const missing = Math.max(0, depth - inLine);
          const seconds = await joinOnLine(nc, inLine, missing, (done) =>
            progress(inLine + done, deepest, 'people in line'),
          );
          if (missing > 0) fillPerSecond = missing / seconds;
          inLine += missing;
          const stage = await measure({ nats, nc, program, client }, line, inLine);
          stages.push(stage);
          // One by one, at once, and the same ones again, who have a place already.
          inLine += line.requests + line.burst;
          await peopleWaiting(program, inLine);
        }
        progress(deepest, deepest, 'restart');
        await program.kill();
        program = await Program.start(dir.path, { NATS_URL: nats.url }, 'api/main.ts', { withinMs: startWithinMs });
        await peopleWaiting(program, inLine);
        return sectionOf(stages, {
          fillPerSecond,
          inLine,
          restart: program.readyAfterMs,
          diskBytes: dir.bytes() + bytesIn(nats.directory),
        });
      } finally {
        client.close();
        await nc.close();
        await program.kill();
      }
    });
  } finally {
    await nats.close();
  }
}

/** Throws when the program does not come to count this many. */
async function peopleWaiting(program: Program, people: number): Promise<void> {
  const counted = async (): Promise<boolean> => {
    const metrics = await metricsOf(program.port);
    return metrics.includes(`onsale_people_waiting{room="main"} ${people}\n`);
  };
  await until(`${people} people are in line`, counted, settleMs);
}

/** Joins by the line's own subject, answered by the server alone; gives seconds. */
async function joinOnLine(
  nc: NatsConnection,
  first: number,
  count: number,
  told: (done: number) => void,
): Promise<number> {
  const js = jetstream(nc, { timeout: 60_000 });
  let next = 0;
  const startedMs = performance.now();
  const publisher = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      await js.publish(`onsale.v1.line.main.line-${first + index}`, '');
      if ((index + 1) % 100_000 === 0) told(index + 1);
    }
  };
  await Promise.all(Array.from({ length: publishesAtOnce }, publisher));
  return (performance.now() - startedMs) / 1000;
}

async function measure({ nats, program, client }: Parts, line: Line, depth: number): Promise<Stage> {
  const tokens: string[] = [];
  const joinAs = async (userId: string): Promise<void> => {
    const { status, body } = await client.send('POST', '/v1/queue/tokens', { body: { userId } });
    if ((status !== 201 && status !== 200) || body['status'] !== 'waiting') {
      throw new Error(`joining was answered ${status}: ${JSON.stringify(body)}`);
    }
    if (tokens.length < line.requests) tokens.push(String(body['token']));
  };
  const join = await timed(line.requests, (index) => joinAs(`one-${depth}-${index}`));
  const poll = await timed(line.requests, async (index) => {
    const token = tokens[index] ?? '';
    await sale.expecting(200, client.send('GET', '/v1/queue/tokens/current', { token }));
  });
  const joinAgain = await timed(line.requests, (index) => joinAs(`one-${depth}-${index}`));
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: line.burst }, (_, index) => joinAs(`burst-${depth}-${index}`)));
  const joinsPerSecond = line.burst / ((performance.now() - startedMs) / 1000);
  if (nats.pid === null) throw new Error('the nats-server has ended');
  return {
    depth,
    join,
    joinAgain,
    poll,
    joinsPerSecond,
    programBytes: memoryOf(program.pid).residentBytes,
    natsBytes: memoryOf(nats.pid).residentBytes,
  };
}

interface Whole {
  readonly fillPerSecond: number;
  readonly inLine: number;
  readonly restart: number;
  readonly diskBytes: number;
}

function sectionOf(stages: readonly Stage[], { fillPerSecond, inLine, restart, diskBytes }: Whole): GrowthSection {
  const points = (of: (stage: Stage) => number) => stages.map((stage) => ({ x: stage.depth, y: rounded(of(stage)) }));
  return {
    name: 'waiting',
    title,
    unit: 'ms',
    x: { label: 'people in line' },
    series: [
      { label: 'join', points: points(({ join }) => latencyOf(join).p50) },
      { label: 'join again', points: points(({ joinAgain }) => latencyOf(joinAgain).p50) },
      { label: 'poll', points: points(({ poll }) => latencyOf(poll).p50) },
    ],
    rows: [
      ...stages.flatMap(({ depth, join, poll, joinsPerSecond, programBytes, natsBytes }) => {
        const at = `${depth.toLocaleString('en')} in line`;
        return [
          { what: `${at}: join, p99`, value: rounded(latencyOf(join).p99), unit: 'ms' },
          { what: `${at}: poll, p99`, value: rounded(latencyOf(poll).p99), unit: 'ms' },
          { what: `${at}: joins over HTTP`, value: Math.round(joinsPerSecond), unit: 'joins/s' },
          { what: `${at}: memory of the program`, value: mebibytes(programBytes), unit: 'MiB' },
          { what: `${at}: memory of the nats-server`, value: mebibytes(natsBytes), unit: 'MiB' },
        ];
      }),
      { what: 'joins on the line’s own subject', value: Math.round(fillPerSecond), unit: 'joins/s' },
      { what: 'in line at the end, as the program counts', value: inLine, unit: 'people' },
      { what: 'ready after a restart', value: Math.round(restart), unit: 'ms' },
      { what: 'disk, with the streams', value: mebibytes(diskBytes), unit: 'MiB' },
    ],
    notes: [
      'Joins and polls are of one client at a time, node:http included; the curves are medians.',
      'The rate over HTTP is of 100 connections of the same client, which is its bound; `npm run bench -- --only joins` has the door’s.',
    ],
  };
}
