/**
 * What the rows of `state.db` must add up to. SQLite finds a row by what an index says, so one flipped byte of a name or
 * a hash makes a row look as if it had never been written. The totals are kept beside the rows, in the same
 * transactions, and tell a lost row from one that never was.
 */
import { scopeHash } from './state-schema.ts';

const halfMax = 4_294_967_296;

/** How many rows there are, and the XOR of a hash of 53 bits of each, in any order. */
export class RowTotals {
  #rows: number;
  #low: number;
  #high: number;

  constructor(rows = 0, hash = 0) {
    this.#rows = rows;
    this.#low = hash | 0;
    this.#high = Math.floor(hash / halfMax);
  }

  get rows(): number {
    return this.#rows;
  }

  get hash(): number {
    return this.#high * halfMax + (this.#low >>> 0);
  }

  add(hash: number): void {
    this.#rows += 1;
    this.#toggle(hash);
  }

  remove(hash: number): void {
    this.#rows -= 1;
    this.#toggle(hash);
  }

  equals(other: RowTotals): boolean {
    return this.#rows === other.#rows && this.hash === other.hash;
  }

  #toggle(hash: number): void {
    this.#low ^= hash | 0;
    this.#high ^= Math.floor(hash / halfMax);
  }
}

/** A bound key's row as it lies in `keys` and `durable_keys`. */
export interface KeyRow {
  readonly id: number;
  readonly at_ms: number;
  readonly scope: string;
  readonly fingerprint: string;
  readonly checksum: number;
}

export const keyColumns = 'id, at_ms, scope, fingerprint, checksum';

/** Quick rather than strong: it is made for each key that binds, against damage only. `hash` is the scope's. */
export function keyChecksum(id: number, atMs: number, hash: number, fingerprint: string): number {
  return scopeHash(`${id}|${atMs}|${hash}|${fingerprint}`);
}

export function isKeyWhole(row: KeyRow): boolean {
  // A flipped byte in a row's header can change the types that SQLite gives.
  if (typeof row.scope !== 'string') return false;
  return keyChecksum(row.id, row.at_ms, scopeHash(row.scope), row.fingerprint) === row.checksum;
}

export interface PendingRow {
  readonly scope: string;
  readonly fingerprint: string;
  readonly question: string;
  readonly actor: string;
  readonly checksum: number;
}

export const pendingColumns = 'scope, fingerprint, question, actor, checksum';

export function pendingChecksum(row: Omit<PendingRow, 'checksum'>): number {
  return scopeHash(JSON.stringify([row.scope, row.fingerprint, row.question, row.actor]));
}

export function isPendingWhole(row: PendingRow): boolean {
  return pendingChecksum(row) === row.checksum;
}
