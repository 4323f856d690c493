/**
 * Every business refusal, in the order in which the rules of one command check them.
 * `permanent`: the same request can never succeed later. `transient`: it may.
 */
export const businessCodes = [
  'concert_not_found',
  'schedule_not_found',
  'room_not_found',
  'already_exists',
  'queue_token_waiting',
  'queue_token_expired',
  'sales_closed',
  'seat_not_found',
  'seat_limit_exceeded',
  'seat_unavailable',
  'reservation_not_found',
  'already_paid',
  'reservation_cancelled',
  'hold_expired',
  'payment_in_progress',
  'insufficient_balance',
  'balance_limit_exceeded',
  'overloaded',
] as const;

export type BusinessCode = (typeof businessCodes)[number];

export type Permanence = 'permanent' | 'transient';

export function permanenceOf(code: BusinessCode): Permanence {
  switch (code) {
    case 'already_exists':
    case 'already_paid':
    case 'reservation_cancelled':
    case 'hold_expired':
    case 'queue_token_expired':
    case 'seat_not_found':
      return 'permanent';
    case 'concert_not_found':
    case 'schedule_not_found':
    case 'room_not_found':
    case 'queue_token_waiting':
    case 'sales_closed':
    case 'seat_limit_exceeded':
    case 'seat_unavailable':
    case 'reservation_not_found':
    case 'payment_in_progress':
    case 'insufficient_balance':
    case 'balance_limit_exceeded':
    case 'overloaded':
      return 'transient';
  }
}
