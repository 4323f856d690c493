/**
 * Paying: a conversation with the user's wallet. While it runs the reservation is `paying` and does not expire, so that
 * it ends in exactly one of paid, or held (or expired) with nothing debited.
 */
import type { Decision, Effect, QuestionAnswered } from '../../engine/actor.ts';
import type { AdmissionCommand, SessionRef } from '../admission/messages.ts';
import { accepted, acceptedLater, closed, rejected } from '../decision.ts';
import type { WalletCommand } from '../wallet/messages.ts';
import { expiryOf } from './expire.ts';
import { ordinalOf, paymentIdOf, questionIdOf, readQuestionId, reservationIdOf } from './ids.ts';
import type { PayReservation, ScheduleCode, ScheduleEvent, ScheduleReply } from './messages.ts';
import {
  type OpenedSchedule,
  ownOrdinal,
  paymentOf,
  reservationOf,
  type ScheduleState,
  seatsAt,
  totalPriceOf,
} from './state.ts';

export function decidePay(
  state: ScheduleState,
  command: PayReservation,
  atMs: number,
): Decision<ScheduleEvent, ScheduleReply, ScheduleCode> {
  const { open } = state;
  const { reservationId, userId, session } = command;
  const ordinal = open === null ? null : ownOrdinal(open, reservationId, userId);
  if (open === null || ordinal === null) return rejected('reservation_not_found');

  switch (open.reservations.statusOf(ordinal)) {
    case 'paid':
      return rejected('already_paid', { payment: { ...paymentOf(open, ordinal) } });
    case 'cancelled':
      return rejected('reservation_cancelled');
    case 'expired':
      return rejected('hold_expired');
    case 'paying':
      return rejected('payment_in_progress');
    case 'held': {
      if (open.reservations.isOverdue(ordinal, atMs)) return rejected('hold_expired');
      const attempt = open.reservations.attemptOf(ordinal) + 1;
      const amount = amountOf(open, ordinal);
      return acceptedLater(
        [{ type: 'PaymentStarted', v: 1, reservationId, attempt, amount, session }],
        questionIdOf(reservationId, attempt),
        [debit(open, ordinal, attempt)],
      );
    }
  }
}

/** The wallet has answered. An answer to a question that is no longer open changes nothing. */
export function decideAnswered(
  state: ScheduleState,
  { question, outcome }: QuestionAnswered,
  atMs: number,
): Decision<ScheduleEvent, ScheduleReply, ScheduleCode> {
  const { open } = state;
  const { reservationId, attempt } = readQuestionId(question);
  const ordinal = ordinalOf(state.id, reservationId);
  if (open === null || !open.paying.has(ordinal) || open.reservations.attemptOf(ordinal) !== attempt) {
    return accepted([]);
  }

  if (outcome.type === 'accepted') {
    const paid = reservationPaid(open, ordinal, balanceIn(outcome.reply), atMs);
    return closed([paid], question, null, sessionEnd(open.paying.get(ordinal) ?? null));
  }
  // The wallet refuses a debit for one reason only; another one is a bug, which must not pass as a business outcome.
  if (outcome.code !== 'insufficient_balance') throw new Error(`${question}: the wallet refused with ${outcome.code}`);
  const events: ScheduleEvent[] = [{ type: 'PaymentRefused', v: 1, reservationId, attempt }];
  if (open.reservations.expiresAtOf(ordinal) <= atMs) events.push(expiryOf(open, ordinal, atMs));
  return closed(events, question, rejected('insufficient_balance', outcome.details));
}

/** The debits that are still to be answered, oldest reservation first; the wallet answers the same id the same way. */
export function openDebits(open: OpenedSchedule): Effect[] {
  return [...open.paying.keys()]
    .sort((a, b) => a - b)
    .map((ordinal) => debit(open, ordinal, open.reservations.attemptOf(ordinal)));
}

function debit(open: OpenedSchedule, ordinal: number, attempt: number): Effect {
  const reservationId = reservationIdOf(open.facts.id, ordinal);
  const question = questionIdOf(reservationId, attempt);
  const command: WalletCommand = {
    type: 'DebitWallet',
    id: question,
    amount: amountOf(open, ordinal),
    reservationId,
  };
  return { type: 'ask', to: `wallet:${open.reservations.userOf(ordinal)}`, command, question };
}

function amountOf(open: OpenedSchedule, ordinal: number): number {
  return totalPriceOf(seatsAt(open.layout, open.reservations.seatsOf(ordinal)));
}

function reservationPaid(open: OpenedSchedule, ordinal: number, balance: number, atMs: number): ScheduleEvent {
  const reservation = { ...reservationOf(open, ordinal, 'paying'), status: 'paid', paidAt: atMs } as const;
  return {
    type: 'ReservationPaid',
    v: 1,
    reservation,
    payment: {
      id: paymentIdOf(reservation.id),
      reservationId: reservation.id,
      userId: reservation.userId,
      amount: reservation.totalPrice,
      balance,
      paidAt: atMs,
    },
  };
}

function sessionEnd(session: SessionRef | null): Effect[] {
  if (session === null) return [];
  const command: AdmissionCommand = { type: 'EndSession', session, reason: 'paid' };
  return [{ type: 'tell', to: `admission:${session.room}`, command }];
}

/** The wallet's reply comes through the engine with its type erased. */
function balanceIn(reply: unknown): number {
  if (typeof reply === 'object' && reply !== null && 'balance' in reply && typeof reply.balance === 'number') {
    return reply.balance;
  }
  throw new Error('the wallet answered a debit without a balance');
}
