/**
 * The commands that services may give, each in two pure halves: from a message to the command, from the outcome to the
 * answer. Request/reply (`cmd`) and the work queue (`do`) read the same ones; both know the user from the body or the
 * subject, touch no queue session and need no token.
 */
import { z } from '@hono/zod-openapi';
import type { ScheduleCommand, ScheduleReply } from '../../../actors/schedule/messages.ts';
import type { WalletCommand, WalletReply } from '../../../actors/wallet/messages.ts';
import type { Address } from '../../../engine/actor.ts';
import type { Outcome } from '../../../engine/asker.ts';
import type { Answer } from '../../answers/answer.ts';
import { toChargeAnswer, toPayAnswer } from '../../answers/money-answers.ts';
import type { ProblemCode } from '../../answers/problems.ts';
import { toCancelAnswer, toHoldAnswer, type ReadShrunk } from '../../answers/reservation-answers.ts';
import { reservationId, scheduleId, userId } from '../../answers/schemas/ids.ts';
import { chargeAmountIn, seatIdsIn } from '../../answers/schemas/reservation.ts';
import type { Awaitable } from '../../chain.ts';
import type { MessageShape } from './message.ts';

export type Verb = 'hold' | 'cancel' | 'pay' | 'charge';

export interface Addressed<Kind extends string, Command> {
  readonly to: Address<Kind>;
  readonly command: Command;
  /** The acting user: part of the key's scope. */
  readonly user: string;
  /** What a repetition under the same key must equal. */
  readonly request: object;
}

type Reply = ScheduleReply | WalletReply;

interface CommandSpec<Kind extends string, Command, Replied, Body> extends MessageShape<Body> {
  toCommand(id: string, body: Body): Addressed<Kind, Command>;
  toAnswer(outcome: Outcome<Replied, ProblemCode>, shrunk: ReadShrunk): Awaitable<Answer>;
}

/** With its types erased: methods, so that each fits, and the door gives each one what its own halves made. */
export interface ActorCommand extends MessageShape<unknown> {
  toCommand(id: string, body: unknown): Addressed<'schedule' | 'wallet', ScheduleCommand | WalletCommand>;
  toAnswer(outcome: Outcome<Reply, ProblemCode>, shrunk: ReadShrunk): Awaitable<Answer>;
}

const ofSchedule = { id: { name: 'scheduleId', schema: scheduleId }, mayBeEmpty: false } as const;
const ofUser = { id: { name: 'userId', schema: userId }, mayBeEmpty: false } as const;
const holdBody = z.strictObject({ userId, seatIds: seatIdsIn });
const reservationBody = z.strictObject({ userId, reservationId });
const chargeBody = z.strictObject({ amount: chargeAmountIn });

function onSchedule<Body>(
  spec: Pick<CommandSpec<'schedule', ScheduleCommand, ScheduleReply, Body>, 'body' | 'toAnswer'>,
  toCommand: (body: Body) => ScheduleCommand & { readonly userId: string },
): CommandSpec<'schedule', ScheduleCommand, ScheduleReply, Body> {
  return {
    ...ofSchedule,
    ...spec,
    toCommand(id, body) {
      const command = toCommand(body);
      return { to: `schedule:${id}`, command, user: command.userId, request: { scheduleId: id, ...body } };
    },
  };
}

export const actorCommands: Readonly<Record<Verb, ActorCommand>> = {
  hold: onSchedule({ body: holdBody, toAnswer: toHoldAnswer }, ({ userId, seatIds }) => ({
    type: 'HoldSeats',
    userId,
    seatIds,
  })),
  cancel: onSchedule({ body: reservationBody, toAnswer: toCancelAnswer }, ({ userId, reservationId }) => ({
    type: 'CancelHold',
    userId,
    reservationId,
  })),
  pay: onSchedule({ body: reservationBody, toAnswer: toPayAnswer }, ({ userId, reservationId }) => ({
    type: 'PayReservation',
    userId,
    reservationId,
    session: null,
  })),
  charge: {
    ...ofUser,
    body: chargeBody,
    toCommand: (userId: string, { amount }: z.output<typeof chargeBody>) => ({
      to: `wallet:${userId}`,
      command: { type: 'ChargeWallet', amount },
      user: userId,
      request: { userId, amount },
    }),
    toAnswer: toChargeAnswer,
  } satisfies CommandSpec<'wallet', WalletCommand, WalletReply, z.output<typeof chargeBody>>,
};
