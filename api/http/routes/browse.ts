/** What can be booked. Gated: the list of concerts by an active token of any room, the rest by one that covers it. */
import { z } from '@hono/zod-openapi';
import type { PlaceInLine } from '../../../actors/admission/messages.ts';
import type { SeatsView } from '../../../actors/schedule/messages.ts';
import { json, type Answer } from '../../answers/answer.ts';
import { invalidRequest, problem } from '../../answers/problems.ts';
import { concertId, concertParams, isId, scheduleId, scheduleParams } from '../../answers/schemas/ids.ts';
import { seatFields } from '../../answers/schemas/reservation.ts';
import { scheduleFields, scheduleItem } from '../../answers/schemas/schedule.ts';
import { availableIn, count, cursorIn, cursorOut, limitDefault, limitIn } from '../../answers/schemas/values.ts';
import type { Awaitable } from '../../chain.ts';
import { limits } from '../../limits.ts';
import { cutOffOf } from '../adapter.ts';
import { createBrowseGate } from '../browse-gate.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { matchesEtag } from '../etag.ts';
import { operation, type Operation } from '../operation.ts';
import type { SeatStreams } from '../seat-streams.ts';

const concertList = z
  .object({
    items: z.array(
      z.object({
        id: concertId,
        name: z.string(),
        description: z.string(),
        schedules: count.openapi({ description: 'Dates on sale now' }),
        seatsAvailable: count.openapi({ description: 'Free seats of these' }),
      }),
    ),
    nextCursor: cursorOut,
  })
  .openapi('ConcertList');

const scheduleList = z.object({ items: z.array(z.object(scheduleFields)) }).openapi('ScheduleList');

const streamDescription = `Events \`seats\`, at most one every 250 ms: \`{version, changes: [{id, status}]}\`, each seat once with
what it has become; \`id\` is the version, too. Opened with the list's \`version\` as \`Last-Event-ID\` it sends every later
change; if it cannot, its first event is \`reset\`, and the client reads the list again: later events go on from there. A
client too slow is cut off and comes again with the last version it got. A comment every 15 s.`;

const seatList = z
  .object({
    scheduleId,
    version: z.string().openapi({ description: 'Opaque; never used again for another list' }),
    items: z.array(z.object({ ...seatFields, status: z.enum(['available', 'held', 'sold']) })),
  })
  .openapi('SeatList');

export function browseRoutes(deps: HttpDependencies, streams: SeatStreams): Operation[] {
  const { engine, freeSeats, seatChanges, seatLists } = deps;
  const bodyBytesMax = limits.bodyBytesMax;
  const pass = createBrowseGate(deps);
  const gateRefusals = ['queue_token_waiting', 'queue_token_expired'] as const;

  function seatsOf(schedule: string): SeatsView | null {
    return engine.view<'schedule', 'seats'>(`schedule:${schedule}`, { type: 'seats' });
  }

  /** Null: the caller's session is in the room that covers the date. */
  function refusalAt(schedule: string, place: PlaceInLine): Awaitable<Answer> | null {
    const facts = engine.view<'catalog', 'schedule'>('catalog:main', { type: 'schedule', scheduleId: schedule });
    const refusal = pass(place, facts?.concertId ?? null);
    return refusal ?? (facts === null ? problem('schedule_not_found') : null);
  }

  function seats(schedule: string, freeOnly: boolean, ifNoneMatch: string | undefined): Answer {
    const view = seatsOf(schedule);
    if (view === null) return problem('schedule_not_found');
    const version = seatChanges.version(schedule, view.changes);
    const etag = freeOnly ? `"${version}.available"` : `"${version}"`;
    const headers = [
      ['ETag', etag],
      ['Cache-Control', 'private, no-cache'],
    ] as const;
    if (ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, etag)) {
      return { status: 304, body: null, contentType: null, headers };
    }
    return { status: 200, body: seatLists.body(view, version, freeOnly), contentType: 'application/json', headers };
  }

  return [
    operation({
      id: 'listConcerts',
      method: 'get',
      path: '/v1/concerts',
      tag: 'Browse',
      summary: 'Concerts, in order of id',
      access: 'queue-token',
      bodyBytesMax,
      query: z.object({ available: availableIn, limit: limitIn, cursor: cursorIn }),
      answers: { 200: { description: 'A page', schema: concertList } },
      refusals: gateRefusals,
      handle({ query, caller }) {
        const after = query.cursor === undefined ? null : concertAfter(query.cursor);
        if (after === undefined) return invalidRequest([{ path: 'cursor', message: 'is none that was given out' }]);
        const refusal = pass(caller.place, null);
        if (refusal !== null) return refusal;
        const page = freeSeats.page({
          available: query.available === 'true',
          after,
          limit: query.limit ?? limitDefault,
          atMs: engine.nowMs(),
        });
        const items = page.items.map(({ concert, schedules, seatsAvailable }) => {
          const { id, name, description } = concert;
          return { id, name, description, schedules, seatsAvailable };
        });
        return json(200, { items, nextCursor: page.next === null ? null : cursorOf(page.next) });
      },
    }),
    operation({
      id: 'listSchedules',
      method: 'get',
      path: '/v1/concerts/{concertId}/schedules',
      tag: 'Browse',
      summary: 'The dates of a concert, in order of start',
      access: 'queue-token',
      bodyBytesMax,
      params: concertParams,
      query: z.object({ available: availableIn }),
      answers: { 200: { description: 'All of them', schema: scheduleList } },
      refusals: [...gateRefusals, 'forbidden', 'concert_not_found'],
      handle({ params, query, caller }) {
        const asked = { type: 'concert', concertId: params.concertId } as const;
        const concert = engine.view<'catalog', 'concert'>('catalog:main', asked);
        const refusal = pass(caller.place, concert?.id ?? null);
        if (refusal !== null) return refusal;
        if (concert === null) return problem('concert_not_found');
        const dates = freeSeats.dates(params.concertId, query.available === 'true', engine.nowMs());
        return json(200, { items: dates.map(scheduleItem) });
      },
    }),
    operation({
      id: 'listSeats',
      method: 'get',
      path: '/v1/schedules/{scheduleId}/seats',
      tag: 'Browse',
      summary: 'The seats of a date, in layout order; cheap to poll with If-None-Match',
      access: 'queue-token',
      bodyBytesMax,
      params: scheduleParams,
      query: z.object({ status: z.enum(['available']).optional() }),
      requestHeaders: { 'If-None-Match': 'The `ETag` of the list that the client has' },
      answers: {
        200: { description: 'The list', schema: seatList, headers: { ETag: 'Version and filter' } },
        304: { description: 'The client has this list', schema: null, headers: { ETag: 'Version and filter' } },
      },
      refusals: [...gateRefusals, 'forbidden', 'schedule_not_found'],
      handle({ params, query, caller }, c) {
        const refusal = refusalAt(params.scheduleId, caller.place);
        return refusal ?? seats(params.scheduleId, query.status === 'available', c.req.header('if-none-match'));
      },
    }),
    operation({
      id: 'streamSeats',
      method: 'get',
      path: '/v1/schedules/{scheduleId}/seats/events',
      tag: 'Browse',
      summary: 'Every change of the seats of a date, as server-sent events, until the session ends',
      access: 'queue-token',
      bodyBytesMax,
      params: scheduleParams,
      requestHeaders: { 'Last-Event-ID': 'The `version` of the list, or of the last event, that the client has' },
      answers: {
        200: {
          description: streamDescription,
          schema: z.string(),
          contentType: 'text/event-stream',
        },
      },
      refusals: [...gateRefusals, 'forbidden', 'schedule_not_found', 'overloaded'],
      handle({ params, caller }, c) {
        const refusal = refusalAt(params.scheduleId, caller.place);
        if (refusal !== null) return refusal;
        const view = seatsOf(params.scheduleId);
        if (view === null) return problem('schedule_not_found');
        return streams.open({
          place: caller.place,
          scheduleId: params.scheduleId,
          changes: view.changes,
          lastEventId: c.req.header('last-event-id'),
          headOnly: c.req.method === 'HEAD',
          cutOff: cutOffOf(c),
        });
      },
    }),
  ];
}

/** A cursor is the last id of the page before, wrapped so that nobody counts on what is inside. */
function cursorOf(id: string): string {
  return Buffer.from(`c${id}`).toString('base64url');
}

function concertAfter(cursor: string): string | undefined {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const id = text.slice(1);
  return text.startsWith('c') && isId(id) && cursorOf(id) === cursor ? id : undefined;
}
