/** Giving up a hold. Cancelling twice is no error: the second answer equals the first. */
import type { Decision } from '../../engine/actor.ts';
import { accepted, rejected, unchanged } from '../decision.ts';
import type { CancelHold, ScheduleCode, ScheduleEvent, ScheduleReply } from './messages.ts';
import { ownOrdinal, paymentOf, reservationOf, type ScheduleState } from './state.ts';

export function decideCancel(
  state: ScheduleState,
  command: CancelHold,
  atMs: number,
): Decision<ScheduleEvent, ScheduleReply, ScheduleCode> {
  const { open } = state;
  const { reservationId, userId } = command;
  const ordinal = open === null ? null : ownOrdinal(open, reservationId, userId);
  if (open === null || ordinal === null) return rejected('reservation_not_found');

  switch (open.reservations.statusOf(ordinal)) {
    case 'paid':
      return rejected('already_paid', { payment: { ...paymentOf(open, ordinal) } });
    case 'cancelled':
      return open.reservations.isShrunk(ordinal)
        ? unchanged({ type: 'shrunk-reservation', id: reservationId, status: 'cancelled' })
        : unchanged({ type: 'reservation', reservation: reservationOf(open, ordinal, 'cancelled') });
    case 'expired':
      return rejected('hold_expired');
    case 'paying':
      return rejected('payment_in_progress');
    case 'held': {
      if (open.reservations.isOverdue(ordinal, atMs)) return rejected('hold_expired');
      const reservation = reservationOf(open, ordinal, 'cancelled');
      return accepted([{ type: 'HoldCancelled', v: 1, reservation, cancelledAt: atMs }]);
    }
  }
}
