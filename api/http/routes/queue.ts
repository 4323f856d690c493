/** Joining the line, asking how far one is, leaving. */
import { z } from '@hono/zod-openapi';
import { json, noContent } from '../../answers/answer.ts';
import { problem } from '../../answers/problems.ts';
import { joinAnswer, queueTokenBody } from '../../answers/queue-answers.ts';
import { roomId, userId } from '../../answers/schemas/ids.ts';
import { count, timeOutOrNull } from '../../answers/schemas/values.ts';
import { chain } from '../../chain.ts';
import { limits } from '../../limits.ts';
import { cutOffOf } from '../adapter.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { operation, type Operation } from '../operation.ts';
import type { QueueStreams } from '../queue-streams.ts';

const joinBody = z.strictObject({ userId, room: roomId.optional().openapi({ default: 'main' }) }).openapi('JoinQueue');

const queueToken = z
  .object({
    token: z.string().openapi({ description: 'Signed; send it as `Queue-Token`' }),
    room: roomId,
    userId,
    status: z.enum(['waiting', 'active', 'expired']),
    place: z.int().min(1).openapi({ description: 'Drawn once, never changed' }),
    position: count.nullable().openapi({ description: 'At most so many people ahead plus one; 0 when active' }),
    etaSeconds: count.nullable(),
    expiresAt: timeOutOrNull.openapi({ description: 'When the session ends; null unless active' }),
    pollAfterSeconds: z.int().min(1).max(20),
  })
  .openapi('QueueToken');

export function queueRoutes({ desk }: HttpDependencies, streams: QueueStreams): Operation[] {
  const bodyBytesMax = limits.bodyBytesMax;
  const path = '/v1/queue/tokens/current';
  const current = { description: 'The token and where it stands', schema: queueToken };

  return [
    operation({
      id: 'joinQueue',
      method: 'post',
      path: '/v1/queue/tokens',
      tag: 'Queue',
      summary: 'Join the line of a room, or find again the place one has',
      access: 'user',
      command: true,
      bodyBytesMax,
      body: joinBody,
      answers: {
        200: { description: 'The token that the user has already', schema: queueToken },
        201: { description: 'A new token', schema: queueToken },
      },
      refusals: ['room_not_found', 'overloaded', 'queue_unavailable'],
      namedUser: ({ body }) => body.userId,
      handle: ({ body }) => joinAnswer(desk, body.room ?? 'main', body.userId),
    }),
    operation({
      id: 'getQueueToken',
      method: 'get',
      path,
      tag: 'Queue',
      summary: 'How far the token is',
      access: 'queue-token',
      bodyBytesMax,
      answers: { 200: current },
      refusals: [],
      handle: ({ caller: { token, place } }) =>
        chain(desk.durableStatus(place), (status) => json(200, queueTokenBody(token, place, status))),
    }),
    operation({
      id: 'streamQueueToken',
      method: 'get',
      path: `${path}/events`,
      tag: 'Queue',
      summary: 'How far the token is, as server-sent events until it is active or gone',
      access: 'queue-token',
      bodyBytesMax,
      answers: {
        200: {
          description: 'Events `status`, each with a QueueToken; a comment every 15 s',
          schema: z.string(),
          contentType: 'text/event-stream',
        },
      },
      refusals: ['overloaded'],
      handle: ({ caller }, c) => streams.open(caller.token, caller.place, c.req.method === 'HEAD', cutOffOf(c)),
    }),
    operation({
      id: 'leaveQueue',
      method: 'delete',
      path,
      tag: 'Queue',
      summary: 'Leave the line, or end the session',
      access: 'queue-token',
      command: true,
      bodyBytesMax,
      answers: { 204: { description: 'Left; also when it was left before', schema: null } },
      refusals: ['overloaded', 'queue_unavailable'],
      async handle({ caller }) {
        const left = await desk.leave(caller.place);
        return left.type === 'rejected' ? problem(left.code, left.details) : noContent();
      },
    }),
  ];
}
