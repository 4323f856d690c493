/**
 * The journal as the event feed and `npm run export` read it, and the feed's remembered position beside it: a file of
 * its own, `feed.db`, so that remembering never waits for the journal's writer.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredBatch } from '../engine/ports.ts';
import { aheadOfJournal, StorageDamaged, StorageUnavailable } from './damage.ts';
import { closeCheckpointed, openDatabase, type Connection } from './database.ts';
import { JournalReader } from './journal-reader.ts';
import { sameBytes } from './journal-schema.ts';

const feedMigrations: readonly string[] = [
  `
  CREATE TABLE feed (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    journal_id TEXT    NOT NULL,
    through    INTEGER NOT NULL CHECK (through >= 0),  -- every public event up to this batch is in the stream
    checksum   BLOB    NOT NULL CHECK (length(checksum) = 32)  -- of that batch
  ) STRICT;
  `,
];

const positionHint =
  'If the journal is the right one, stop the engine and delete feed.db: the feed goes on from its stream; else restore ' +
  'the last good backup of the whole directory';

/** Reads of the journal; durable batches only. */
export interface JournalTail {
  readonly id: string;
  /** Where damage is reported to be. */
  readonly file: string;
  /** Number of the last durable batch. */
  end(): number;
  /** Durable batches, in order, verified. Throws StorageDamaged at the one that fails. */
  batches(from: number, through: number): Iterable<StoredBatch>;
  close(): void;
}

export interface FeedJournal extends JournalTail {
  /** Every public event up to this batch was in the stream when this was remembered; 0 at first. */
  readonly position: number;
  /** Makes a position durable. */
  remember(position: number): void;
}

/**
 * Opens the journal for reading only, of an engine that runs or not.
 *
 * @throws StorageDamaged, StorageUnavailable
 */
export function openJournalTail(dataDir: string): JournalTail {
  const file = join(dataDir, 'journal.db');
  // Throws where the directory may not be looked into.
  if (statSync(file, { throwIfNoEntry: false }) === undefined) {
    throw new StorageUnavailable('ENOENT', `${dataDir} holds no journal. Name the data directory of an engine`);
  }
  return new Tail(new JournalReader(file));
}

/**
 * Opens the journal with the feed's position, for the one relay of an engine.
 *
 * @throws StorageDamaged when the position is ahead of the journal's end, or was remembered for another history
 */
export function openFeedJournal(dataDir: string): FeedJournal {
  const reader = new JournalReader(join(dataDir, 'journal.db'));
  const file = join(dataDir, 'feed.db');
  let db: Connection | undefined;
  try {
    db = openDatabase(file, { migrations: feedMigrations, corruptHint: positionHint });
    return new TailWithPosition(reader, db, positionIn(db, file, reader));
  } catch (error) {
    db?.close();
    reader.close();
    throw error;
  }
}

/**
 * Looks whether a remembered position fits the journal; where none is remembered, there is nothing to look at.
 *
 * @throws StorageDamaged as `openFeedJournal` does
 */
export function checkFeedPosition(dataDir: string): void {
  if (statSync(join(dataDir, 'feed.db'), { throwIfNoEntry: false }) === undefined) return;
  openFeedJournal(dataDir).close();
}

class Tail implements JournalTail {
  protected readonly reader: JournalReader;

  constructor(reader: JournalReader) {
    this.reader = reader;
  }

  get id(): string {
    return this.reader.id;
  }

  get file(): string {
    return this.reader.file;
  }

  end(): number {
    return this.reader.end().batch;
  }

  batches(from: number, through: number): Iterable<StoredBatch> {
    return this.reader.batches(from, through);
  }

  close(): void {
    this.reader.close();
  }
}

class TailWithPosition extends Tail implements FeedJournal {
  readonly #db: Connection;
  readonly #update;
  #position: number;

  constructor(reader: JournalReader, db: Connection, position: number) {
    super(reader);
    this.#db = db;
    this.#position = position;
    this.#update = db.prepare<[number, Uint8Array]>('UPDATE feed SET through = ?, checksum = ? WHERE id = 1');
  }

  get position(): number {
    return this.#position;
  }

  remember(position: number): void {
    this.#update.run(position, this.reader.checksumOf(position));
    this.#position = position;
  }

  override close(): void {
    closeCheckpointed(this.#db);
    super.close();
  }
}

function positionIn(db: Connection, file: string, reader: JournalReader): number {
  db.prepare<[string, Uint8Array]>(
    'INSERT INTO feed (id, journal_id, through, checksum) VALUES (1, ?, 0, ?) ON CONFLICT DO NOTHING',
  ).run(reader.id, reader.checksumOf(0));
  const row = db
    .prepare<[], { journal_id: string; through: number; checksum: Uint8Array }>(
      'SELECT journal_id, through, checksum FROM feed WHERE id = 1',
    )
    .get();
  if (row === undefined) throw new Error(`${file} has no position: this is a bug`);
  if (row.journal_id !== reader.id) {
    const what = `it follows journal ${row.journal_id}, but the journal here is ${reader.id}`;
    throw new StorageDamaged(file, what, positionHint);
  }
  const end = reader.end().batch;
  if (row.through > end) throw aheadOfJournal(file, 'the event feed', row.through, end);
  if (!sameBytes(row.checksum, reader.checksumOf(row.through))) {
    const what = `the event feed stands at batch ${row.through}, which is not the journal's batch ${row.through}`;
    throw new StorageDamaged(file, what, positionHint);
  }
  return row.through;
}
