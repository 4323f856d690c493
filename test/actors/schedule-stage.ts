/** A schedule on a stage: commands at a time, their decisions applied, everything journaled as the engine would. */
import assert from 'node:assert/strict';
import type { Accepted, Decision, Rejected } from '../../engine/actor.ts';
import type { Rules } from '../../actors/rules.ts';
import type {
  OpenSchedule,
  Payment,
  Reservation,
  ScheduleCode,
  ScheduleCommand,
  ScheduleEvent,
  ScheduleReply,
  ScheduleViews,
} from '../../actors/schedule/messages.ts';
import { createSchedule } from '../../actors/schedule/schedule.ts';

export const rules: Rules = {
  holdTtlMs: 300_000,
  seatsPerReservationMax: 4,
  seatsPerUserMax: 6,
  expiriesPerTurnMax: 1_000,
  endedReservationsMax: 10_000,
  balanceMax: 1_000_000_000_000,
  engineLineMax: 100_000,
  sessionsMax: 1_000_000,
  leaverRangesMax: 1_000_000,
};

export const salesOpenAt = 1_000_000;
export const salesCloseAt = 9_000_000;

/** Eight seats: A-1-1 … A-1-3, A-2-1 and A-2-2 at 500, then B-1-1 … B-1-3 at 200. */
export const opening: OpenSchedule = {
  type: 'OpenSchedule',
  concertId: 'spring',
  venue: 'Hall',
  startsAt: 10_000_000,
  salesOpenAt,
  salesCloseAt,
  sections: [
    {
      name: 'A',
      price: 500,
      rows: [
        { name: '1', seats: 3 },
        { name: '2', seats: 2 },
      ],
    },
    { name: 'B', price: 200, rows: [{ name: '1', seats: 3 }] },
  ],
};

export const allSeatIds = ['A-1-1', 'A-1-2', 'A-1-3', 'A-2-1', 'A-2-2', 'B-1-1', 'B-1-2', 'B-1-3'] as const;

export const session = { room: 'main', epoch: 'e1', place: 7, userId: 'ann' };

export class Stage {
  readonly kind;
  readonly journal: ScheduleEvent[] = [];
  state;
  atMs = salesOpenAt;

  constructor(changedRules: Partial<Rules> = {}, id = 'd1') {
    this.kind = createSchedule({ ...rules, ...changedRules });
    this.state = this.kind.initial(id);
  }

  static opened(changedRules: Partial<Rules> = {}): Stage {
    const stage = new Stage(changedRules);
    stage.accept(opening);
    return stage;
  }

  decide(command: ScheduleCommand): Decision<ScheduleEvent, ScheduleReply, ScheduleCode> {
    return this.kind.decide(this.state, command, this.atMs);
  }

  /** Judges, requires acceptance, and applies. */
  accept(command: ScheduleCommand): Accepted<ScheduleEvent, ScheduleReply> {
    const decision = this.decide(command);
    if (decision.type === 'rejected') assert.fail(`${command.type} was refused: ${decision.code}`);
    for (const event of decision.events) {
      this.journal.push(event);
      this.state = this.kind.evolve(this.state, event);
    }
    return decision;
  }

  /** Judges, requires a refusal, and shows that nothing has changed. */
  refuse(command: ScheduleCommand): Rejected<ScheduleCode> {
    const before = this.kind.encode(this.state);
    const decision = this.decide(command);
    if (decision.type === 'accepted') assert.fail(`${command.type} was accepted`);
    assert.deepEqual(this.kind.encode(this.state), before);
    return decision;
  }

  hold(userId: string, ...seatIds: string[]): Reservation {
    const decision = this.accept({ type: 'HoldSeats', userId, seatIds });
    const reply = this.kind.reply(decision.events);
    assert.equal(reply.type, 'reservation');
    return reply.reservation;
  }

  cancel(userId: string, reservationId: string): ScheduleReply {
    const decision = this.accept({ type: 'CancelHold', userId, reservationId });
    return decision.reply.type === 'given' ? decision.reply.value : this.kind.reply(decision.events);
  }

  /** Starts a payment; returns the question that is now open. */
  startPayment(userId: string, reservationId: string, withSession: typeof session | null = null): string {
    const decision = this.accept({ type: 'PayReservation', userId, reservationId, session: withSession });
    assert.equal(decision.reply.type, 'later');
    return decision.reply.question;
  }

  answerDebited(question: string, balance: number): Accepted<ScheduleEvent, ScheduleReply> {
    const outcome = { type: 'accepted', reply: { type: 'moved', balance } } as const;
    return this.accept({ type: 'QuestionAnswered', question, outcome });
  }

  answerPoor(question: string, balance: number, required: number): Accepted<ScheduleEvent, ScheduleReply> {
    const outcome = { type: 'rejected', code: 'insufficient_balance', details: { balance, required } } as const;
    return this.accept({ type: 'QuestionAnswered', question, outcome });
  }

  pay(userId: string, reservationId: string, balance = 0): Payment {
    const { events } = this.answerDebited(this.startPayment(userId, reservationId), balance);
    const reply = this.kind.reply(events);
    assert.equal(reply.type, 'payment');
    return reply.payment;
  }

  reservation(userId: string, reservationId: string): ScheduleViews['reservation'] {
    // The query names the view that answers it.
    return this.kind.view(
      this.state,
      { type: 'reservation', reservationId, userId },
      this.atMs,
    ) as ScheduleViews['reservation'];
  }

  /** The reservation's status as its user reads it. */
  status(userId: string, reservationId: string): string | null {
    const view = this.reservation(userId, reservationId);
    if (view === null) return null;
    return view.type === 'reservation' ? view.reservation.status : view.status;
  }

  /** Seat statuses in layout order: `.` available, `h` held, `S` sold. */
  seats(): string {
    // The query names the view that answers it.
    const view = this.kind.view(this.state, { type: 'seats' }, this.atMs) as ScheduleViews['seats'];
    assert.ok(view !== null);
    const text = Array.from(view.statuses, (status) => '.hS'[status]).join('');
    assert.equal(view.seatsAvailable, text.split('.').length - 1, 'the counter equals what it counts');
    return text;
  }

  eventTypes(from = 0): string[] {
    return this.journal.slice(from).map((event) => event.type);
  }
}
