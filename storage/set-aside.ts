/**
 * What happens to a `state.db` that has lost or changed rows which nothing in it can name: it is marked by a file beside
 * it, because a mark inside might not be found again, and the next start sets it aside and makes a new one from the
 * journal.
 */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Connection } from './database.ts';
import { damagedSnapshot, stateHint } from './state-schema.ts';
import { StorageDamaged } from './damage.ts';

const setAsideHint =
  'It has been marked; the next start keeps it as damaged-state.db and makes state.db again from the journal, ' +
  'which takes longer than usual';

/** Marks `state.db` as a whole, and returns the error to stop with. */
export function damagedState(file: string, what: string): StorageDamaged {
  try {
    writeFileSync(markOf(file), `${what}\n`, { mode: 0o600 });
  } catch {
    return new StorageDamaged(file, what, stateHint);
  }
  return new StorageDamaged(file, what, setAsideHint);
}

/**
 * Marks one snapshot as damaged, or the whole file where no row is found under that name, and returns the error to stop
 * with. No transaction is open on `connection`.
 */
export function markedSnapshot(connection: Connection, actor: string, what: string): StorageDamaged {
  const file = connection.name;
  let rows = 0;
  try {
    rows = connection.prepare<[string]>('UPDATE snapshots SET damaged = 1 WHERE actor = ?').run(actor).changes;
  } catch {
    // The file takes no mark any more: then it is the whole that is damaged.
  }
  return rows === 1 ? damagedSnapshot(file, actor, what) : damagedState(file, `snapshot of ${actor}: ${what}`);
}

/**
 * Moves a marked `state.db` out of the way. Must be called before the file is opened; after a crash in the middle, the
 * next call goes on.
 *
 * @returns whether it was marked
 */
export function setAsideIfMarked(file: string): boolean {
  if (!existsSync(markOf(file))) return false;
  const kept = join(dirname(file), `damaged-${basename(file)}`);
  for (const suffix of ['', '-wal']) {
    if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${kept}${suffix}`);
    else if (suffix !== '') rmSync(`${kept}${suffix}`, { force: true });
  }
  rmSync(`${file}-shm`, { force: true });
  rmSync(markOf(file));
  return true;
}

function markOf(file: string): string {
  return `${file}.damaged`;
}
