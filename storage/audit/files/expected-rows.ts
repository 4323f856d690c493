/** The rows that the model gives the read model (`storage/schema.md`), table by table, in the order of their keys. */
import type { Auditor } from '../auditor.ts';
import type { AuditedReservation, AuditedSchedule } from '../schedule-model.ts';
import type { Row } from './read-only.ts';

/** Users by id, numbered in the order in which events named them. */
export type NumberedUsers = ReadonlyMap<string, { readonly number: number; readonly firstSeenAt: number }>;

export class ExpectedRows {
  readonly #auditor: Auditor;
  readonly #users: NumberedUsers;
  readonly #reservations: readonly AuditedReservation[];
  readonly #schedules: readonly AuditedSchedule[];
  readonly #numberOfReservation = new Map<AuditedReservation, number>();
  readonly #numberOfSchedule = new Map<AuditedSchedule, number>();

  constructor(auditor: Auditor, users: NumberedUsers) {
    this.#auditor = auditor;
    this.#users = users;
    this.#reservations = auditor.schedules.model.reservations;
    this.#schedules = [...auditor.schedules.model.schedules.values()];
    this.#reservations.forEach((reservation, index) => this.#numberOfReservation.set(reservation, index + 1));
    this.#schedules.forEach((schedule, index) => this.#numberOfSchedule.set(schedule, index + 1));
  }

  *user(): Generator<Row> {
    for (const [id, { number, firstSeenAt }] of this.#users) yield [number, id, firstSeenAt];
  }

  *asset(): Generator<Row> {
    for (const [id, { number }] of this.#users) {
      const wallet = this.#auditor.money.wallets.get(id);
      if (wallet !== undefined) yield [number, wallet.balance, wallet.changedAt];
    }
  }

  /** `createdAt` by concert, ms. */
  concert(createdAt: ReadonlyMap<string, number>): Row[] {
    const concerts = [...this.#auditor.catalog.concerts.values()].map(({ concert }) => concert);
    return concerts
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, name, description }) => [id, name, description, createdAt.get(id) ?? null]);
  }

  *schedule(): Generator<Row> {
    for (const [index, { facts, hall, openedAt }] of this.#schedules.entries()) {
      const { id, concertId, venue, startsAt, salesOpenAt, salesCloseAt } = facts;
      yield [index + 1, id, concertId, venue, startsAt, salesOpenAt, salesCloseAt, hall.seats.length, openedAt];
    }
  }

  *layout(): Generator<Row> {
    for (const [index, { hall }] of this.#schedules.entries()) yield [index + 1, JSON.stringify(hall.sections)];
  }

  *seat(): Generator<Row> {
    for (const [index, { hall, owners }] of this.#schedules.entries()) {
      for (const [position, { section, row, number, price }] of hall.seats.entries()) {
        const owner = owners.get(position);
        const status = owner === undefined ? 'available' : owner.status === 'paid' ? 'sold' : 'held';
        const reservation = owner === undefined ? null : (this.#numberOfReservation.get(owner) ?? null);
        yield [index + 1, position, section, row, number, price, status, reservation];
      }
    }
  }

  *reservation(): Generator<Row> {
    for (const [index, reservation] of this.#reservations.entries()) {
      const { id, schedule, status, seats, totalPrice, heldAt, expiresAt, paidAt, endedAt } = reservation;
      yield [
        index + 1,
        id,
        this.#numberOfSchedule.get(schedule) ?? null,
        this.#userNumber(reservation),
        status,
        seats.length,
        totalPrice,
        heldAt,
        expiresAt,
        paidAt === 0 ? null : paidAt,
        endedAt === 0 ? null : endedAt,
      ];
    }
  }

  *ticket(): Generator<Row> {
    for (const [index, { seats, schedule }] of this.#reservations.entries()) {
      const scheduleNumber = this.#numberOfSchedule.get(schedule) ?? null;
      for (const seat of seats) yield [index + 1, seat, scheduleNumber, schedule.hall.seatAt(seat).price];
    }
  }

  *payment(): Generator<Row> {
    for (const [index, reservation] of this.#reservations.entries()) {
      const { id, status, totalPrice, balance, paidAt } = reservation;
      if (status !== 'paid') continue;
      yield [index + 1, `pay.${id}`, this.#userNumber(reservation), totalPrice, balance, paidAt];
    }
  }

  #userNumber({ userId }: AuditedReservation): number | null {
    return this.#users.get(userId)?.number ?? null;
  }
}
