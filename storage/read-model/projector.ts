/**
 * Fills the read model from the journal, exactly once: the number of the last batch is a row of the same file, and
 * commits with the rows that the batch gave. After a stop at any instant the projector goes on from there.
 */
import type { Statement } from 'better-sqlite3';
import type { AdmissionEvent } from '../../actors/admission/messages.ts';
import type { CatalogEvent } from '../../actors/catalog/messages.ts';
import type { ScheduleEvent } from '../../actors/schedule/messages.ts';
import type { WalletEvent } from '../../actors/wallet/messages.ts';
import type { JournaledEvent, StoredBatch } from '../../engine/ports.ts';
import type { BatchConsumer } from '../batch-consumer.ts';
import { aheadOfJournal, explained, StorageDamaged, readModelHint } from '../damage.ts';
import { openDatabase } from '../database.ts';
import type { Connection } from '../database.ts';
import { AdmissionProjection } from './admission-projection.ts';
import { CatalogProjection } from './catalog-projection.ts';
import { KnownUsers } from './known-users.ts';
import { ScheduleProjection } from './schedule-projection.ts';
import { readModelMigrations } from './schema.ts';
import { WalletProjection } from './wallet-projection.ts';

/** The file's name in the data directory. */
export const readModelFileName = 'read-model.db';

/** Page cache of the projecting connection, KiB: the index by user is written all over. */
const cacheKib = 64 * 1024;
/** Pages in the WAL before they move to the file. SQLite's 1,000 would move the same pages again and again. */
const walPagesMax = 10_000;

/**
 * Opens the read model for the follower thread or for a rebuild; makes the file when it does not exist.
 *
 * @param file path of `read-model.db`
 * @param journalId id of the journal that the batches come from
 * @param journalEnd number of its last batch
 * @throws StorageDamaged when the file was filled from another journal, is ahead of this one, or SQLite cannot read it
 */
export function openConsumer(file: string, journalId: string, journalEnd: number): BatchConsumer {
  const positionIn = (connection: Connection): number => positionFor(connection, file, journalId, journalEnd);
  const db = openDatabase(file, {
    migrations: readModelMigrations,
    corruptHint: readModelHint,
    // A step may begin anew, and then nothing tells any more that batches are missing.
    beforeMigrating: positionIn,
  });
  try {
    db.pragma(`cache_size = -${cacheKib}`);
    db.pragma(`wal_autocheckpoint = ${walPagesMax}`);
    return new ReadModelProjector(db, file, positionIn(db));
  } catch (error) {
    db.close();
    throw explained(error, file, readModelHint);
  }
}

class ReadModelProjector implements BatchConsumer {
  readonly #db: Connection;
  readonly #file: string;
  readonly #schedules: ScheduleProjection;
  readonly #wallets: WalletProjection;
  readonly #admissions: AdmissionProjection;
  readonly #catalog: CatalogProjection;
  readonly #begin: Statement<[]>;
  readonly #commit: Statement<[]>;
  readonly #setThrough: Statement<[number]>;
  #through: number;
  #applied: number;

  constructor(db: Connection, file: string, through: number) {
    this.#db = db;
    this.#file = file;
    const users = new KnownUsers(db);
    this.#schedules = new ScheduleProjection(db, users);
    this.#wallets = new WalletProjection(db, users);
    this.#admissions = new AdmissionProjection(db, users);
    this.#catalog = new CatalogProjection(db);
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#setThrough = db.prepare('UPDATE projection SET through = ? WHERE id = 1');
    this.#through = through;
    this.#applied = through;
  }

  get through(): number {
    return this.#through;
  }

  begin(): void {
    this.#explained(() => this.#begin.run());
  }

  apply(batch: StoredBatch): void {
    if (batch.number !== this.#applied + 1) {
      throw new Error(`The read model stands at batch ${this.#applied} and was given ${batch.number}: this is a bug`);
    }
    this.#explained(() => {
      for (const turn of batch.turns) {
        for (const event of turn.events) this.#project(event, turn.atMs);
      }
    });
    this.#applied = batch.number;
  }

  commit(): void {
    this.#explained(() => {
      this.#setThrough.run(this.#applied);
      this.#commit.run();
    });
    this.#through = this.#applied;
  }

  close(): void {
    this.#db.close();
  }

  #project({ actor, event }: JournaledEvent, atMs: number): void {
    if (event.v !== 1) {
      throw new Error(`The read model does not know version ${event.v} of ${event.type} (${actor}): this is a bug`);
    }
    const colon = actor.indexOf(':');
    const kind = actor.slice(0, colon);
    // The casts are true because an actor's events are journaled only after its own kind has decided them.
    switch (kind) {
      case 'schedule':
        return this.#schedules.apply(event as ScheduleEvent, atMs);
      case 'wallet':
        return this.#wallets.apply(event as WalletEvent, atMs);
      case 'admission':
        return this.#admissions.apply(actor.slice(colon + 1), event as AdmissionEvent, atMs);
      case 'catalog':
        return this.#catalog.apply(event as CatalogEvent, atMs);
      case 'line':
        return;
      default:
        throw new Error(`The read model does not know actors of kind ${kind} (${actor}): this is a bug`);
    }
  }

  #explained(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw explained(error, this.#file, readModelHint);
    }
  }
}

/** Number of the last batch whose rows are in the file; a new file is bound to its journal here. */
function positionFor(db: Connection, file: string, journalId: string, journalEnd: number): number {
  db.prepare('INSERT INTO projection (id, journal_id, through) VALUES (1, ?, 0) ON CONFLICT DO NOTHING').run(journalId);
  const row = db
    .prepare<[], { journal_id: string; through: number }>('SELECT journal_id, through FROM projection WHERE id = 1')
    .get();
  if (row === undefined) throw new Error(`${file} has no position: this is a bug`);
  if (row.journal_id !== journalId) {
    throw new StorageDamaged(
      file,
      `it was filled from journal ${row.journal_id}, but the journal here is ${journalId}`,
      'If the journal is the right one, run `npm run db:rebuild`; else restore the last good backup of the directory',
    );
  }
  if (row.through > journalEnd) throw aheadOfJournal(file, 'the read model', row.through, journalEnd);
  return row.through;
}
