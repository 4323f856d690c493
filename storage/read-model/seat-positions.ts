/** Finds the key of a seat's row, `(schedule number, position)`, from the names that events carry. */
import type { Statement } from 'better-sqlite3';
import type { SectionSpec, Seat } from '../../actors/schedule/messages.ts';
import type { Connection } from '../database.ts';
import { projectionQueries } from './queries.ts';
import { RecentlyUsed } from './recently-used.ts';

/** Layouts remembered; one that is not costs two indexed reads and its parsing: 0.2 ms for a hall of 300 rows. */
const remembered = 1_000;

/** Where the seats of one schedule stand. */
export class SeatPositions {
  /** `concert_schedule.number` */
  readonly scheduleNumber: number;
  readonly seatsTotal: number;
  /** Section, then row, to the position of the row's seat number 1. */
  readonly #rowStarts = new Map<string, Map<string, number>>();

  constructor(scheduleNumber: number, sections: readonly SectionSpec[]) {
    this.scheduleNumber = scheduleNumber;
    let position = 0;
    for (const section of sections) {
      const starts = new Map<string, number>();
      for (const row of section.rows) {
        starts.set(row.name, position);
        position += row.seats;
      }
      this.#rowStarts.set(section.name, starts);
    }
    this.seatsTotal = position;
  }

  positionOf(seat: Seat): number {
    const start = this.#rowStarts.get(seat.section)?.get(seat.row);
    if (start === undefined) throw new Error(`Schedule ${this.scheduleNumber} has no seat ${seat.id}: this is a bug`);
    return start + seat.number - 1;
  }
}

/** The positions of all schedules that have been opened, the last used ones in memory. */
export class SeatPositionsOfSchedules {
  readonly #select: Statement<[string], { number: number; sections: string }>;
  readonly #remembered = new RecentlyUsed<SeatPositions>(remembered);

  constructor(db: Connection) {
    this.#select = db.prepare(projectionQueries['a schedule’s number and seats']);
  }

  of(scheduleId: string): SeatPositions {
    const known = this.#remembered.get(scheduleId);
    if (known !== undefined) return known;
    const row = this.#select.get(scheduleId);
    if (row === undefined) throw new Error(`Schedule ${scheduleId} has never been opened: this is a bug`);
    // Written by `ScheduleProjection` from an event of this shape.
    const found = new SeatPositions(row.number, JSON.parse(row.sections) as readonly SectionSpec[]);
    this.remember(scheduleId, found);
    return found;
  }

  remember(scheduleId: string, positions: SeatPositions): void {
    this.#remembered.set(scheduleId, positions);
  }
}
