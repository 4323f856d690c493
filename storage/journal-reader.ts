/**
 * Reads the journal through a connection of its own, verifying as it goes. Every batch that leaves here has matched
 * the checksum chained to the batch before it, and no number is missing.
 */
import type { JournalEnd, StoredBatch, Turn } from '../engine/ports.ts';
import { damagedBatch, explained, isCorruption, StorageDamaged } from './damage.ts';
import { openDatabase } from './database.ts';
import type { Connection } from './database.ts';
import type { BatchSource, JournalPosition, SourcedBatch } from './follower-ports.ts';
import { chainNext, chainStart, journalMigrations, sameBytes } from './journal-schema.ts';
import type { JournalRow } from './journal-schema.ts';
import { RecentTurns } from './recent-turns.ts';

/** Rows fetched at once: a statement left open would keep the WAL from being reused. */
const pageRowsMax = 64;
/**
 * Fewer rows a page where batches are large; the last one may go beyond it. Whoever reads goes in steps and takes up
 * again where it stood, so what a page has beyond a step is read in vain.
 */
const pageCharsMax = 1024 * 1024;

/** Of what was read for the replay of keys, so much JSON is kept parsed; parsed, it takes some times as much. */
const replayedCharsMax = 8 * 1024 * 1024;

/** A verified batch before its turns are parsed. */
export interface VerifiedRow extends JournalRow {
  /** Length of `turns`, which tells how much a batch costs. */
  readonly chars: number;
}

export class JournalReader implements BatchSource {
  readonly file: string;
  readonly id: string;
  readonly #connection: Connection;
  readonly #selectFrom;
  readonly #selectOne;
  readonly #selectChecksum;
  readonly #selectSizes;
  readonly #selectEnd;
  readonly #recent = new RecentTurns(replayedCharsMax);

  /** Opens a journal that its writer has made. */
  constructor(file: string) {
    this.file = file;
    this.#connection = openDatabase(file, { migrations: journalMigrations, readonly: true });
    const c = this.#connection;
    this.#selectFrom = c.prepare<[number, number, number], JournalRow>(
      'SELECT batch, at_ms, checksum, turns FROM journal WHERE batch >= ? AND batch <= ? ORDER BY batch LIMIT ?',
    );
    this.#selectOne = c.prepare<[number], JournalRow>(
      'SELECT batch, at_ms, checksum, turns FROM journal WHERE batch = ?',
    );
    this.#selectChecksum = c.prepare<[number], { checksum: Uint8Array }>(
      'SELECT checksum FROM journal WHERE batch = ?',
    );
    this.#selectSizes = c.prepare<[number], { batch: number; bytes: number }>(
      'SELECT batch, octet_length(turns) AS bytes FROM journal WHERE batch <= ? ORDER BY batch DESC LIMIT 1000',
    );
    this.#selectEnd = c.prepare<[], { batch: number; at_ms: number }>(
      'SELECT batch, at_ms FROM journal ORDER BY batch DESC LIMIT 1',
    );
    this.id = journalIdOf(c, file);
  }

  /** The last durable batch now. */
  end(): JournalEnd {
    const row = this.#read(() => this.#selectEnd.get());
    return row === undefined ? { batch: 0, atMs: 0 } : { batch: row.batch, atMs: row.at_ms };
  }

  /**
   * Durable batches from `from` on, in order; `from` is 1 or more. The first is chained to the checksum stored with
   * the batch before it.
   *
   * @param through stop after this batch
   * @throws StorageDamaged at the batch that fails
   */
  *rows(from: number, through = Number.MAX_SAFE_INTEGER): Generator<VerifiedRow, void, void> {
    let next = from;
    let previous: Uint8Array | undefined;
    while (next <= through) {
      const page = this.#page(next, through);
      if (page.length === 0) return;
      for (const row of page) {
        previous = this.#verified(row, next, previous ?? this.checksumOf(next - 1));
        next += 1;
        yield { ...row, chars: row.turns.length };
      }
    }
  }

  *sourced(from: number, through: number): Generator<SourcedBatch, void, void> {
    for (const row of this.rows(from, through)) {
      yield { batch: row.batch, checksum: row.checksum, chars: row.chars, stored: parsedBatch(row) };
    }
  }

  positionOf(batch: number): JournalPosition {
    return { batch, checksum: this.checksumOf(batch) };
  }

  /** The same as `rows`, with the turns parsed. */
  *batches(from: number, through?: number): Generator<StoredBatch, void, void> {
    for (const row of this.rows(from, through)) yield parsedBatch(row);
  }

  /** One batch, verified against the checksum of the batch before it. */
  batch(number: number): StoredBatch {
    return parsedBatch(this.#row(number));
  }

  /**
   * One turn that binds a key. Turns of batches that were asked for lately are not read again.
   *
   * @throws StorageDamaged when the batch or the turn does not exist, or the batch fails its checksum
   */
  turn(batch: number, turn: number): Turn {
    const recent = this.#recent.get(batch, turn);
    if (recent !== undefined) return recent;
    const row = this.#row(batch);
    const parsed = parsedBatch(row);
    const found = parsed.turns[turn];
    if (found === undefined) {
      throw damagedBatch(this.file, batch, `it has no turn ${turn}, though a bound key refers to it`);
    }
    this.#recent.keep(parsed, row.turns.length);
    return found;
  }

  /** The stored checksum of a batch; of batch 0, what the chain starts from. */
  checksumOf(batch: number): Uint8Array {
    if (batch === 0) return chainStart(this.id);
    const row = this.#read(() => this.#selectChecksum.get(batch), batch);
    if (row === undefined) throw damagedBatch(this.file, batch, 'it is missing, though later ones are there');
    return row.checksum;
  }

  /** The first batch of the journal's last part, of about `bytesMax` bytes. 1 for a journal that is no longer. */
  startOfLast(bytesMax: number): number {
    let bytes = 0;
    let before = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const sizes = this.#read(() => this.#selectSizes.all(before));
      if (sizes.length === 0) return 1;
      for (const size of sizes) {
        bytes += size.bytes + 64;
        if (bytes > bytesMax) return size.batch;
        before = size.batch - 1;
      }
    }
  }

  close(): void {
    this.#connection.close();
  }

  /** The next rows from `from` on, as far as there are any. */
  #page(from: number, through: number): JournalRow[] {
    return this.#read(() => {
      const page: JournalRow[] = [];
      let chars = 0;
      for (const row of this.#selectFrom.iterate(from, through, pageRowsMax)) {
        page.push(row);
        // A damaged row may have no text; it is found when it is verified.
        chars += row.turns?.length ?? 0;
        if (chars >= pageCharsMax) break;
      }
      return page;
    }, from);
  }

  #row(number: number): JournalRow {
    const row = this.#read(() => this.#selectOne.get(number), number);
    if (row === undefined) throw damagedBatch(this.file, number, 'it is missing, though something refers to it');
    this.#verified(row, number, this.checksumOf(number - 1));
    return row;
  }

  #verified(row: JournalRow, expected: number, previous: Uint8Array): Uint8Array {
    if (row.batch !== expected) {
      throw damagedBatch(this.file, expected, `it is missing: the next one there is batch ${row.batch}`);
    }
    // A flipped byte in a row's header can change the types that SQLite gives.
    if (typeof row.turns !== 'string' || !(row.checksum instanceof Uint8Array)) {
      throw damagedBatch(this.file, row.batch, 'its row does not hold what was written');
    }
    if (!sameBytes(chainNext(previous, row.batch, row.at_ms, row.turns), row.checksum)) {
      throw damagedBatch(this.file, row.batch, 'its content does not match its checksum, chained to the batch before');
    }
    return row.checksum;
  }

  #read<Result>(read: () => Result, batch?: number): Result {
    try {
      return read();
    } catch (error) {
      if (isCorruption(error) && batch !== undefined) {
        throw damagedBatch(this.file, batch, `SQLite cannot read it or one soon after it (${String(error)})`);
      }
      throw explained(error, this.file);
    }
  }
}

function journalIdOf(connection: Connection, file: string): string {
  const row = connection.prepare<[], { value: string }>("SELECT value FROM meta WHERE name = 'journal_id'").get();
  if (row === undefined) {
    throw new StorageDamaged(file, 'it has lost its id', 'Restore the last good backup of the whole data directory');
  }
  return row.value;
}

export function parsedBatch(row: JournalRow): StoredBatch {
  // The checksum has shown that this is the text that the writer was given: an array of turns.
  const turns = JSON.parse(row.turns) as readonly Turn[];
  return { number: row.batch, atMs: row.at_ms, turns };
}
