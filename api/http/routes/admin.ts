/** What an operator sets up and looks at. Bearer ADMIN_KEY. */
import { createHash } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import type { CatalogCommand, CatalogReply } from '../../../actors/catalog/messages.ts';
import type { ClientKey, Outcome } from '../../../engine/asker.ts';
import { json, replayedHeader, type Answer } from '../../answers/answer.ts';
import { clientKey, keyed } from '../../answers/client-key.ts';
import { invalidRequest, problem, type ProblemCode } from '../../answers/problems.ts';
import { concertId, concertParams, roomId, roomParams } from '../../answers/schemas/ids.ts';
import { scheduleBody, scheduleFields, scheduleItem, text, type ScheduleBody } from '../../answers/schemas/schedule.ts';
import { count } from '../../answers/schemas/values.ts';
import { limits } from '../../limits.ts';
import { mainRoom, type RoomReport } from '../../queue/rooms.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { operation, type Operation } from '../operation.ts';

const concertsPerRoomMax = 10_000;
const overviewConcertsMax = 500;
const overviewSchedulesMax = 500;
const sessionSecondsMax = 7 * 24 * 60 * 60;

const concertSchema = z.object({ id: concertId, name: z.string(), description: z.string() }).openapi('Concert');

const concertBody = z
  .strictObject({
    id: concertId,
    name: text(200).openapi({ example: 'Northern Lights' }),
    description: z
      .string()
      .max(5_000)
      .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')
      .optional()
      .openapi({ default: '' }),
  })
  .openapi('CreateConcert');

const policyFields = {
  admitPerSecond: z.int().min(0).max(1_000_000).openapi({ description: '0 pauses', example: 100 }),
  maxActive: z.int().min(0).max(1_000_000).openapi({ description: '0 pauses', example: 3_000 }),
  sessionSeconds: z.int().min(1).max(sessionSecondsMax).openapi({ example: 300 }),
  maxSessionSeconds: z.int().min(1).max(sessionSecondsMax).openapi({ description: 'Longest stay', example: 1_800 }),
};

const roomBody = z
  .strictObject({ ...policyFields, concertIds: z.array(concertId).max(concertsPerRoomMax).optional() })
  .openapi('PutRoom');

const roomSchema = z
  .object({
    room: roomId,
    ...policyFields,
    concertIds: z.array(concertId).optional().openapi({ description: 'Not for `main`, which covers all others' }),
    waiting: count,
    active: count,
    admitted: count,
    expired: count,
  })
  .openapi('Room');

const scheduleSchema = z.object(scheduleFields).openapi('Schedule');

const overviewSchema = z
  .looseObject({
    rooms: z.array(roomSchema),
    schedules: z.array(scheduleSchema).openapi({ description: 'On sale now with a free seat, at most 500' }),
    journal: z.looseObject({ position: count }),
    readModel: z.object({ lag: count.openapi({ description: 'Batches' }) }),
    feed: z.object({ lag: count.nullable() }),
    nats: z.object({ url: z.string().nullable(), state: z.string() }),
    process: z.looseObject({ uptimeSeconds: count }),
  })
  .openapi('Overview');

interface Create {
  readonly command: CatalogCommand;
  readonly key: ClientKey | null;
}

/** The digest tells an equal creation from another one under the same id. */
function toCreateConcert(body: z.output<typeof concertBody>, key: string | null): Create {
  const concert = { id: body.id, name: body.name, description: body.description ?? '' };
  return {
    command: { type: 'CreateConcert', concert, digest: digestOf(concert) },
    key: clientKey(key, '', 'CreateConcert', concert),
  };
}

function toCreateSchedule(concert: string, body: ScheduleBody, key: string | null): Create {
  const { id, venue, startsAt, salesOpenAt, salesCloseAt } = body;
  const schedule = { id, concertId: concert, venue, startsAt, salesOpenAt, salesCloseAt };
  const sections = body.sections.map(({ name, price, rows }) => ({
    name,
    price: positiveZero(price),
    rows: rows.map((row) => ({ name: row.name, seats: row.seats })),
  }));
  return {
    command: { type: 'CreateSchedule', schedule, sections, digest: digestOf({ schedule, sections }) },
    key: clientKey(key, '', 'CreateSchedule', { schedule, sections }),
  };
}

function toCreatedAnswer(outcome: Outcome<CatalogReply, ProblemCode>): Answer {
  if (outcome.type === 'rejected') return problem(outcome.code, outcome.details);
  const headers = outcome.replayed ? [replayedHeader] : [];
  const { reply } = outcome;
  switch (reply.type) {
    case 'concert': {
      const { id, name, description } = reply.concert;
      return json(201, { id, name, description }, headers);
    }
    case 'schedule': {
      const { schedule, seatsTotal } = reply;
      // All of them are free in the moment of creation, which is what a repetition tells, too.
      return json(201, scheduleItem({ ...schedule, seatsTotal, seatsAvailable: seatsTotal }), headers);
    }
    case 'room':
      throw new Error('a creation was answered with a room');
  }
}

/** `main` covers what no other room names, so it has no list to show. */
function roomReportBody({ room, policy, concertIds, ...counts }: RoomReport): object {
  const { admitPerSecond, maxActive, sessionSeconds, maxSessionSeconds } = policy;
  const { waiting, active, admitted, expired } = counts;
  const fields = { room, admitPerSecond, maxActive, sessionSeconds, maxSessionSeconds };
  return { ...fields, ...(room === mainRoom ? {} : { concertIds }), waiting, active, admitted, expired };
}

export function adminRoutes(deps: HttpDependencies): Operation[] {
  const { engine, rooms } = deps;
  const shared = { tag: 'Admin', access: 'admin', bodyBytesMax: limits.adminBodyBytesMax } as const;

  async function create({ command, key }: Create): Promise<Answer> {
    return toCreatedAnswer(await engine.ask('catalog:main', command, keyed(key)));
  }

  function report(room: string): Answer {
    const found = rooms.report(room);
    return found === null ? problem('room_not_found') : json(200, roomReportBody(found));
  }

  return [
    operation({
      ...shared,
      id: 'createConcert',
      method: 'post',
      path: '/v1/admin/concerts',
      summary: 'Make a concert',
      keyed: true,
      command: true,
      body: concertBody,
      answers: { 201: { description: 'The concert', schema: concertSchema } },
      refusals: ['already_exists'],
      handle: ({ body, key }) => create(toCreateConcert(body, key)),
    }),
    operation({
      ...shared,
      id: 'createSchedule',
      method: 'post',
      path: '/v1/admin/concerts/{concertId}/schedules',
      summary: 'Make a date of a concert, with its seats',
      keyed: true,
      command: true,
      params: concertParams,
      body: scheduleBody,
      answers: { 201: { description: 'The date', schema: scheduleSchema } },
      refusals: ['concert_not_found', 'already_exists'],
      handle: ({ params, body, key }) => create(toCreateSchedule(params.concertId, body, key)),
    }),
    operation({
      ...shared,
      id: 'getRoom',
      method: 'get',
      path: '/v1/admin/rooms/{room}',
      summary: 'A waiting room: its policy and who is there',
      params: roomParams,
      answers: { 200: { description: 'The room', schema: roomSchema } },
      refusals: ['room_not_found'],
      handle: ({ params }) => report(params.room),
    }),
    operation({
      ...shared,
      id: 'putRoom',
      method: 'put',
      path: '/v1/admin/rooms/{room}',
      summary: 'Make a waiting room, or change its policy; without concertIds its concerts stay as they are',
      command: true,
      params: roomParams,
      body: roomBody,
      answers: { 200: { description: 'The room', schema: roomSchema } },
      refusals: ['concert_not_found', 'already_exists', 'queue_unavailable'],
      async handle({ params, body }) {
        const { concertIds, ...given } = body;
        if (params.room === mainRoom && concertIds !== undefined && concertIds.length > 0) {
          return invalidRequest([
            { path: 'concertIds', message: 'main covers every concert that no other room names' },
          ]);
        }
        const policy = {
          admitPerSecond: positiveZero(given.admitPerSecond),
          maxActive: positiveZero(given.maxActive),
          sessionSeconds: given.sessionSeconds,
          maxSessionSeconds: given.maxSessionSeconds,
        };
        const put = await rooms.put(params.room, policy, concertIds ?? null);
        if (put.type === 'put') return report(params.room);
        const taken =
          put.code === 'already_exists'
            ? { detail: 'Another room names these concerts: take them out there first.' }
            : {};
        return problem(put.code, { ...put.details, ...taken });
      },
    }),
    operation({
      ...shared,
      id: 'getOverview',
      method: 'get',
      path: '/v1/admin/overview',
      summary: 'What an operator looks at first',
      always: true,
      answers: { 200: { description: 'Rooms, journal, read model, process', schema: overviewSchema } },
      refusals: [],
      handle: () => json(200, overview(deps)),
    }),
  ];
}

/** What is on sale now comes first, and only so much of it. */
function overview({ engine, rooms, freeSeats, overview: others }: HttpDependencies): object {
  const nowMs = engine.nowMs();
  const { items } = freeSeats.page({ available: true, after: null, limit: overviewConcertsMax, atMs: nowMs });
  return {
    rooms: rooms.names().flatMap((room) => {
      const found = rooms.report(room);
      return found === null ? [] : [roomReportBody(found)];
    }),
    schedules: items
      .flatMap(({ concert }) => freeSeats.dates(concert.id, true, nowMs))
      .slice(0, overviewSchedulesMax)
      .map(scheduleItem),
    ...others(),
  };
}

/** JSON can say -0, which no state should hold: it would not survive the journal. */
function positiveZero(value: number): number {
  return value === 0 ? 0 : value;
}

function digestOf(parsed: object): string {
  return createHash('sha256').update(JSON.stringify(parsed)).digest('base64url');
}
