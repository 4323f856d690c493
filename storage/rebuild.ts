/**
 * `npm run db:rebuild -- [DATA_DIR]`: makes the read model anew from the journal. Takes the directory's lock, so it refuses
 * while the engine runs. Exits 0 when done, 1 when it could not, 2 when the arguments are wrong.
 */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { acquireDirectoryLock, DirectoryLocked } from './directory-lock.ts';
import { ProgressBar } from './progress-bar.ts';
import { readModelFileName } from './read-model/projector.ts';
import { rebuildReadModel } from './read-model/rebuild-read-model.ts';
import type { RebuildProgress } from './read-model/rebuild-read-model.ts';

const usage = `npm run db:rebuild -- [DATA_DIR]
DATA_DIR is the variable of this name, else ./data. Its read model is made anew from its journal.`;

async function main(): Promise<number> {
  let asked;
  try {
    asked = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean', short: 'h' } } });
  } catch (error) {
    say(`${messageOf(error)}\n${usage}`);
    return 2;
  }
  const { positionals, values } = asked;
  if (values.help === true) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  if (positionals.length > 1) {
    say(`One DATA_DIR, not ${positionals.length}.\n${usage}`);
    return 2;
  }
  return await rebuildIn(resolve(positionals[0] ?? (process.env['DATA_DIR'] || './data')));
}

async function rebuildIn(dataDir: string): Promise<number> {
  // What is made here is for its owner only, as all of the data directory.
  process.umask(0o077);
  try {
    // Throws where the directory may not be looked into.
    if (statSync(join(dataDir, 'journal.db'), { throwIfNoEntry: false }) === undefined) {
      say(`${dataDir} holds no journal, so there is nothing to rebuild from. Name the engine's data directory.`);
      return 1;
    }
    const lock = await acquireDirectoryLock(dataDir, 0);
    try {
      const startedMs = performance.now();
      const bar = new ProgressBar(process.stderr);
      const done = rebuildReadModel(dataDir, (progress) => show(bar, progress));
      bar.end();
      summarise(join(dataDir, readModelFileName), done, performance.now() - startedMs);
      return 0;
    } finally {
      lock.release();
    }
  } catch (error) {
    // Another directory would be no help here.
    const why = error instanceof DirectoryLocked ? `${error.held}. Stop that process first` : messageOf(error);
    say(`Not rebuilt: ${why}`);
    return 1;
  }
}

function show(bar: ProgressBar, { batches, batchesTotal, events }: RebuildProgress): void {
  bar.show(batches, batchesTotal, () => `batch ${batches} of ${batchesTotal}, ${events} events`);
}

function summarise(file: string, { batches, events }: RebuildProgress, tookMs: number): void {
  const seconds = tookMs / 1000;
  const mib = statSync(file).size / (1024 * 1024);
  say(
    `Rebuilt ${file} through batch ${batches}: ${events} events in ` +
      `${seconds.toFixed(1)} s (${Math.round(events / Math.max(seconds, 0.001))} a second), ${mib.toFixed(1)} MiB.`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

process.exitCode = await main();
