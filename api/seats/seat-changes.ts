/**
 * The newest changes of seats, per date, for whoever watches it live. A date is followed from the moment when its list is
 * read, so that a stream opened with that list's version finds every change since. Sets of changes come from the engine's
 * hook, before they are durable, and are told only afterwards (invariant 3): each knows the batch that holds it.
 * Everything is bounded: what does not fit is forgotten, and its watchers read the list again.
 */
import type { ScheduleEvent } from '../../actors/schedule/messages.ts';
import type { Address } from '../../engine/actor.ts';
import type { JournaledEvent } from '../../engine/ports.ts';
import { limits } from '../limits.ts';
import { type ChangeSet, ScheduleChanges, versionAt } from './schedule-changes.ts';

export interface SeatChangesOptions {
  /** Random for each process: a version is never used again, also after a crash that undid changes. */
  readonly bootId: string;
  /** Number of the last durable batch; asked when frames are made. */
  readonly durableBatch: () => number;
  readonly bounds?: SeatChangesBounds;
}

export interface SeatChangesBounds {
  readonly seatChangesMax: number;
  readonly seatChangesPerScheduleMax: number;
  readonly seatSchedulesMax: number;
}

export class SeatChanges {
  /** Number of the last durable batch. */
  readonly durableBatch: () => number;
  readonly #bootId: string;
  readonly #bounds: SeatChangesBounds;
  /** By address; of those not asked for since the last look, the one looked at longest ago comes first. */
  readonly #schedules = new Map<Address, ScheduleChanges>();
  #kept = 0;

  constructor({ bootId, durableBatch, bounds = limits }: SeatChangesOptions) {
    this.durableBatch = durableBatch;
    this.#bootId = bootId;
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#schedules.size;
  }

  /** Seats in all sets that are kept. */
  get kept(): number {
    return this.#kept;
  }

  /** The engine's hook: the events of one turn, applied and not yet durable; they are part of `batch`. */
  onEvents(events: readonly JournaledEvent[], batch: number): void {
    if (this.#schedules.size === 0) return;
    for (const { actor, event } of events) {
      const schedule = this.#schedules.get(actor);
      // True: only schedules are followed, and only a schedule writes events under its address.
      if (schedule !== undefined) this.#add(schedule, event as ScheduleEvent, batch);
    }
  }

  /**
   * The version of the seat list of a schedule that stands at `changes` now. A stream that is opened with it finds every
   * change since.
   */
  version(scheduleId: string, changes: number): string {
    this.follow(scheduleId, changes);
    return versionAt(changes, this.#bootId);
  }

  /** The position that a version of this process names; null for any other text. */
  positionOf(version: string): number | null {
    const digits = version.startsWith(`${this.#bootId}.`) ? version.slice(this.#bootId.length + 1) : '';
    return /^(?:0|[1-9]\d{0,14})$/.test(digits) ? Number(digits) : null;
  }

  /**
   * The changes of a schedule that stands at `changes` now; from here on it is followed. Null when as many as may be
   * are followed, and every one of them has streams.
   */
  follow(scheduleId: string, changes: number): ScheduleChanges | null {
    const address: Address = `schedule:${scheduleId}`;
    let schedule = this.#schedules.get(address);
    if (schedule !== undefined && schedule.through !== changes) {
      // It has missed something: that would be a bug, and its streams must not go on without it.
      this.#forget(address, schedule);
      schedule = undefined;
    }
    if (schedule === undefined) {
      if (this.#schedules.size >= this.#bounds.seatSchedulesMax && !this.#forgetIdle()) return null;
      schedule = new ScheduleChanges(changes, this.#bootId);
      this.#schedules.set(address, schedule);
    } else schedule.used = true;
    return schedule;
  }

  #add(schedule: ScheduleChanges, event: ScheduleEvent, batch: number): void {
    const change = changeIn(event);
    if (change === null) return;
    schedule.add(change.seats, change.status, batch);
    this.#kept += change.seats.length;
    while (schedule.kept > this.#bounds.seatChangesPerScheduleMax) this.#kept -= schedule.forgetOldest();
    // Its own history goes first only where everyone else's is watched.
    while (this.#kept > this.#bounds.seatChangesMax && this.#forgetIdle());
    while (this.#kept > this.#bounds.seatChangesMax && schedule.followed && schedule.kept > 0)
      this.#kept -= schedule.forgetOldest();
  }

  /**
   * Forgets a date without streams, by second chance (Corbató, A Paging Experiment with the Multics System, 1968): to keep
   * dates in the order of their last use would cost each poll more than all else that it does here.
   */
  #forgetIdle(): boolean {
    for (const [address, schedule] of this.#schedules) {
      if (schedule.watched) continue;
      if (!schedule.used) {
        this.#forget(address, schedule);
        return true;
      }
      schedule.used = false;
      // To the end, where the loop meets it again if nobody else can go.
      this.#schedules.delete(address);
      this.#schedules.set(address, schedule);
    }
    return false;
  }

  #forget(address: Address, schedule: ScheduleChanges): void {
    schedule.followed = false;
    this.#kept -= schedule.kept;
    this.#schedules.delete(address);
  }
}

/** What an event makes of which seats; null for one that changes none. */
function changeIn(event: ScheduleEvent): Pick<ChangeSet, 'seats' | 'status'> | null {
  switch (event.type) {
    case 'SeatsHeld':
      return { seats: event.reservation.seats, status: 'held' };
    case 'HoldCancelled':
    case 'HoldExpired':
      return { seats: event.reservation.seats, status: 'available' };
    case 'ReservationPaid':
      return { seats: event.reservation.seats, status: 'sold' };
    case 'ScheduleOpened':
    case 'PaymentStarted':
    case 'PaymentRefused':
      return null;
  }
}
