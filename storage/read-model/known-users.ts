/** The `user` table: everyone whom an event has named, numbered in the journal's order. */
import type { Statement } from 'better-sqlite3';
import type { Connection } from '../database.ts';
import { projectionQueries } from './queries.ts';
import { RecentlyUsed } from './recently-used.ts';

/** Numbers remembered, so that most events of a user that has a row cost no statement. At most twice as many, 14 MB. */
const remembered = 100_000;

export class KnownUsers {
  readonly #insert: Statement<[string, number]>;
  readonly #select: Statement<[string], number>;
  readonly #remembered = new RecentlyUsed<number>(remembered);

  constructor(db: Connection) {
    this.#insert = db.prepare('INSERT INTO user (id, first_seen_at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING');
    this.#select = db.prepare<[string], number>(projectionQueries['a user’s number']).pluck();
  }

  /** The key of a user's row, which is made when there is none. `atMs` is the stamped time of the turn. */
  numberOf(userId: string, atMs: number): number {
    const known = this.#remembered.get(userId);
    if (known !== undefined) return known;
    const inserted = this.#insert.run(userId, atMs);
    const number = inserted.changes === 1 ? Number(inserted.lastInsertRowid) : this.#select.get(userId);
    if (number === undefined) throw new Error(`User ${userId} has a row and has none: this is a bug`);
    this.#remembered.set(userId, number);
    return number;
  }
}
