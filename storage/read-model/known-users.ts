/** The `user` table: everyone whom an event has named, from the first time on. */
import type { Statement } from 'better-sqlite3';
import type { Connection } from '../database.ts';

/** Ids remembered, so that most events of a user that has a row cost no statement. */
const rememberedMax = 100_000;

export class KnownUsers {
  readonly #insert: Statement<[string, number]>;
  readonly #remembered = new Set<string>();

  constructor(db: Connection) {
    this.#insert = db.prepare('INSERT INTO user (id, first_seen_at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING');
  }

  /** Makes the row of a user that has none. `atMs` is the stamped time of the turn. */
  see(userId: string, atMs: number): void {
    if (this.#remembered.has(userId)) return;
    this.#insert.run(userId, atMs);
    if (this.#remembered.size >= rememberedMax) this.#remembered.clear();
    this.#remembered.add(userId);
  }
}
