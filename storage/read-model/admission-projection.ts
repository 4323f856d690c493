/** Events of admission to rows: a token has a row from its admission, or its leaving the line, on. */
import type { Statement } from 'better-sqlite3';
import type { AdmissionEvent, SessionEndReason } from '../../actors/admission/messages.ts';
import type { Connection } from '../database.ts';
import type { KnownUsers } from './known-users.ts';
import { mustChangeOne } from './must-change-one.ts';
import { projectionQueries } from './queries.ts';

export class AdmissionProjection {
  readonly #users: KnownUsers;
  readonly #insertAdmitted: Statement<[string, string, number, number, number, number]>;
  readonly #insertLeft: Statement<[string, string, number, number, number]>;
  readonly #renew: Statement<[number, string, string, number]>;
  readonly #end: Statement<[number, SessionEndReason, string, string, number]>;

  constructor(db: Connection, users: KnownUsers) {
    this.#users = users;
    this.#insertAdmitted = db.prepare(
      `INSERT INTO waiting_token (room, epoch, place, user_number, status, admitted_at_ms, expires_at_ms)
       VALUES (?, ?, ?, ?, 'active', ?, ?)`,
    );
    this.#insertLeft = db.prepare(
      `INSERT INTO waiting_token (room, epoch, place, user_number, status, ended_at_ms, end_reason)
       VALUES (?, ?, ?, ?, 'ended', ?, 'left')`,
    );
    this.#renew = db.prepare(projectionQueries['a session is renewed']);
    this.#end = db.prepare(projectionQueries['a session has ended']);
  }

  /** `atMs` is the stamped time of the event's turn. */
  apply(room: string, event: AdmissionEvent, atMs: number): void {
    switch (event.type) {
      case 'UserAdmitted':
        this.#insertAdmitted.run(
          room,
          event.epoch,
          event.place,
          this.#users.numberOf(event.userId, atMs),
          event.admittedAt,
          event.expiresAt,
        );
        return;
      case 'PlaceLeft':
        this.#insertLeft.run(room, event.epoch, event.place, this.#users.numberOf(event.userId, atMs), event.leftAt);
        return;
      case 'SessionRenewed':
        return mustChangeOne(this.#renew.run(event.expiresAt, room, event.epoch, event.place), event.userId);
      case 'SessionEnded':
        return mustChangeOne(this.#end.run(event.endedAt, event.reason, room, event.epoch, event.place), event.userId);
      case 'PolicySet':
      case 'LineOpened':
      case 'LineLost':
      case 'PlacesPassed':
        return;
    }
  }
}
