/** Opens everything that storage keeps in a data directory, and closes it in the right order. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '../engine/actor.ts';
import type { Journal, KeyIndex, SnapshotStore } from '../engine/ports.ts';
import { journalMissing } from './damage.ts';
import type { Connection } from './database.ts';
import { startFollower } from './journal-follower.ts';
import type { ThreadedFollower } from './journal-follower.ts';
import { openJournal } from './journal.ts';
import type { SqliteJournal } from './journal.ts';
import { openStateForReading, SqliteKeyIndex, SqliteSnapshots } from './state-reader.ts';

export interface StorageOptions {
  /** The caller holds its lock (`acquireDirectoryLock`). */
  readonly dataDir: string;
  /** Module that exports `createKinds(rules)`; the follower's thread loads it. */
  readonly kindsModule: URL;
  /** Given to `createKinds`; must survive the way to another thread. */
  readonly rules: unknown;
  readonly keyTtlMs: number;
  /** Module of a `BatchConsumer` that fills the read model; null for none. Without it, the project's own. */
  readonly consumerModule?: URL | null;
  /**
   * Called at most once, when storage can no longer go on: damage was found, or the disk fails. The process must stop.
   * A failing `append` is told by its rejection instead.
   */
  readonly onFatal: (error: Error) => void;
  /** For tests: a disk on which the journal may take so many pages of 4 KiB. */
  readonly journalPagesMax?: number;
}

export interface Storage {
  readonly journal: Journal;
  readonly snapshots: SnapshotStore;
  readonly keys: KeyIndex;
  /** Await `follower.ready` before the engine starts: then the key index has everything that the journal had. */
  readonly follower: ThreadedFollower;
  readonly readModelFile: string;
  /** Actors whose damaged snapshots were made again from the journal at this start. */
  readonly rebuilt: readonly Address[];
  /**
   * Call when no append is on its way. Ends the writer, then lets the follower catch up and take the last snapshots.
   *
   * @param withinMs how long the follower may take; what it leaves is made at the next start
   * @returns whether it caught up
   */
  close(withinMs: number): Promise<boolean>;
}

/**
 * Opens and checks the data directory. Recovery may begin when it resolves.
 *
 * @throws StorageDamaged, StorageUnavailable
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const journalFile = join(options.dataDir, 'journal.db');
  const stateFile = join(options.dataDir, 'state.db');
  const readModelFile = join(options.dataDir, 'read-model.db');
  const consumerModule =
    options.consumerModule === undefined
      ? new URL('./read-model/projector.ts', import.meta.url)
      : options.consumerModule;
  const onFatal = once(options.onFatal);
  for (const made of [stateFile, readModelFile]) {
    // An empty file is none: to make a journal in it would empty the WAL beside it.
    if (isMissing(journalFile) && existsSync(made)) throw journalMissing(journalFile, made);
  }
  const follower = startFollower(
    {
      journalFile,
      stateFile,
      kindsModule: options.kindsModule.href,
      rules: options.rules,
      keyTtlMs: options.keyTtlMs,
      consumer: consumerModule === null ? null : { module: consumerModule.href, file: readModelFile },
    },
    onFatal,
  );
  let journal: SqliteJournal | undefined;
  try {
    journal = await openJournal(journalFile, {
      onFatal,
      ...(options.journalPagesMax === undefined ? {} : { pagesMax: options.journalPagesMax }),
    });
    const opened = journal;
    const rebuilt = await follower.open(opened.end.batch);
    const state = openStateForReading(stateFile);
    return {
      journal: opened,
      snapshots: new SqliteSnapshots(state),
      keys: new SqliteKeyIndex(state),
      follower,
      readModelFile,
      rebuilt,
      close: (withinMs) => closeAll(opened, follower, state, withinMs),
    };
  } catch (error) {
    await journal?.close();
    await follower.close(0);
    journal?.closeReading();
    throw error;
  }
}

function isMissing(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

async function closeAll(
  journal: SqliteJournal,
  follower: ThreadedFollower,
  state: Connection,
  withinMs: number,
): Promise<boolean> {
  await journal.close();
  const caughtUp = await follower.close(withinMs);
  journal.closeReading();
  state.close();
  return caughtUp;
}

function once(tell: (error: Error) => void): (error: Error) => void {
  let told = false;
  return (error) => {
    if (told) return;
    told = true;
    tell(error);
  };
}
