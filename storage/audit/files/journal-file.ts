/** The journal as the audit reads it: in order, page by page, each batch against the checksum chain. */
import { createHash } from 'node:crypto';
import type { StoredBatch, Turn } from '../../../engine/ports.ts';
import type { Findings } from '../findings.ts';
import { NotAudited, ReadOnlyFile } from './read-only.ts';
import type { Row } from './read-only.ts';

/** Rows read at once. No reading stays open between pages, so that a running program can use its WAL again. */
const pageRows = 256;

export class JournalFile {
  readonly id: string;
  readonly #file: ReadOnlyFile;
  readonly #findings: Findings;

  constructor(file: string, findings: Findings) {
    this.#file = new ReadOnlyFile(file);
    this.#findings = findings;
    const id = this.#file.row("SELECT value FROM meta WHERE name = 'journal_id'")?.[0];
    if (typeof id !== 'string') throw new NotAudited(`${file} has no journal id: it is no journal, or it is damaged`);
    this.id = id;
  }

  /** The last batch now, 0 for none. */
  end(): number {
    return Number(this.#file.row('SELECT max(batch) FROM journal')?.[0] ?? 0);
  }

  /** The stamp of a batch, ms; undefined when there is no such batch. */
  stampOf(batch: number): number | undefined {
    const atMs = this.#file.row('SELECT at_ms FROM journal WHERE batch = ?', batch)?.[0];
    return typeof atMs === 'number' ? atMs : undefined;
  }

  /** Through a position of 0: what the chain starts from. */
  checksumOf(batch: number): Uint8Array | undefined {
    if (batch === 0) return createHash('sha256').update(`onsale journal ${this.id}`).digest();
    const checksum = this.#file.row('SELECT checksum FROM journal WHERE batch = ?', batch)?.[0];
    return checksum instanceof Uint8Array ? checksum : undefined;
  }

  /** All batches through `through`. What cannot be read is found and left out. */
  *batches(through: number): Generator<StoredBatch, void, void> {
    let previous = this.checksumOf(0);
    let last = 0;
    for (;;) {
      const page = this.#file.rows(
        'SELECT batch, at_ms, turns, checksum FROM journal WHERE batch > ? AND batch <= ? ORDER BY batch LIMIT ?',
        last,
        through,
        pageRows,
      );
      if (page.length === 0) return;
      for (const row of page) {
        last = Number(row[0]);
        const batch = this.#parsed(row, previous);
        previous = row[3] instanceof Uint8Array ? row[3] : undefined;
        if (batch !== undefined) yield batch;
      }
    }
  }

  close(): void {
    this.#file.close();
  }

  #parsed([batch, atMs, turns, checksum]: Row, previous: Uint8Array | undefined): StoredBatch | undefined {
    const where = `batch ${String(batch)}`;
    if (typeof batch !== 'number' || typeof atMs !== 'number' || typeof turns !== 'string') {
      this.#findings.addAt('journal-chain', where, 'its row does not hold what a batch is');
      return undefined;
    }
    const expected = createHash('sha256')
      .update(previous ?? '')
      .update(`${batch}|${atMs}|`)
      .update(turns)
      .digest();
    if (!(checksum instanceof Uint8Array) || Buffer.compare(expected, checksum) !== 0) {
      this.#findings.addAt('journal-chain', where, 'its checksum is not that of its content and the batch before');
    }
    try {
      // Turns as the engine wrote them where the checksum matched; else whoever reads them says what is wrong.
      const parsed = JSON.parse(turns) as readonly Turn[];
      return { number: batch, atMs, turns: parsed };
    } catch (error) {
      this.#findings.addAt('journal-chain', where, `its turns are no JSON (${String(error)})`);
      return undefined;
    }
  }
}
