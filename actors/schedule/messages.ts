/** What the actor of one concert date understands, records and answers. Times are ms since the epoch, money minor units. */
import type { ExpireDue, QuestionAnswered } from '../../engine/actor.ts';
import type { BusinessCode } from '../codes.ts';
import type { SessionRef } from '../admission/messages.ts';

export interface SectionSpec {
  readonly name: string;
  /** Price of each of its seats. */
  readonly price: number;
  readonly rows: readonly { readonly name: string; readonly seats: number }[];
}

export interface ScheduleFacts {
  readonly id: string;
  readonly concertId: string;
  readonly venue: string;
  readonly startsAt: number;
  readonly salesOpenAt: number;
  readonly salesCloseAt: number;
}

export interface Seat {
  /** `<section>-<row>-<number>` */
  readonly id: string;
  readonly section: string;
  readonly row: string;
  readonly number: number;
  readonly price: number;
}

export type SeatStatus = 'available' | 'held' | 'sold';

export type ReservationStatus = 'held' | 'paying' | 'paid' | 'expired' | 'cancelled';

export interface Reservation {
  /** `<scheduleId>.<n>`: carries its schedule, so that any later command finds its actor. */
  readonly id: string;
  readonly scheduleId: string;
  readonly concertId: string;
  readonly userId: string;
  readonly status: ReservationStatus;
  /** In layout order. */
  readonly seats: readonly Seat[];
  readonly totalPrice: number;
  readonly heldAt: number;
  readonly expiresAt: number;
  readonly paidAt: number | null;
}

export interface Payment {
  readonly id: string;
  readonly reservationId: string;
  readonly userId: string;
  readonly amount: number;
  /** The wallet's balance after the debit. */
  readonly balance: number;
  readonly paidAt: number;
}

export interface OpenSchedule {
  readonly type: 'OpenSchedule';
  readonly concertId: string;
  readonly venue: string;
  readonly startsAt: number;
  readonly salesOpenAt: number;
  readonly salesCloseAt: number;
  readonly sections: readonly SectionSpec[];
}

export interface HoldSeats {
  readonly type: 'HoldSeats';
  readonly userId: string;
  /** Distinct, at least one. */
  readonly seatIds: readonly string[];
}

export interface CancelHold {
  readonly type: 'CancelHold';
  readonly userId: string;
  readonly reservationId: string;
}

export interface PayReservation {
  readonly type: 'PayReservation';
  readonly userId: string;
  readonly reservationId: string;
  /** The session of the token that the command came with; paying ends it. Null from NATS. */
  readonly session: SessionRef | null;
}

export type ScheduleCommand = OpenSchedule | HoldSeats | CancelHold | PayReservation | ExpireDue | QuestionAnswered;

export interface ScheduleOpened {
  readonly type: 'ScheduleOpened';
  readonly v: 1;
  readonly schedule: ScheduleFacts;
  readonly sections: readonly SectionSpec[];
}

export interface SeatsHeld {
  readonly type: 'SeatsHeld';
  readonly v: 1;
  readonly reservation: Reservation;
}

export interface HoldCancelled {
  readonly type: 'HoldCancelled';
  readonly v: 1;
  readonly reservation: Reservation;
  readonly cancelledAt: number;
}

export interface HoldExpired {
  readonly type: 'HoldExpired';
  readonly v: 1;
  readonly reservation: Reservation;
  readonly expiredAt: number;
}

export interface PaymentStarted {
  readonly type: 'PaymentStarted';
  readonly v: 1;
  readonly reservationId: string;
  /** 1 for the first try; the question's id is `<reservationId>#<attempt>`. */
  readonly attempt: number;
  readonly amount: number;
  readonly session: SessionRef | null;
}

/** The wallet refused: the reservation is held again. */
export interface PaymentRefused {
  readonly type: 'PaymentRefused';
  readonly v: 1;
  readonly reservationId: string;
  readonly attempt: number;
}

export interface ReservationPaid {
  readonly type: 'ReservationPaid';
  readonly v: 1;
  readonly reservation: Reservation;
  readonly payment: Payment;
}

export type ScheduleEvent =
  | ScheduleOpened
  | SeatsHeld
  | HoldCancelled
  | HoldExpired
  | PaymentStarted
  | PaymentRefused
  | ReservationPaid;

export type ScheduleReply =
  | { readonly type: 'schedule'; readonly schedule: ScheduleFacts & { readonly seatsTotal: number } }
  | { readonly type: 'reservation'; readonly reservation: Reservation }
  | { readonly type: 'payment'; readonly payment: Payment }
  /** Ended so long ago that only the read model still has its details. */
  | { readonly type: 'shrunk-reservation'; readonly id: string; readonly status: 'expired' | 'cancelled' };

export type ScheduleCode = Extract<
  BusinessCode,
  | 'schedule_not_found'
  | 'already_exists'
  | 'sales_closed'
  | 'seat_not_found'
  | 'seat_limit_exceeded'
  | 'seat_unavailable'
  | 'reservation_not_found'
  | 'already_paid'
  | 'reservation_cancelled'
  | 'hold_expired'
  | 'payment_in_progress'
  | 'insufficient_balance'
>;

export type ScheduleQuery =
  | { readonly type: 'seats' }
  | { readonly type: 'reservation'; readonly reservationId: string; readonly userId: string };

/** A hall: the same object for all dates in memory whose halls are equal, and it never changes. */
export interface SeatLayout {
  readonly seatsTotal: number;
  /** In layout order; made anew each time. */
  seats(): Iterable<Seat>;
}

export interface SeatsView {
  readonly schedule: ScheduleFacts;
  /** Grows with every change of a seat's status; part of the list's version. */
  readonly changes: number;
  readonly seatsAvailable: number;
  readonly seatsTotal: number;
  readonly layout: SeatLayout;
  /** A byte a seat, in layout order: 0 available, 1 held, 2 sold. The actor's own array: read it at once, never keep or change it. */
  readonly statuses: Readonly<Uint8Array>;
}

export interface ScheduleViews {
  /** Null for a schedule that does not exist. */
  readonly seats: SeatsView | null;
  /** Null when there is none of that user. A hold past its deadline reads `expired`. */
  readonly reservation: Extract<ScheduleReply, { type: 'reservation' | 'shrunk-reservation' }> | null;
}

/** What recovery and the catalog's counters need of a schedule at rest. */
export interface ScheduleSummary extends ScheduleFacts {
  readonly seatsTotal: number;
  readonly seatsAvailable: number;
}

export interface ScheduleProtocol {
  readonly command: ScheduleCommand;
  readonly event: ScheduleEvent;
  readonly reply: ScheduleReply;
  readonly code: ScheduleCode;
  readonly query: ScheduleQuery;
  readonly views: ScheduleViews;
}
