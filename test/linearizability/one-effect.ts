/**
 * Tries of one command, which share a key, as the one operation that they must amount to: it took effect once, after
 * the first try was made and before the first answer that told so, and every such answer is the same.
 */
import type { Recorded } from './recorded.ts';

export type OneEffect =
  | { readonly type: 'merged'; readonly history: readonly Recorded[] }
  | { readonly type: 'broken'; readonly why: string };

/** Refusals of the rules, which a command whose key is bound cannot get any more. */
const refusalsOfRules: ReadonlySet<string> = new Set([
  'sales_closed',
  'seat_limit_exceeded',
  'seat_unavailable',
  'reservation_not_found',
  'already_paid',
  'reservation_cancelled',
  'hold_expired',
  'payment_in_progress',
  'insufficient_balance',
  'balance_limit_exceeded',
]);

/** Refused tries stay what they are: they bind nothing, and the next try is judged afresh. */
export function mergeTries(history: readonly Recorded[]): OneEffect {
  const merged: Recorded[] = [];
  const tries = new Map<string, Recorded[]>();
  for (const recorded of history) {
    const command = commandOf(recorded);
    if (command === null) merged.push(recorded);
    else if (tries.has(command)) tries.get(command)?.push(recorded);
    else tries.set(command, [recorded]);
  }
  for (const [command, ofOne] of tries) {
    const refused = ofOne.filter(({ outcome }) => outcome.type === 'refused');
    const others = ofOne.filter(({ outcome }) => outcome.type !== 'refused');
    const done = others.filter(({ outcome }) => outcome.type === 'done').sort((a, b) => a.returnMs - b.returnMs);
    merged.push(...refused);
    const first = done[0] ?? others[0];
    if (first === undefined) continue;
    const answer = JSON.stringify(first.outcome);
    if (done.some(({ outcome }) => JSON.stringify(outcome) !== answer)) {
      return { type: 'broken', why: `${command} was carried out with two different answers` };
    }
    if (done.length > 0 && refused.some((late) => isOfRules(late) && late.callMs > first.returnMs)) {
      return { type: 'broken', why: `${command} was refused after it had been carried out` };
    }
    merged.push({ ...first, callMs: others.reduce((least, { callMs }) => Math.min(least, callMs), Infinity) });
  }
  return { type: 'merged', history: merged };
}

function isOfRules({ outcome }: Recorded): boolean {
  return outcome.type === 'refused' && refusalsOfRules.has(outcome.code);
}

/** Names what was asked for with which key, by whom, at which door; null without a key. */
function commandOf(recorded: Recorded): string | null {
  const { type, door, userId, key } = recorded;
  if (key === undefined) return null;
  switch (type) {
    case 'hold':
      return `${door} ${userId} ${key}: hold ${recorded.scheduleId} ${recorded.seatIds.join()}`;
    case 'pay':
    case 'cancel':
      return `${door} ${userId} ${key}: ${type} ${recorded.reservationId}`;
    case 'charge':
      return `${door} ${userId} ${key}: charge ${recorded.amount}`;
    case 'read':
    case 'balance':
      return null;
  }
}
