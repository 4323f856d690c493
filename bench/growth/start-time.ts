/** Journals that grow: how long a start takes after `kill -9`, with snapshots and without, and the read model's rebuild. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../../test/system/client.ts';
import { Program } from '../../test/system/program.ts';
import * as sale from '../../test/system/sale.ts';
import { runChild } from './child.ts';
import { inWorkingDir, mebibytes } from './disk.ts';
import { rounded } from './figures.ts';
import type { GrowthRow, GrowthSection, Measure, RunOptions, Size } from './measure.ts';
import type { LongJournalFound, LongJournalInput } from './programs/long-journal.ts';
import { runScript } from './run-script.ts';

const title = 'Start and rebuild of long journals';

interface Journals {
  /** Each is made from the one before. */
  readonly events: readonly number[];
  readonly wallets: number;
  readonly lastBurst: number;
}

const sizes: Record<Size, Journals> = {
  small: { events: [5_000, 20_000], wallets: 500, lastBurst: 1_000 },
  full: { events: [1_000_000, 10_000_000], wallets: 20_000, lastBurst: 20_000 },
};

const fillWithinMs = 3_600_000;
const startWithinMs = 1_200_000;
const rebuildWithinMs = 3_600_000;

export const startTime: Measure = { name: 'start', title, run };

async function run({ size, progress }: RunOptions): Promise<GrowthSection> {
  const { events, wallets, lastBurst } = sizes[size];
  const withSnapshots = [{ x: 0, y: await emptyStartMs() }];
  const without: { x: number; y: number }[] = [];
  const rebuilds: { x: number; y: number }[] = [];
  const rows: GrowthRow[] = [];
  await inWorkingDir(async (dir) => {
    let from = 0;
    for (const to of events) {
      const input: LongJournalInput = { dataDir: dir.path, from, to, wallets, lastBurst };
      const { seconds, batches } = await runChild<LongJournalFound>({
        script: 'long-journal',
        dataDir: dir.path,
        input,
        progress,
        withinMs: fillWithinMs,
      });
      syncToDisk(dir.path);
      const name = `${to.toLocaleString('en')} events`;
      const readyMs: number[] = [];
      for (let again = 0; again < 2; again++) readyMs.push(await startAndKill(dir.path, to, wallets));
      withSnapshots.push({ x: to, y: Math.min(...readyMs) });
      progress(to, to, `ready after ${readyMs.join(' and ')} ms; rebuild of the read model`);
      const rebuild = await runScript('storage/rebuild.ts', [], { DATA_DIR: dir.path }, rebuildWithinMs);
      rebuilds.push({ x: to, y: Math.round(rebuild.seconds * 1000) });
      rows.push(
        { what: `${name}: filled at`, value: Math.round((to - from) / seconds), unit: 'events/s' },
        { what: `${name}: batches`, value: batches, unit: 'batches' },
        { what: `${name}: ready after kill -9`, value: readyMs[0] ?? 0, unit: 'ms' },
        { what: `${name}: ready after a second kill -9`, value: readyMs[1] ?? 0, unit: 'ms' },
        { what: `${name}: read model rebuilt`, value: rounded(rebuild.seconds, 1), unit: 's' },
        { what: `${name}: disk`, value: mebibytes(dir.bytes()), unit: 'MiB' },
      );
      progress(to, to, `rebuilt in ${rounded(rebuild.seconds, 1)} s; start without snapshots`);
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(dir.path, `state.db${suffix}`), { force: true });
      const withoutMs = await startAndKill(dir.path, to, wallets);
      without.push({ x: to, y: withoutMs });
      rows.push({ what: `${name}: ready without snapshots`, value: withoutMs, unit: 'ms' });
      from = to;
    }
  });
  return {
    name: 'start',
    title,
    unit: 'ms',
    x: { label: 'events in the journal' },
    series: [
      { label: 'after kill -9, with snapshots', points: withSnapshots },
      { label: 'without snapshots', points: without },
      { label: 'db:rebuild', points: rebuilds },
    ],
    rows: [{ what: 'empty: ready', value: withSnapshots[0]?.y ?? 0, unit: 'ms' }, ...rows],
    notes: [
      `Charges of ${wallets.toLocaleString('en')} wallets, every other one with a key; the last ${lastBurst.toLocaleString('en')} are in no snapshot.`,
      'Without snapshots: state.db is taken away, so the index of keys is made again, too.',
    ],
  };
}

async function emptyStartMs(): Promise<number> {
  return await inWorkingDir(async ({ path }) => {
    const program = await Program.start(path, {}, 'api/main.ts', { withinMs: startWithinMs });
    await program.kill();
    return Math.round(program.readyAfterMs);
  });
}

/** Checks that all events are there: each wallet was charged 1 each time that its turn came. */
async function startAndKill(dataDir: string, events: number, wallets: number): Promise<number> {
  const program = await Program.start(dataDir, {}, 'api/main.ts', { withinMs: startWithinMs });
  try {
    const client = new Client(program.port);
    for (const wallet of [0, 1, wallets - 1]) {
      const balance = await sale.balanceOf(client, `w${wallet}`);
      if (balance !== events / wallets) throw new Error(`w${wallet} has ${balance}, not ${events / wallets}`);
    }
    client.close();
    return Math.round(program.readyAfterMs);
  } finally {
    await program.kill();
  }
}

/** What the killed process wrote is on its way to the disk for seconds; that is no part of a start. */
function syncToDisk(directory: string): void {
  spawnSync('sync', ['-f', directory]);
}
