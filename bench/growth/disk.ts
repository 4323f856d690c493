/** Temporary directories of a measure, and what they took of the disk. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDataDir } from '../../test/system/program.ts';

export interface WorkingDir {
  readonly path: string;
  /** Bytes of all files in it now. */
  bytes(): number;
}

/** Gives `work` a directory of its own, and removes it whatever happens. */
export async function inWorkingDir<T>(work: (dir: WorkingDir) => Promise<T>): Promise<T> {
  const directory = temporaryDataDir();
  const removeNow = (): void => directory.remove();
  process.once('exit', removeNow);
  try {
    return await work({ path: directory.path, bytes: () => bytesIn(directory.path) });
  } finally {
    process.off('exit', removeNow);
    directory.remove();
  }
}

/** Of all files in a directory and below. */
export function bytesIn(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) bytes += bytesIn(path);
    // A file may go while it is looked at, as SQLite's do.
    else bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

export function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
