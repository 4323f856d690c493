/**
 * `npm run db:rebuild`: makes the read model anew from the journal in DATA_DIR (./data). Takes the directory's lock,
 * so it refuses while the engine runs. Exits 0 when done, 1 when it could not.
 */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { acquireDirectoryLock } from './directory-lock.ts';
import { ProgressBar } from './progress-bar.ts';
import { readModelFileName } from './read-model/projector.ts';
import { rebuildReadModel } from './read-model/rebuild-read-model.ts';
import type { RebuildProgress } from './read-model/rebuild-read-model.ts';

async function main(): Promise<number> {
  // What is made here is for its owner only, as all of the data directory.
  process.umask(0o077);
  const dataDir = resolve(process.env['DATA_DIR'] || './data');
  if (!existsSync(join(dataDir, 'journal.db'))) {
    say(`${dataDir} holds no journal, so there is nothing to rebuild from. Set DATA_DIR to the engine's directory.`);
    return 1;
  }
  try {
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
    say(`Not rebuilt: ${error instanceof Error ? error.message : String(error)}`);
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

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

process.exitCode = await main();
