/** Everything that a service may ask and be answered, by subject. */
import { z } from '@hono/zod-openapi';
import type { Answer } from '../../answers/answer.ts';
import { clientKey, keyed } from '../../answers/client-key.ts';
import { balanceAnswer } from '../../answers/money-answers.ts';
import { problem } from '../../answers/problems.ts';
import { joinAnswer } from '../../answers/queue-answers.ts';
import {
  createShrunkReader,
  ownReservationAnswer,
  type ReservationSources,
  type ShrunkReader,
} from '../../answers/reservation-answers.ts';
import { reservationId, roomId, scheduleId, userId } from '../../answers/schemas/ids.ts';
import type { Awaitable } from '../../chain.ts';
import type { OnsaleEngine } from '../../protocols.ts';
import type { QueueDesk } from '../../queue/queue-desk.ts';
import type { SeatChanges } from '../../seats/seat-changes.ts';
import type { SeatLists } from '../../seats/seat-list.ts';
import { actorCommands, type ActorCommand } from './actor-commands.ts';
import { readKey, readMessage, type Message, type MessageShape } from './message.ts';

export interface EndpointDependencies extends ReservationSources {
  readonly seatChanges: SeatChanges;
  readonly seatLists: SeatLists;
  readonly desk: Pick<QueueDesk, 'join' | 'durableStatus'>;
}

export interface Endpoint {
  /** As `nats micro` lists it. */
  readonly name: string;
  readonly subject: string;
  /** Refused at once while the engine is full. */
  readonly isCommand: boolean;
  /** Answers at once wherever nothing has to be awaited. */
  answer(message: Message): Awaitable<Answer>;
}

export function createEndpoints(deps: EndpointDependencies): readonly Endpoint[] {
  const { engine } = deps;
  const shrunkOf = createShrunkReader(deps);
  const commands = Object.entries(actorCommands).map(([verb, command]) => ({
    name: `cmd-${verb}`,
    subject: `onsale.v1.cmd.${verb}.*`,
    isCommand: true,
    answer: (message: Message) => answerCommand(engine, verb, command, message, shrunkOf),
  }));
  return [...commands, joinEndpoint(deps), ...queryEndpoints(deps, shrunkOf)];
}

function answerCommand(
  engine: OnsaleEngine,
  verb: string,
  command: ActorCommand,
  message: Message,
  shrunkOf: ShrunkReader,
): Awaitable<Answer> {
  const read = readMessage(command, message);
  if (!read.ok) return read.answer;
  const key = readKey(message);
  if (!key.ok) return key.answer;
  const { to, command: asked, user, request } = command.toCommand(read.value.id, read.value.body);
  const boundTo = clientKey(key.value, user, verb, request, 'cmd');
  return engine
    .ask<'schedule' | 'wallet'>(to, asked, keyed(boundTo))
    .then((outcome) => command.toAnswer(outcome, shrunkOf(user)));
}

function endpoint<Body>(
  name: string,
  isCommand: boolean,
  shape: MessageShape<Body>,
  answer: (id: string, body: Body) => Awaitable<Answer>,
): Endpoint {
  return {
    name,
    subject: `onsale.v1.${name.replace('-', '.')}.*`,
    isCommand,
    answer(message) {
      const read = readMessage(shape, message);
      return read.ok ? answer(read.value.id, read.value.body) : read.answer;
    },
  };
}

function joinEndpoint({ desk }: EndpointDependencies): Endpoint {
  const shape = { id: { name: 'room', schema: roomId }, body: z.strictObject({ userId }), mayBeEmpty: false };
  return endpoint('cmd-join', true, shape, (room, body) => joinAnswer(desk, room, body.userId));
}

function queryEndpoints(deps: EndpointDependencies, shrunkOf: ShrunkReader): Endpoint[] {
  const { engine, seatChanges, seatLists } = deps;
  const ofSchedule = { name: 'scheduleId', schema: scheduleId };
  return [
    endpoint(
      'query-seats',
      false,
      { id: ofSchedule, body: z.strictObject({ status: z.enum(['available']).optional() }), mayBeEmpty: true },
      (schedule, { status }) => {
        const view = engine.view<'schedule', 'seats'>(`schedule:${schedule}`, { type: 'seats' });
        if (view === null) return problem('schedule_not_found');
        // As over HTTP, where a stream may be opened with it.
        const version = seatChanges.version(schedule, view.changes);
        const body = seatLists.body(view, version, status === 'available');
        return { status: 200, body, contentType: 'application/json', headers: [] };
      },
    ),
    endpoint(
      'query-reservation',
      false,
      { id: ofSchedule, body: z.strictObject({ userId, reservationId }), mayBeEmpty: false },
      (schedule, body) => ownReservationAnswer(engine, schedule, body, shrunkOf),
    ),
    endpoint(
      'query-balance',
      false,
      { id: { name: 'userId', schema: userId }, body: z.strictObject({}), mayBeEmpty: true },
      (user) => balanceAnswer(engine, user),
    ),
  ];
}
