/** Joining the line, asking how far one is, leaving. */
import { z } from '@hono/zod-openapi';
import type { PlaceInLine } from '../../../actors/admission/messages.ts';
import { limits } from '../../limits.ts';
import { cutOffOf } from '../adapter.ts';
import { isoTimeOrNull, json, noContent, type Answer } from '../answer.ts';
import { chain } from '../../chain.ts';
import type { QueueStatus } from '../../queue/queue-desk.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { operation, type Operation } from '../operation.ts';
import { problem } from '../problems.ts';
import type { QueueStreams } from '../queue-streams.ts';
import { roomId, userId } from '../schemas/ids.ts';
import { count, timeOutOrNull } from '../schemas/values.ts';

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

/** What the owner of a token reads, in answers and in stream events alike. */
export function queueTokenBody(token: string, place: PlaceInLine, status: QueueStatus): object {
  return {
    token,
    room: place.room,
    userId: place.userId,
    status: status.status,
    place: place.place,
    position: status.position,
    etaSeconds: status.etaSeconds,
    expiresAt: isoTimeOrNull(status.expiresAt),
    pollAfterSeconds: status.pollAfterSeconds,
  };
}

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
      async handle({ body }): Promise<Answer> {
        const joined = await desk.join(body.room ?? 'main', body.userId);
        if (joined.type === 'rejected') return problem(joined.code, joined.details);
        const { token, place, existing } = joined;
        return json(existing ? 200 : 201, queueTokenBody(token, place, await desk.durableStatus(place)));
      },
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
