/**
 * The index of bound keys against the bindings of the journal, both in the order of batch and turn. Rows may be gone
 * once they are past their time, and only then.
 */
import type { KeyBinding, StoredBatch } from '../../../engine/ports.ts';
import type { Auditor } from '../auditor.ts';
import type { ReadOnlyFile, Row } from './read-only.ts';
import { hash53 } from './row-hash.ts';

/** A row's id is batch × 8192 + turn. */
const turnsOfBatch = 8192;

const allKeys = `
  SELECT id, scope_hash, at_ms, scope, fingerprint, checksum, 0 FROM keys
  UNION ALL SELECT id, scope_hash, at_ms, scope, fingerprint, checksum, 1 FROM durable_keys
  ORDER BY id`;

export class KeyRows {
  /** Rows compared. */
  compared = 0;
  readonly #file: ReadOnlyFile;
  readonly #auditor: Auditor;
  readonly #through: number;
  readonly #rows: Iterator<Row, void, void>;
  #next: Row | undefined;
  /** Bindings at or after this stamp, ms, must have a row. */
  #mustBeSinceMs = -Infinity;

  constructor(file: ReadOnlyFile, auditor: Auditor, through: number) {
    this.#file = file;
    this.#auditor = auditor;
    this.#through = through;
    this.#rows = file.iterate(allKeys);
    this.#next = this.#read();
  }

  /** @param throughMs the stamp of the last batch that is indexed */
  begin(throughMs: number): void {
    const { keyTtlMs } = this.#auditor.rules;
    if (keyTtlMs !== null) this.#mustBeSinceMs = throughMs - keyTtlMs;
    if (this.#through === 0) this.#pending();
  }

  /** After the auditor has been given the same batch. */
  batch({ number, turns }: StoredBatch): void {
    if (number > this.#through) return;
    turns.forEach((turn, index) => {
      if (turn.binding !== undefined) this.#binding(number * turnsOfBatch + index, turn.binding, turn.atMs);
    });
    if (number === this.#through) this.#pending();
  }

  finish(): void {
    this.#extraBefore(Infinity);
  }

  #binding(id: number, { scope, fingerprint }: KeyBinding, atMs: number): void {
    this.#extraBefore(id);
    const row = this.#next;
    if (row?.[0] !== id) {
      if (atMs < this.#mustBeSinceMs) return;
      return this.#auditor.found.addAt('key-row-missing', placeOf(id), scope);
    }
    this.#next = this.#read();
    this.compared += 1;
    const hash = hash53(scope);
    const durable = scope.startsWith('do|') ? 1 : 0;
    const expected = [id, hash, atMs, scope, fingerprint, hash53(`${id}|${atMs}|${hash}|${fingerprint}`), durable];
    if (expected.every((value, column) => row[column] === value)) return;
    this.#auditor.found.addAt('key-row-wrong', placeOf(id), `${JSON.stringify(row)}, not ${JSON.stringify(expected)}`);
  }

  #extraBefore(id: number): void {
    for (let row = this.#next; row !== undefined && Number(row[0]) < id; row = this.#next) {
      const where = placeOf(Number(row[0]));
      this.#auditor.found.addAt('key-row-wrong', where, `that turn binds no key, not ${String(row[3])}`);
      this.#next = this.#read();
    }
  }

  /** Keys that wait for their reply when everything indexed has been replayed. */
  #pending(): void {
    const waiting = new Map(this.#auditor.keys.pending);
    for (const row of this.#file.rows('SELECT scope, fingerprint, question, actor, checksum FROM pending')) {
      const [scope, fingerprint, question, actor, checksum] = row;
      const known = waiting.get(String(scope));
      waiting.delete(String(scope));
      const whole = hash53(JSON.stringify([scope, fingerprint, question, actor])) === checksum;
      const same =
        known !== undefined &&
        known.fingerprint === fingerprint &&
        known.question === question &&
        known.actor === actor;
      if (!same || !whole) this.#auditor.found.addAt('pending-row', `state.db, pending ${String(scope)}`, cut(row));
    }
    for (const scope of waiting.keys()) {
      this.#auditor.found.addAt('pending-row', `state.db, pending ${scope}`, 'it waits, and has no row');
    }
  }

  #read(): Row | undefined {
    const next = this.#rows.next();
    return next.done === true ? undefined : next.value;
  }
}

function placeOf(id: number): string {
  return `state.db, key of batch ${Math.floor(id / turnsOfBatch)}, turn ${id % turnsOfBatch}`;
}

function cut(row: Row): string {
  return `${JSON.stringify(row)} is not what waits`;
}
