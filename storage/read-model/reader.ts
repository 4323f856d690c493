/**
 * Reads the read model for the doors, on the main thread, through a read-only connection of its own. What it says
 * may be some batches behind the journal; `through` says how many. A hold whose deadline has just passed still reads
 * `held` until its `HoldExpired` has arrived.
 */
import type { Statement } from 'better-sqlite3';
import type { Reservation, ReservationStatus, Seat } from '../../actors/schedule/messages.ts';
import { explained, readModelHint } from '../damage.ts';
import { openDatabase } from '../database.ts';
import type { Connection } from '../database.ts';
import { readerQueries } from './queries.ts';
import { readModelMigrations } from './schema.ts';

export interface ReservationPage {
  readonly items: readonly Reservation[];
  /** Null when these are the last ones. */
  readonly nextCursor: string | null;
}

/** One seat of one reservation, in the order of the columns of `readerQueries`. */
type ReservationRow = [
  number: number,
  id: string,
  scheduleId: string,
  concertId: string,
  userId: string,
  status: ReservationStatus,
  totalPrice: number,
  heldAt: number,
  expiresAt: number,
  paidAt: number | null,
  section: string,
  row: string,
  seatNumber: number,
  price: number,
];

export class ReadModelReader {
  readonly #db: Connection;
  readonly #file: string;
  readonly #reservationsOfUser: Statement<[string, number], ReservationRow>;
  readonly #reservation: Statement<[string], ReservationRow>;
  readonly #through: Statement<[], number>;

  /**
   * @param file path of a `read-model.db` that `openConsumer` has made
   * @throws StorageUnavailable when there is none; StorageDamaged when SQLite cannot read it
   */
  constructor(file: string) {
    this.#file = file;
    this.#db = openDatabase(file, { migrations: readModelMigrations, readonly: true, corruptHint: readModelHint });
    this.#reservationsOfUser = this.#db
      .prepare<[string, number], ReservationRow>(readerQueries['a user’s reservations, newest first'])
      .raw();
    this.#reservation = this.#db.prepare<[string], ReservationRow>(readerQueries['one reservation']).raw();
    this.#through = this.#db.prepare<[], number>(readerQueries['how far the read model is']).pluck();
  }

  /**
   * A user's reservations, newest first. Pages neither repeat nor miss one while new ones are made.
   *
   * @param limit reservations a page, 1 or more
   * @param cursor `nextCursor` of the page before; null for the first
   * @returns null when the cursor is none that was given out
   */
  reservationsOf(userId: string, limit: number, cursor: string | null): ReservationPage | null {
    const before = cursor === null ? Number.MAX_SAFE_INTEGER : numberOf(cursor);
    if (before === null) return null;
    try {
      const items: Reservation[] = [];
      let seats: Seat[] = [];
      let lastNumber = -1;
      for (const row of this.#reservationsOfUser.iterate(userId, before)) {
        if (row[0] !== lastNumber) {
          if (items.length === limit) return { items, nextCursor: cursorOf(lastNumber) };
          lastNumber = row[0];
          seats = [];
          items.push(reservationOf(row, seats));
        }
        seats.push(seatOf(row));
      }
      return { items, nextCursor: null };
    } catch (error) {
      throw explained(error, this.#file, readModelHint);
    }
  }

  /** One reservation, whoever's it is; undefined when the read model does not have it (yet). */
  reservation(id: string): Reservation | undefined {
    try {
      const rows = this.#reservation.all(id);
      const first = rows[0];
      return first === undefined ? undefined : reservationOf(first, rows.map(seatOf));
    } catch (error) {
      throw explained(error, this.#file, readModelHint);
    }
  }

  /** Number of the last batch whose rows can be read; 0 for none. */
  through(): number {
    try {
      return this.#through.get() ?? 0;
    } catch (error) {
      throw explained(error, this.#file, readModelHint);
    }
  }

  close(): void {
    this.#db.close();
  }
}

function reservationOf(row: ReservationRow, seats: readonly Seat[]): Reservation {
  const [, id, scheduleId, concertId, userId, status, totalPrice, heldAt, expiresAt, paidAt] = row;
  return { id, scheduleId, concertId, userId, status, seats, totalPrice, heldAt, expiresAt, paidAt };
}

function seatOf(seat: ReservationRow): Seat {
  const section = seat[10];
  const row = seat[11];
  const number = seat[12];
  return { id: `${section}-${row}-${number}`, section, row, number, price: seat[13] };
}

/** A cursor is the number of the last reservation given, wrapped so that nobody counts on what is inside. */
function cursorOf(number: number): string {
  return Buffer.from(`r${number}`).toString('base64url');
}

function numberOf(cursor: string): number | null {
  const digits = /^r([1-9][0-9]{0,14})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1];
  if (digits === undefined) return null;
  const number = Number(digits);
  // Base64 ignores what it does not know; only the exact text that was given out is a cursor.
  return cursorOf(number) === cursor ? number : null;
}
