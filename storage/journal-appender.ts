/** Writes batches to the journal's file, each in a transaction of its own that is synced to disk when it returns. */
import { randomUUID } from 'node:crypto';
import type { JournalEnd } from '../engine/ports.ts';
import { explained } from './damage.ts';
import { assertSyncsCommits, closeCheckpointed, openDatabase, syncCommitted } from './database.ts';
import type { Connection } from './database.ts';
import { JournalReader } from './journal-reader.ts';
import { chainNext, journalMigrations } from './journal-schema.ts';

/**
 * When so many bytes have gone into the WAL, it is copied into the main file and then written again from its start,
 * which is also quicker than making it longer. Most of it has been copied before (see `JournalCheckpointer`).
 * Measured at 400 batches of 40 kB a second: commits stall for 10 to 14 ms every 16 MiB; without the checkpointer it
 * was 34 to 86 ms.
 */
const walBytesMax = 16 * 1024 * 1024;
const pageBytes = 4096;

export class JournalAppender {
  readonly id: string;
  /** The end as found at open. */
  readonly end: JournalEnd;
  readonly #file: string;
  readonly #connection: Connection;
  readonly #insert;
  #last: number;
  #checksum: Uint8Array;
  #walBytes = 0;

  /**
   * Opens the journal, makes it where there is none, and verifies its last batch.
   *
   * @param pagesMax the file may not grow beyond so many pages; for tests
   * @throws StorageDamaged, StorageUnavailable
   */
  constructor(file: string, pagesMax?: number) {
    this.#file = file;
    this.#connection = openDatabase(file, {
      migrations: journalMigrations,
      ...(pagesMax === undefined ? {} : { pagesMax }),
    });
    try {
      this.#connection.pragma('wal_autocheckpoint = 0');
      this.#connection
        .prepare<[string]>("INSERT INTO meta (name, value) VALUES ('journal_id', ?) ON CONFLICT DO NOTHING")
        .run(randomUUID());
      // Before the end is read, which everybody takes for durable.
      syncCommitted(this.#connection);
      const reader = new JournalReader(file);
      try {
        this.id = reader.id;
        this.end = reader.end();
        if (this.end.batch > 0) reader.batch(this.end.batch);
        this.#checksum = reader.checksumOf(this.end.batch);
      } finally {
        reader.close();
      }
      this.#insert = this.#connection.prepare<[number, number, Uint8Array, Uint8Array]>(
        'INSERT INTO journal (batch, at_ms, checksum, turns) VALUES (?, ?, ?, CAST(? AS TEXT))',
      );
      // Again, after all that was set here: from now on batches are confirmed by what this connection does.
      assertSyncsCommits(this.#connection);
    } catch (error) {
      this.#connection.close();
      throw explained(error, file);
    }
    this.#last = this.end.batch;
  }

  /**
   * Returns when the batch is on disk.
   *
   * @param turns UTF-8 of the JSON array of its turns
   * @throws StorageUnavailable when it may not be; the process must then stop (invariant 5)
   */
  append(number: number, atMs: number, turns: Uint8Array): void {
    if (number !== this.#last + 1) throw new Error(`batch ${number} cannot follow batch ${this.#last}`);
    if (!Number.isSafeInteger(atMs)) throw new Error(`batch ${number} is stamped ${atMs}, which is no whole ms`);
    const checksum = chainNext(this.#checksum, number, atMs, turns);
    try {
      this.#insert.run(number, atMs, checksum, turns);
    } catch (error) {
      throw explained(error, this.#file);
    }
    this.#last = number;
    this.#checksum = checksum;
    this.#walBytes += turns.byteLength + 3 * pageBytes;
  }

  /** To be called after the answer to an append has been given. */
  checkpointIfDue(): void {
    if (this.#walBytes < walBytesMax) return;
    this.#walBytes = 0;
    try {
      this.#connection.pragma('wal_checkpoint(PASSIVE)');
    } catch (error) {
      throw explained(error, this.#file);
    }
  }

  close(): void {
    closeCheckpointed(this.#connection);
  }
}

/** Copies the WAL into the main file from another thread, in small pieces, so that the writer finds little to do. */
export class JournalCheckpointer {
  readonly #file: string;
  readonly #connection: Connection;

  constructor(file: string) {
    this.#file = file;
    this.#connection = openDatabase(file, { migrations: journalMigrations });
    this.#connection.pragma('wal_autocheckpoint = 0');
  }

  /** Copies what has been committed so far. Never waits for the writer, and the writer never for it. */
  checkpoint(): void {
    try {
      this.#connection.pragma('wal_checkpoint(PASSIVE)');
    } catch (error) {
      throw explained(error, this.#file);
    }
  }

  close(): void {
    this.#connection.close();
  }
}
