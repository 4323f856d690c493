/** What a start checks before anything is built on stored positions. */
import type { BatchConsumer } from './batch-consumer.ts';
import { aheadOfJournal, StorageDamaged } from './damage.ts';
import type { JournalReader } from './journal-reader.ts';
import { sameBytes } from './journal-schema.ts';
import { stateHint } from './state-schema.ts';
import type { StateWriter } from './state-writer.ts';

/** So much of the journal is verified at every start, at its end; the scrub verifies all of it afterwards. */
const verifyBytes = 32 * 1024 * 1024;

/**
 * @param consumerFile names the consumer's file in an error
 * @throws StorageDamaged when a position is ahead of the journal's end, or belongs to a journal with another history
 */
export function checkPositions(
  reader: JournalReader,
  store: StateWriter,
  consumer: BatchConsumer | null,
  consumerFile: string,
): void {
  const end = reader.end().batch;
  for (const name of ['keys_through', 'complete_through'] as const) {
    const position = store.position(name);
    if (position === undefined) continue;
    const what = name === 'keys_through' ? 'the index of keys' : 'the set of snapshots';
    if (position.batch > end) throw aheadOfJournal(store.file, what, position.batch, end);
    if (sameBytes(position.checksum, reader.checksumOf(position.batch))) continue;
    throw new StorageDamaged(
      store.file,
      `${what} stands at batch ${position.batch}, but the journal's batch ${position.batch} is not the one it was made from`,
      `If ${reader.file} is the right one: ${stateHint}`,
    );
  }
  if (consumer !== null && consumer.through > end) {
    throw aheadOfJournal(consumerFile, 'the read model', consumer.through, end);
  }
}

/** Verifies all summaries, once damaged snapshots have been made again. */
export function checkSummaries(reader: JournalReader, store: StateWriter): void {
  const end = reader.end().batch;
  const highest = store.verifySummaries();
  if (highest > end) throw aheadOfJournal(store.file, 'a snapshot', highest, end);
}

/** Verifies the end of what the key index has already passed; what comes after is verified as it is read. */
export function verifyRecent(reader: JournalReader, through: number): void {
  const from = reader.startOfLast(verifyBytes);
  const rows = reader.rows(from, through);
  while (rows.next().done !== true);
}
