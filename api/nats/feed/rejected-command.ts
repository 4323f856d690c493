/** The refusal of a durable command, as the journal's binding holds it and as the feed tells it. */
import { partsOf } from '../../../engine/key-scope.ts';
import type { Turn } from '../../../engine/ports.ts';
import { isProblemCode, problem } from '../../answers/problems.ts';

/** Commands by the name of their subject. */
const publicNames: Readonly<Record<string, string>> = {
  HoldSeats: 'hold',
  CancelHold: 'cancel',
  PayReservation: 'pay',
  ChargeWallet: 'charge',
  // The turn that closes an open question answers the command that waits for it, and only paying waits.
  QuestionAnswered: 'pay',
  QuestionsAskedAgain: 'pay',
};

/** The client's own key; undefined where it gave none. A binding may have come in a later turn than its command. */
export function keyOfTurn({ key, binding }: Turn): string | undefined {
  return key ?? (binding === undefined ? undefined : partsOf(binding.scope).key);
}

/** `{command, key, userId, problem}`; null for a turn that refused nothing for good. */
export function rejectedBody(turn: Turn): object | null {
  const { binding, command } = turn;
  if (binding?.outcome.type !== 'rejected') return null;
  const { code, details } = binding.outcome;
  if (!isProblemCode(code)) throw new Error(`${turn.to} refused ${command} with ${code}, which is no problem's code`);
  const { user, key } = partsOf(binding.scope);
  const { body } = problem(code, details);
  if (typeof body !== 'string') throw new Error('a problem has no text');
  return { command: publicNames[command] ?? command, key, userId: user, problem: JSON.parse(body) as unknown };
}
