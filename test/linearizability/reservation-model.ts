/** The life of one reservation: it is held once, and ends once, as paid, cancelled or expired. */
import type { Model } from './search.ts';

export type ReservationState = 'none' | 'held' | 'paid' | 'cancelled' | 'expired';

export type ReservationOperation =
  | { readonly type: 'hold' | 'pay' | 'cancel' }
  /** An answer that told the state and changed nothing. */
  | { readonly type: 'sees'; readonly state: ReservationState };

/** @param expiresAtMs its deadline; by the history's clock it may come `toleranceMs` sooner or later */
export function reservationModel(
  expiresAtMs: number,
  toleranceMs: number,
): Model<ReservationState, ReservationOperation> {
  return {
    initial: 'none',
    step(state, operation, { fromMs, toMs }) {
      const isHeld = state === 'held' && fromMs < expiresAtMs + toleranceMs;
      const isOverdue = state === 'held' && toMs >= expiresAtMs - toleranceMs;
      switch (operation.type) {
        case 'hold':
          return state === 'none' ? ['held'] : [];
        case 'pay':
          return isHeld ? ['paid'] : [];
        case 'cancel':
          return isHeld || state === 'cancelled' ? ['cancelled'] : [];
        case 'sees':
          if (operation.state === 'held') return isHeld ? ['held'] : [];
          if (operation.state === 'expired' && isOverdue) return ['expired'];
          return state === operation.state ? [state] : [];
      }
    },
    key: (state) => state,
  };
}
