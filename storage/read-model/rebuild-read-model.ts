/** Makes the read model anew from the whole journal. The one that is there stays until the new one is complete. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncPath, syncWal } from '../database.ts';
import { JournalReader } from '../journal-reader.ts';
import { openConsumer, readModelFileName } from './projector.ts';

/** Events a transaction: enough that pages are written once for many rows, few enough that the WAL stays small. */
const usualEventsPerCommit = 20_000;

export interface RebuildProgress {
  /** Batches projected so far, and batches in the journal. */
  readonly batches: number;
  readonly batchesTotal: number;
  readonly events: number;
}

/**
 * Rebuilds `read-model.db` from `journal.db`. The caller holds the lock of the data directory.
 *
 * @param onProgress called after every commit
 * @param eventsPerCommit at least so many events a transaction
 * @returns the last progress
 * @throws StorageDamaged at a batch that fails its checksum; after any error the read model that was there is untouched
 */
export function rebuildReadModel(
  dataDir: string,
  onProgress: (progress: RebuildProgress) => void,
  eventsPerCommit = usualEventsPerCommit,
): RebuildProgress {
  const file = join(dataDir, readModelFileName);
  const newFile = `${file}.rebuild`;
  // The new file must not come to stand on a batch that a dead process never synced.
  syncWal(join(dataDir, 'journal.db'));
  removeDatabase(newFile);
  let progress: RebuildProgress;
  try {
    progress = fill(newFile, join(dataDir, 'journal.db'), onProgress, eventsPerCommit);
    // SQLite says nothing when it cannot move a WAL into its file, for want of room for example.
    if (existsSync(`${newFile}-wal`)) throw new Error(`${newFile} could not be completed: is the disk full?`);
  } catch (error) {
    removeDatabase(newFile);
    throw error;
  }
  // The main file goes first: SQLite throws away a WAL that it finds beside no database, and must never find the old
  // WAL beside the new database.
  removeDatabase(file);
  syncPath(dataDir);
  renameSync(newFile, file);
  syncPath(dataDir);
  return progress;
}

function fill(
  file: string,
  journalFile: string,
  onProgress: (progress: RebuildProgress) => void,
  eventsPerCommit: number,
): RebuildProgress {
  const journal = new JournalReader(journalFile);
  try {
    const batchesTotal = journal.end().batch;
    const consumer = openConsumer(file, journal.id, batchesTotal);
    try {
      let events = 0;
      let uncommitted = 0;
      consumer.begin();
      for (const batch of journal.batches(1, batchesTotal)) {
        consumer.apply(batch);
        for (const turn of batch.turns) uncommitted += turn.events.length;
        if (uncommitted < eventsPerCommit) continue;
        consumer.commit();
        events += uncommitted;
        uncommitted = 0;
        onProgress({ batches: batch.number, batchesTotal, events });
        consumer.begin();
      }
      consumer.commit();
      return { batches: consumer.through, batchesTotal, events: events + uncommitted };
    } finally {
      // The last connection to close moves the WAL into the file.
      consumer.close();
    }
  } finally {
    journal.close();
  }
}

function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
}
