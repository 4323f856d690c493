/** What is answered about payments, charges and balances, the same at every door. */
import type { ScheduleReply } from '../../actors/schedule/messages.ts';
import type { WalletReply } from '../../actors/wallet/messages.ts';
import type { Outcome } from '../../engine/asker.ts';
import { chain, type Awaitable } from '../chain.ts';
import type { OnsaleEngine } from '../protocols.ts';
import { json, replayedHeader, type Answer } from './answer.ts';
import { problem, type ProblemCode } from './problems.ts';
import { chargeBody, paymentBody } from './schemas/reservation.ts';

export function toPayAnswer(outcome: Outcome<ScheduleReply, ProblemCode>): Answer {
  if (outcome.type === 'rejected') return problem(outcome.code, outcome.details);
  const { reply, replayed } = outcome;
  if (reply.type !== 'payment') throw new Error(`a payment was answered with ${reply.type}`);
  return json(201, paymentBody(reply.payment), replayed ? [replayedHeader] : []);
}

export function toChargeAnswer(outcome: Outcome<WalletReply, ProblemCode>): Answer {
  if (outcome.type === 'rejected') return problem(outcome.code, outcome.details);
  const { reply, replayed } = outcome;
  if (reply.type !== 'charge') throw new Error(`a charge was answered with ${reply.type}`);
  return json(201, chargeBody(reply.charge), replayed ? [replayedHeader] : []);
}

/** 0 for a user never seen. */
export function balanceAnswer(engine: OnsaleEngine, userId: string): Awaitable<Answer> {
  const view = engine.viewDurable<'wallet', 'balance'>(`wallet:${userId}`, { type: 'balance' });
  return chain(view, (found) => json(200, { userId: found.userId, balance: found.balance }));
}
