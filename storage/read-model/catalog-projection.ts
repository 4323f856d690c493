/** Events of the catalog to rows: concerts. A schedule's row comes from the schedule's own `ScheduleOpened`. */
import type { Statement } from 'better-sqlite3';
import type { CatalogEvent } from '../../actors/catalog/messages.ts';
import type { Connection } from '../database.ts';

export class CatalogProjection {
  readonly #insertConcert: Statement<[string, string, string, number]>;

  constructor(db: Connection) {
    this.#insertConcert = db.prepare('INSERT INTO concert (id, name, description, created_at_ms) VALUES (?, ?, ?, ?)');
  }

  /** `atMs` is the stamped time of the event's turn. */
  apply(event: CatalogEvent, atMs: number): void {
    switch (event.type) {
      case 'ConcertCreated':
        this.#insertConcert.run(event.concert.id, event.concert.name, event.concert.description, atMs);
        return;
      case 'ScheduleCreated':
      case 'RoomPut':
        return;
    }
  }
}
