/** `state.db`: its positions, its snapshots, and the totals that its rows add up to. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../../engine/actor.ts';
import type { StoredBatch } from '../../../engine/ports.ts';
import type { Auditor } from '../auditor.ts';
import type { JournalFile } from './journal-file.ts';
import { KeyRows } from './key-rows.ts';
import { ReadOnlyFile } from './read-only.ts';
import type { Row } from './read-only.ts';
import { hash53, RowSum } from './row-hash.ts';

const snapshotColumns =
  'actor, position, state, checksum, next_deadline_ms, open_questions, summary, summary_checksum, damaged';

export class StateFile {
  readonly completeThrough: number;
  readonly keysThrough: number;
  /** Snapshots compared. */
  snapshots = 0;
  readonly #file: ReadOnlyFile;
  readonly #auditor: Auditor;
  readonly #keys: KeyRows;
  /** Positions and the actors whose snapshots stand there, in order. */
  readonly #waiting: { readonly position: number; readonly actor: string }[];
  #nextWaiting = 0;
  readonly #positionOf: ReadonlyMap<string, number>;
  readonly #load;

  /** Everything is read as it stands now. */
  constructor(file: string, auditor: Auditor) {
    this.#file = new ReadOnlyFile(file, 3);
    this.#auditor = auditor;
    this.#file.freeze();
    const position = (name: string): number =>
      Number(this.#file.row('SELECT batch FROM positions WHERE name = ?', name)?.[0] ?? 0);
    this.completeThrough = position('complete_through');
    this.keysThrough = position('keys_through');
    this.#waiting = this.#file
      .rows('SELECT position, actor FROM snapshots ORDER BY position, actor')
      .map((row) => ({ position: Number(row[0]), actor: String(row[1]) }));
    this.#positionOf = new Map(this.#waiting.map((row) => [row.actor, row.position]));
    this.#load = this.#file.lookup(`SELECT ${snapshotColumns} FROM snapshots WHERE actor = ?`);
    this.#keys = new KeyRows(this.#file, auditor, this.keysThrough);
  }

  /**
   * Before the first batch: what can be judged without replaying. False when it is of another journal, and there is
   * nothing to compare.
   */
  begin(journal: JournalFile, end: number): boolean {
    const { found } = this.#auditor;
    const id = this.#file.row("SELECT value FROM meta WHERE name = 'journal_id'")?.[0];
    if (id !== journal.id) {
      found.addAt('foreign-journal', 'state.db', `it is of ${String(id)}, this is ${journal.id}`);
      return false;
    }
    for (const row of this.#file.rows('SELECT name, batch, checksum FROM positions')) {
      const [name, batch, checksum] = row;
      const where = `state.db, position ${String(name)}`;
      if (Number(batch) > end) found.addAt('ahead-of-journal', where, `${String(batch)} of ${end} batches`);
      else if (!isDeepStrictEqual(checksum, plain(journal.checksumOf(Number(batch))))) {
        found.addAt('position-wrong', where, `batch ${String(batch)} of the journal has another checksum`);
      }
    }
    this.#keys.begin(journal.stampOf(this.keysThrough) ?? Infinity);
    this.#totals();
    return true;
  }

  /** After each batch: whatever stands at its position. */
  batch(batch: StoredBatch): void {
    const { number } = batch;
    for (;;) {
      const next = this.#waiting[this.#nextWaiting];
      if (next === undefined || next.position > number) break;
      this.#nextWaiting += 1;
      this.#compare(next.actor);
    }
    if (number === this.completeThrough) this.#completeness();
    this.#keys.batch(batch);
  }

  /** After the last batch. */
  finish(end: number): void {
    for (const { actor, position } of this.#waiting.slice(this.#nextWaiting)) {
      const where = `state.db, snapshot of ${actor}`;
      this.#auditor.found.addAt('ahead-of-journal', where, `it stands at batch ${position} of ${end}`);
    }
    this.#keys.finish();
  }

  close(): void {
    this.#file.close();
  }

  /** Rows of the key index compared. */
  get keyRows(): number {
    return this.#keys.compared;
  }

  #compare(actor: string): void {
    const row = this.#load(actor);
    const { found } = this.#auditor;
    const where = `state.db, snapshot of ${actor}`;
    if (row === undefined) return found.addAt('snapshot-unreadable', where, 'its row is not found by its actor');
    const [, position, state, checksum, nextDeadlineMs, openQuestions, summary, summaryChecksum, damaged] = row;
    if (!(state instanceof Uint8Array)) return found.addAt('snapshot-unreadable', where, 'its state is no BLOB');
    this.snapshots += 1;
    if (damaged !== 0) found.addAt('snapshot-damaged', where, 'the next start makes it again');
    const text = `${actor}|${String(position)}|`;
    const summaryText = `${text}${String(nextDeadlineMs)}|${String(openQuestions)}|${String(summary)}`;
    if (!isDigest(checksum, [text, state])) found.addAt('snapshot-checksum', where, 'of its state');
    if (!isDigest(summaryChecksum, [summaryText])) found.addAt('snapshot-checksum', where, 'of its summary');
    this.#auditor.snapshot({
      actor,
      position: Number(position),
      state,
      nextDeadlineMs: nextDeadlineMs === null ? null : Number(nextDeadlineMs),
      openQuestions: Number(openQuestions),
      summary: typeof summary === 'string' ? parsedObject(summary) : null,
    });
  }

  /** Every actor that the journal has named by now has a snapshot that includes its last event. */
  #completeness(): void {
    for (const [actor, batch] of this.#auditor.lastBatchOf) {
      const position = this.#positionOf.get(actor);
      if (position !== undefined && position >= batch) continue;
      const what = `its last event is in batch ${batch}, its snapshot ${position === undefined ? 'missing' : `at ${position}`}`;
      this.#auditor.found.addAt('complete-through', `state.db, ${actor}`, what);
    }
  }

  #totals(): void {
    const sums: Readonly<Record<string, string>> = {
      snapshots: 'SELECT actor FROM snapshots',
      keys: 'SELECT checksum FROM keys',
      durable_keys: 'SELECT checksum FROM durable_keys',
      pending: 'SELECT checksum FROM pending',
    };
    for (const [table, sql] of Object.entries(sums)) {
      const sum = new RowSum();
      for (const [value] of this.#file.iterate(sql)) sum.add(typeof value === 'string' ? hash53(value) : Number(value));
      const total = this.#file.row('SELECT rows, hash FROM totals WHERE name = ?', table);
      if (total?.[0] === sum.rows && total[1] === sum.hash) continue;
      const what = `${sum.rows} rows of hash ${sum.hash}, the totals are ${JSON.stringify(total ?? null)}`;
      this.#auditor.found.addAt('state-totals', `state.db, ${table}`, what);
    }
  }
}

/** The first 16 bytes of SHA-256 over the parts. */
function isDigest(checksum: Row[number] | undefined, parts: readonly (string | Uint8Array)[]): boolean {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return checksum instanceof Uint8Array && Buffer.compare(hash.digest().subarray(0, 16), checksum) === 0;
}

function plain(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : new Uint8Array(bytes);
}

/** What is no JSON differs from every summary. */
function parsedObject(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return { text };
  }
}
