/** A season of 20 million seats: its import, the memory at rest, and what a reader waits for. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FreeSeats } from '../../actors/catalog/free-seats.ts';
import { Client, type Reply } from '../../test/system/client.ts';
import { adminKey, Program } from '../../test/system/program.ts';
import * as sale from '../../test/system/sale.ts';
import { inWorkingDir, mebibytes, type WorkingDir } from './disk.ts';
import { latencyOf, rounded, timed } from './figures.ts';
import type { GrowthRow, GrowthSection, Measure, RunOptions, Size } from './measure.ts';
import { runScript } from './run-script.ts';
import { memoryOf, untilAtRest } from './watch-program.ts';

interface Season {
  readonly concerts: number;
  readonly datesPerConcert: number;
  readonly reads: number;
}

const sizes: Record<Size, Season> = {
  small: { concerts: 50, datesPerConcert: 2, reads: 100 },
  full: { concerts: 10_000, datesPerConcert: 2, reads: 2_000 },
};

const rowsPerDate = 20;
const seatsPerRow = 50;
const seatsPerDate = rowsPerDate * seatsPerRow;
const hourMs = 60 * 60 * 1000;
const importWithinMs = 900_000;
const restWithinMs = 1_800_000;
const startWithinMs = 120_000;

const title = 'A season of 20 million seats';

export const season: Measure = { name: 'season', title, run };

async function run({ size, progress }: RunOptions): Promise<GrowthSection> {
  const of = sizes[size];
  const dates = of.concerts * of.datesPerConcert;
  return await inWorkingDir(async (files) =>
    inWorkingDir(async (dir) => {
      const file = join(files.path, 'season.jsonl');
      writeSeason(file, of);
      const { rows, memory } = await measure(of, file, dir, progress);
      return {
        name: 'season',
        title,
        unit: 'MiB',
        x: { label: 'seats' },
        series: memory.map(({ label, mib, seats }) => ({ label, points: [{ x: seats, y: mib }] })),
        rows: [
          { what: 'seats', value: dates * seatsPerDate, unit: 'seats' },
          { what: 'dates', value: dates, unit: 'dates' },
          ...rows,
          ...countersOf(of),
        ],
        notes: [
          'All dates have the same hall, as most dates of a tour do; halls that all differ take more memory.',
          'Latencies are of one reader at a time, its own HTTP client (node:http) included.',
        ],
      };
    }),
  );
}

interface Found {
  readonly rows: GrowthRow[];
  readonly memory: readonly { readonly label: string; readonly mib: number; readonly seats: number }[];
}

async function measure(of: Season, file: string, dir: WorkingDir, progress: RunOptions['progress']): Promise<Found> {
  const dates = of.concerts * of.datesPerConcert;
  const rows: GrowthRow[] = [];
  const memory: { label: string; mib: number; seats: number }[] = [];
  const remember = (label: string, program: Program): void => {
    const { residentBytes, peakBytes } = memoryOf(program.pid);
    memory.push({ label, mib: mebibytes(residentBytes), seats: dates * seatsPerDate });
    rows.push({ what: `memory ${label}`, value: mebibytes(residentBytes), unit: 'MiB' });
    rows.push({ what: `memory ${label}, the most until then`, value: mebibytes(peakBytes), unit: 'MiB' });
  };
  let program = await Program.start(dir.path);
  try {
    remember('of an empty program', program);
    progress(0, 4, 'import');
    const url = `http://127.0.0.1:${program.port}`;
    const imported = await runScript('api/import.ts', [file, '--url', url, '--key', adminKey], {}, importWithinMs);
    const expected = `${of.concerts + dates} imported, 0 skipped, 0 bad`;
    if (!imported.output.includes(expected)) throw new Error(`not ${expected}: ${imported.output.slice(-2_000)}`);
    rows.push({ what: 'import', value: rounded(imported.seconds, 1), unit: 's' });
    progress(1, 4, 'read model and rest');
    const { readModelMs, restMs } = await untilAtRest(program, restWithinMs);
    rows.push({ what: 'read model after the import', value: rounded(readModelMs / 1000, 1), unit: 's' });
    rows.push({ what: 'at rest after the import', value: rounded(restMs / 1000, 1), unit: 's' });
    remember('after the import', program);
    progress(2, 4, 'reads');
    rows.push(...(await reads(program, of)));
    remember('after the reads', program);
    rows.push({ what: 'disk', value: mebibytes(dir.bytes()), unit: 'MiB' });
    progress(3, 4, 'restart');
    await program.stop();
    program = await Program.start(dir.path, {}, 'api/main.ts', { withinMs: startWithinMs });
    rows.push({ what: 'ready after a restart', value: Math.round(program.readyAfterMs), unit: 'ms' });
    await untilAtRest(program, restWithinMs);
    remember('after a restart', program);
    rows.push(...(await reads(program, of)).map((row) => ({ ...row, what: `${row.what}, after a restart` })));
    return { rows, memory };
  } finally {
    await program.kill();
  }
}

/** One line each, in the form of `npm run import`. */
function writeSeason(file: string, { concerts, datesPerConcert }: Season): void {
  const now = Date.now();
  const rows = Array.from({ length: rowsPerDate }, (_, row) => ({ name: String(row + 1), seats: seatsPerRow }));
  const descriptor = openSync(file, 'w');
  for (let concert = 0; concert < concerts; concert++) {
    const lines = [JSON.stringify({ concert: { id: `concert-${concert}`, name: `Concert ${concert}` } })];
    for (let date = 0; date < datesPerConcert; date++) {
      const schedule = {
        concertId: `concert-${concert}`,
        id: `date-${concert * datesPerConcert + date}`,
        venue: 'Hall',
        startsAt: new Date(now + (48 + 24 * date) * hourMs).toISOString(),
        salesOpenAt: new Date(now - hourMs).toISOString(),
        salesCloseAt: new Date(now + 24 * hourMs).toISOString(),
        sections: [{ name: 'A', price: 10_000, rows }],
      };
      lines.push(JSON.stringify({ schedule }));
    }
    writeSync(descriptor, `${lines.join('\n')}\n`);
  }
  closeSync(descriptor);
}

async function reads(program: Program, { concerts, datesPerConcert, reads: count }: Season): Promise<GrowthRow[]> {
  const client = new Client(program.port);
  try {
    await sale.putRoom(client, 'main', sale.openDoors);
    const token = await sale.enter(client, 'reader');
    const get = async (path: string): Promise<Reply['body']> =>
      (await sale.expecting(200, client.send('GET', path, { token }))).body;
    const dates = concerts * datesPerConcert;
    let cursor: string | null = null;
    const pages = await timed(count, async () => {
      const body = await get(`/v1/concerts?available=true${cursor === null ? '' : `&cursor=${cursor}`}`);
      cursor = typeof body['nextCursor'] === 'string' ? body['nextCursor'] : null;
    });
    // A number that shares no factor with the count reaches all dates, far apart.
    const far = await timed(count, async (index) => {
      await get(`/v1/schedules/date-${(index * 7_919) % dates}/seats`);
    });
    const near = await timed(count, async () => {
      await get('/v1/schedules/date-1/seats');
    });
    return [
      ...latencyRows('concerts with free seats over HTTP', pages),
      ...latencyRows('seat list of 1,000 seats, another date each time', far),
      ...latencyRows('seat list of 1,000 seats, the same date', near),
    ];
  } finally {
    client.close();
  }
}

function latencyRows(label: string, times: readonly number[]): GrowthRow[] {
  const { p50, p99 } = latencyOf(times);
  return [
    { what: `${label}, p50`, value: rounded(p50), unit: 'ms' },
    { what: `${label}, p99`, value: rounded(p99), unit: 'ms' },
  ];
}

/** The counters behind the list, asked in process: a page in the middle, and the one that has to pass everything. */
function countersOf({ concerts, datesPerConcert, reads: count }: Season): GrowthRow[] {
  const freeSeats = new FreeSeats();
  const update = (concert: number, date: number, seatsAvailable: number): void => {
    freeSeats.update({
      id: `date-${concert * datesPerConcert + date}`,
      concertId: `concert-${concert}`,
      venue: 'Hall',
      startsAt: 3 * hourMs,
      salesOpenAt: 0,
      salesCloseAt: 2 * hourMs,
      seatsTotal: seatsPerDate,
      seatsAvailable,
    });
  };
  const forEachDate = (seatsAvailable: number): void => {
    for (let concert = 0; concert < concerts; concert++) {
      for (let date = 0; date < datesPerConcert; date++) update(concert, date, seatsAvailable);
    }
  };
  for (let concert = 0; concert < concerts; concert++) {
    freeSeats.addConcert({ id: `concert-${concert}`, name: '', description: '' });
  }
  forEachDate(seatsPerDate);
  freeSeats.countAll(hourMs);
  const page = (after: string | null): number => {
    const startedMs = performance.now();
    freeSeats.page({ available: true, after, limit: 20, atMs: hourMs });
    return performance.now() - startedMs;
  };
  const free = Array.from({ length: count }, (_, index) => page(`concert-${(index * 7_919) % concerts}`));
  forEachDate(0);
  const soldOut = Array.from({ length: count }, () => page(null));
  return [
    ...latencyRows('concerts with free seats in process', free),
    ...latencyRows('concerts with free seats in process, all sold out', soldOut),
  ];
}
