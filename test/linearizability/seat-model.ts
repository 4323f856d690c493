/**
 * One seat of one date: free, held until a deadline, or sold for ever. A hold past its deadline counts as free, from
 * whenever that is first seen on: nothing else marks the instant at which it expired.
 */
import type { Model } from './search.ts';

export type SeatState =
  | { readonly type: 'free' }
  | {
      readonly type: 'held';
      /** Null when nobody was told which. */
      readonly reservationId: string | null;
      /** It cannot have expired before; it cannot hold the seat after. Both are its deadline, where that is known. */
      readonly freeFromMs: number;
      readonly holdsUntilMs: number;
    }
  | { readonly type: 'sold'; readonly reservationId: string };

export type SeatOperation =
  | { readonly type: 'hold'; readonly reservationId: string; readonly expiresAtMs: number }
  | { readonly type: 'hold-untold' }
  /** Of a refused hold that named this seat, or another one but not this. */
  | { readonly type: 'sees-taken' | 'sees-free' }
  | { readonly type: 'pay' | 'cancel'; readonly reservationId: string }
  | { readonly type: 'sees-reservation'; readonly reservationId: string; readonly as: 'held' | 'sold' | 'over' };

export interface SeatTimes {
  /** A deadline may come so much sooner or later by the history's clock. */
  readonly toleranceMs: number;
  /** How long a hold lasts at least; of holds whose answer nobody has seen. */
  readonly holdTtlMs: number;
}

const free: SeatState = { type: 'free' };

export function seatModel({ toleranceMs, holdTtlMs }: SeatTimes): Model<SeatState, SeatOperation> {
  return {
    initial: free,
    step(state, operation, { fromMs, toMs }) {
      const holds = state.type === 'held' && fromMs < state.holdsUntilMs + toleranceMs;
      const isFree = state.type === 'free' || (state.type === 'held' && toMs >= state.freeFromMs - toleranceMs);
      const isIts =
        state.type !== 'free' && 'reservationId' in operation && state.reservationId === operation.reservationId;
      switch (operation.type) {
        case 'hold': {
          const { reservationId, expiresAtMs } = operation;
          return isFree ? [{ type: 'held', reservationId, freeFromMs: expiresAtMs, holdsUntilMs: expiresAtMs }] : [];
        }
        case 'hold-untold':
          if (!isFree) return [];
          return [{ type: 'held', reservationId: null, freeFromMs: fromMs + holdTtlMs, holdsUntilMs: Infinity }];
        case 'sees-taken':
          return holds || state.type === 'sold' ? [state] : [];
        case 'sees-free':
          return isFree ? [free] : [];
        case 'pay':
          return isIts && holds ? [{ type: 'sold', reservationId: operation.reservationId }] : [];
        case 'cancel':
          // Cancelling again answers the same: then the seat is whoever's by now.
          if (!isIts) return [state];
          return holds ? [free] : [];
        case 'sees-reservation':
          switch (operation.as) {
            case 'held':
              return isIts && holds ? [state] : [];
            case 'sold':
              return isIts && state.type === 'sold' ? [state] : [];
            case 'over':
              if (!isIts) return [state];
              return isFree ? [free] : [];
          }
      }
    },
    key(state) {
      switch (state.type) {
        case 'free':
          return '-';
        case 'held':
          return `${state.reservationId ?? '?'}:${state.freeFromMs}`;
        case 'sold':
          return `${state.reservationId}!`;
      }
    },
  };
}
