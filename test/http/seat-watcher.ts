/** A client that watches a hall: it reads the list, opens the stream with the list's version, and applies what comes. */
import assert from 'node:assert/strict';
import { expecting, type Stage } from './stage.ts';

const deadlineMs = 60_000;

export interface SeatFrame {
  readonly version: string;
  readonly changes: readonly { readonly id: string; readonly status: string }[];
}

export type SeatEvent = { readonly type: 'reset' } | ({ readonly type: 'seats' } & SeatFrame);

/** The events in the text of a stream, and the text that is not yet a whole one. */
export function readEvents(text: string): { readonly events: SeatEvent[]; readonly rest: string } {
  const events: SeatEvent[] = [];
  let from = 0;
  for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n', from)) {
    const block = text.slice(from, end);
    from = end + 2;
    if (block.startsWith(':')) continue;
    if (block === 'event: reset\ndata: {}') {
      events.push({ type: 'reset' });
      continue;
    }
    const [, id, data] = /^id: (.+)\nevent: seats\ndata: (.*)$/.exec(block) ?? [];
    assert.ok(data !== undefined, block);
    const frame: SeatFrame = JSON.parse(data);
    assert.equal(frame.version, id);
    assert.equal(new Set(frame.changes.map((change) => change.id)).size, frame.changes.length, 'each seat once');
    events.push({ type: 'seats', ...frame });
  }
  return { events, rest: text.slice(from) };
}

export function streamOf(
  stage: Pick<Stage, 'url'>,
  token: string,
  scheduleId: string,
  version: string | null,
  signal: AbortSignal | null = null,
): Promise<Response> {
  const headers = new Headers({ 'queue-token': token });
  if (version !== null) headers.set('last-event-id', version);
  // What never comes fails the test, rather than let it wait for ever.
  const signals = [AbortSignal.timeout(deadlineMs), ...(signal === null ? [] : [signal])];
  const url = `${stage.url}/v1/schedules/${scheduleId}/seats/events`;
  return fetch(url, { headers, signal: AbortSignal.any(signals) });
}

/** The events of an open stream as they come; ends with the stream. */
export async function* eventsOf(response: Response): AsyncGenerator<SeatEvent, undefined> {
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  assert.ok(response.body);
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const { events, rest } = readEvents(text + chunk);
    text = rest;
    yield* events;
  }
}

export async function nextEvent(events: AsyncGenerator<SeatEvent, undefined>): Promise<SeatEvent | null> {
  const { done, value } = await events.next();
  return done === true ? null : value;
}

/** The next event, which must be a frame of changes. */
export async function nextFrame(events: AsyncGenerator<SeatEvent, undefined>): Promise<SeatFrame> {
  const event = await nextEvent(events);
  assert.ok(event?.type === 'seats', JSON.stringify(event));
  return event;
}

export interface SeatListRead {
  readonly version: string;
  readonly etag: string;
  /** Status by seat. */
  readonly seats: Map<string, string>;
}

export async function readList(stage: Pick<Stage, 'send'>, token: string, scheduleId: string): Promise<SeatListRead> {
  const { body, headers } = await expecting(200, stage.send('GET', `/v1/schedules/${scheduleId}/seats`, { token }));
  // The shape of a list is compared in the journey.
  const items = body['items'] as { id: string; status: string }[];
  return {
    version: String(body['version']),
    etag: headers.get('etag') ?? '',
    seats: new Map(items.map(({ id, status }) => [id, status])),
  };
}

/** The number in a version, which clients do not look at. */
export function countIn(version: string): number {
  return Number(version.split('.')[1]);
}

export async function streamsOpen(stage: Pick<Stage, 'send'>): Promise<number> {
  const { text } = await expecting(200, stage.send('GET', '/metrics'));
  return Number(/^onsale_seat_streams (\d+)$/m.exec(text)?.[1]);
}
