/** Schedules and reservations as the journal tells them: plain records, a reservation for each that was ever made. */
import type { SessionRef } from '../../actors/admission/messages.ts';
import type { ReservationStatus, ScheduleFacts } from '../../actors/schedule/messages.ts';
import type { Hall } from './hall.ts';

export interface AuditedReservation {
  readonly id: string;
  /** 1 for the first of its schedule. */
  readonly number: number;
  readonly schedule: AuditedSchedule;
  /** Indexes in layout order. */
  readonly seats: readonly number[];
  readonly userId: string;
  readonly totalPrice: number;
  readonly heldAt: number;
  readonly expiresAt: number;
  status: ReservationStatus;
  /** The running or last attempt to pay, 0 before the first. */
  attempt: number;
  /** The session that the running payment will end. */
  session: SessionRef | null;
  /** 0 until paid. */
  paidAt: number;
  /** The wallet's balance after the debit; 0 until paid. */
  balance: number;
  /** When it expired or was cancelled; 0 until then. */
  endedAt: number;
}

export interface AuditedSchedule {
  readonly facts: ScheduleFacts;
  readonly hall: Hall;
  readonly openedAt: number;
  /** Who holds or has a seat, by the seat's index. */
  readonly owners: Map<number, AuditedReservation>;
  /** Number `n` stands at `n - 1`. */
  readonly reservations: AuditedReservation[];
  /** Numbers of the expired and cancelled ones, in the order of their end. */
  readonly ended: number[];
  /** Held, paying and paid ones by user. */
  readonly ofUser: Map<string, AuditedReservation[]>;
  /** Changes of a seat's status since the schedule was opened. */
  changes: number;
}

/** The number in `<scheduleId>.<n>`; undefined for a text that is no such id in its one spelling. */
export function numberIn(scheduleId: string, reservationId: string): number | undefined {
  const dot = scheduleId.length;
  if (!reservationId.startsWith(scheduleId) || reservationId[dot] !== '.') return undefined;
  const number = Number(reservationId.slice(dot + 1));
  return reservationId === `${scheduleId}.${number}` ? number : undefined;
}

export class ScheduleModel {
  readonly schedules = new Map<string, AuditedSchedule>();
  /** In the order of the journal. */
  readonly reservations: AuditedReservation[] = [];

  reservation(id: string): AuditedReservation | undefined {
    const schedule = this.schedules.get(id.slice(0, Math.max(0, id.lastIndexOf('.'))));
    if (schedule === undefined) return undefined;
    const number = numberIn(schedule.facts.id, id);
    return number === undefined ? undefined : schedule.reservations[number - 1];
  }
}
