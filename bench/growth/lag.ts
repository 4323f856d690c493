/** How far read model, feed and snapshots are behind while holds come as fast as they are taken, and how soon they catch up. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStateForReading, SqliteSnapshots } from '../../storage/state-reader.ts';
import { NatsUnderTest } from '../../test/nats/nats-under-test.ts';
import { Client } from '../../test/system/client.ts';
import { adminKey, Program } from '../../test/system/program.ts';
import { offer } from '../../test/system/pipelined-load.ts';
import * as sale from '../../test/system/sale.ts';
import { benchSettings, openSale, seatsTaken } from '../contenders/onsale.ts';
import { type Catalogue, seatsPerRow } from '../contender.ts';
import { textOf } from '../harness/request-bytes.ts';
import { requestsOf } from '../harness/request-plan.ts';
import { bytesIn, inWorkingDir, mebibytes } from './disk.ts';
import { latencyOf, rounded } from './figures.ts';
import type { GrowthRow, GrowthSection, Measure, RunOptions, Size } from './measure.ts';
import { metricsOf, gaugeIn } from './watch-program.ts';

const title = 'Lag of read model, feed and snapshots';

interface Load {
  readonly seconds: number;
  readonly dates: number;
  /** Of 100 seats. */
  readonly rowsPerDate: number;
  readonly users: number;
  readonly connections: number;
}

const sizes: Record<Size, Load> = {
  small: { seconds: 2, dates: 20, rowsPerDate: 20, users: 100, connections: 8 },
  full: { seconds: 20, dates: 50, rowsPerDate: 100, users: 10_000, connections: 64 },
};

/** Requests under way on a connection. */
const depth = 4;
const lookEveryMs = 250;
const drainWithinMs = 600_000;

export const lag: Measure = { name: 'lag', title, run };

interface Sample {
  readonly atMs: number;
  /** Batches that are durable, and those that are in the read model and on the feed. */
  readonly durable: number;
  readonly readModel: number;
  readonly feed: number;
  /** Through which every event is in a snapshot: what comes after is replayed by the next start. */
  readonly snapshots: number;
}

type Follower = 'readModel' | 'feed' | 'snapshots';

async function run({ size, progress }: RunOptions): Promise<GrowthSection> {
  const load = sizes[size];
  const nats = await NatsUnderTest.start();
  try {
    return await inWorkingDir(async (dir) => {
      const program = await Program.start(dir.path, { ...benchSettings, NATS_URL: nats.url });
      const client = new Client(program.port);
      try {
        progress(0, 2, 'people come in');
        const tokens = await openSale(client, catalogueOf(load));
        progress(1, 2, `holds for ${load.seconds} s`);
        const { held, samples, endedMs } = await holdFor({ load, program, client, tokens, dataDir: dir.path });
        const taken = await seatsTaken(client, tokens[0] ?? '');
        if (taken !== held) throw new Error(`${held} holds were answered 201, but ${taken} seats are taken`);
        return sectionOf({
          load,
          held,
          samples,
          endedMs,
          published: await published(program),
          disk: dir.bytes() + bytesIn(nats.directory),
        });
      } finally {
        client.close();
        await program.kill();
      }
    });
  } finally {
    await nats.close();
  }
}

function catalogueOf({ dates, rowsPerDate, users }: Load): Catalogue {
  return { schedules: dates, rowsPerSchedule: rowsPerDate, users };
}

interface Held {
  readonly held: number;
  readonly samples: readonly Sample[];
  readonly endedMs: number;
}

interface Sale {
  readonly load: Load;
  readonly program: Program;
  readonly client: Client;
  readonly tokens: readonly string[];
  readonly dataDir: string;
}

async function holdFor({ load, program, client, tokens, dataDir }: Sale): Promise<Held> {
  const state = openStateForReading(join(dataDir, 'state.db'));
  const snapshots = new SqliteSnapshots(state);
  const samples: Sample[] = [];
  const startedMs = performance.now();
  let endedMs = Infinity;
  const look = async (): Promise<Sample> => {
    const { body } = await sale.expecting(200, client.send('GET', '/v1/admin/overview', { bearer: adminKey }));
    // The shape is that of the API.
    const { journal, readModel, feed } = body as unknown as {
      journal: { position: number };
      readModel: { lag: number };
      feed: { lag: number };
    };
    const sample = {
      atMs: performance.now() - startedMs,
      durable: journal.position,
      readModel: journal.position - readModel.lag,
      feed: journal.position - feed.lag,
      snapshots: snapshots.completeThrough(),
    };
    samples.push(sample);
    return sample;
  };
  const watching = (async () => {
    for (;;) {
      const { atMs, durable, ...followers } = await look();
      if (atMs > endedMs && Object.values(followers).every((through) => through >= durable)) return;
      if (atMs > endedMs + drainWithinMs) throw new Error('read model, feed or snapshots did not catch up');
      await sleep(lookEveryMs);
    }
  })();
  let seat = 0;
  const { schedules } = catalogueOf(load);
  const seatsMax = schedules * load.rowsPerDate * seatsPerRow;
  const holdAt = requestsOf({ kind: 'holds', tokens, schedules, first: 0, count: seatsMax });
  const { promise: sold, resolve: allAsked } = Promise.withResolvers<void>();
  const { answers } = await offer({
    port: program.port,
    connections: load.connections,
    depth,
    next() {
      // Seats beyond the last one are refused and not counted.
      if (seat === seatsMax) allAsked();
      return Buffer.from(textOf(holdAt(seat++)), 'latin1');
    },
    until: Promise.race([sleep(load.seconds * 1000), sold]),
  });
  endedMs = performance.now() - startedMs;
  await watching;
  state.close();
  return { held: answers.get(201) ?? 0, samples, endedMs };
}

async function published(program: Program): Promise<number> {
  return gaugeIn(await metricsOf(program.port), 'onsale_feed_published');
}

/** Seconds since the newest batch that `through` names was seen to be durable. */
function lagSeconds(samples: readonly Sample[], index: number, through: number): number {
  const sample = samples[index];
  if (sample === undefined || through >= sample.durable) return 0;
  const first = samples.find(({ durable }) => durable > through);
  return first === undefined ? 0 : (sample.atMs - first.atMs) / 1000;
}

interface Whole extends Held {
  readonly load: Load;
  readonly published: number;
  readonly disk: number;
}

function sectionOf({ load, held, samples, endedMs, published, disk }: Whole): GrowthSection {
  const lagOf = (name: Follower) =>
    samples.map((sample, index) => ({
      x: rounded(sample.atMs / 1000),
      y: rounded(lagSeconds(samples, index, sample[name])),
    }));
  const rowsOf = (name: Follower, label: string): GrowthRow[] => {
    const lags = lagOf(name);
    const loaded = lags.filter(({ x }) => x * 1000 <= endedMs).map(({ y }) => y);
    const drained = samples.find((sample) => sample.atMs >= endedMs && sample[name] >= sample.durable);
    return [
      { what: `${label}: lag under load, p50`, value: latencyOf(loaded).p50, unit: 's' },
      { what: `${label}: lag under load, most`, value: Math.max(...loaded), unit: 's' },
      { what: `${label}: drained after`, value: rounded(((drained?.atMs ?? endedMs) - endedMs) / 1000), unit: 's' },
    ];
  };
  return {
    name: 'lag',
    title,
    unit: 's',
    x: { label: `seconds; load ends after ${load.seconds}` },
    series: [
      { label: 'read model', points: lagOf('readModel') },
      { label: 'feed', points: lagOf('feed') },
      { label: 'snapshots', points: lagOf('snapshots') },
    ],
    rows: [
      { what: 'holds over HTTP', value: Math.round(held / (endedMs / 1000)), unit: 'holds/s' },
      { what: 'seats taken, as answered', value: held, unit: 'seats' },
      { what: 'events on the feed', value: published, unit: 'events' },
      ...rowsOf('readModel', 'read model'),
      ...rowsOf('feed', 'feed'),
      ...rowsOf('snapshots', 'snapshots'),
      { what: 'disk, with the streams', value: mebibytes(disk), unit: 'MiB' },
    ],
    notes: [`Seen every ${lookEveryMs} ms by /v1/admin/overview; the load comes from the same machine.`],
  };
}
