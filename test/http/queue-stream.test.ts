/** Server-sent events for people in line. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PlaceInLine } from '../../actors/admission/messages.ts';
import type { QueueStatus } from '../../api/queue/queue-desk.ts';
import { QueueStreams } from '../../api/http/queue-streams.ts';
import { expecting, join, putRoom, startStage, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await startStage();
  await putRoom(stage, 'main', { admitPerSecond: 0 });
});
after(async () => await stage.stop());

interface Status {
  readonly status: string;
  readonly position: number | null;
}

/** The events of a stream as they come; ends with the stream. */
async function* events(token: string): AsyncGenerator<Status> {
  const response = await fetch(`${stage.url}/v1/queue/tokens/current/events`, { headers: { 'queue-token': token } });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  assert.ok(response.body);
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const frame = text.slice(0, end);
      text = text.slice(end + 2);
      if (frame.startsWith(':')) continue;
      const data = /^event: status\ndata: (.*)$/.exec(frame)?.[1];
      assert.ok(data !== undefined, frame);
      yield JSON.parse(data);
    }
  }
}

async function streamsOpen(): Promise<number> {
  const { text } = await expecting(200, stage.send('GET', '/metrics'));
  return Number(/^onsale_queue_streams (\d+)$/m.exec(text)?.[1]);
}

async function next(stream: AsyncGenerator<Status>): Promise<Status | null> {
  const { done, value } = await stream.next();
  return done === true ? null : value;
}

describe('a stream', () => {
  test('tells where the token stands at once, then that it is active, and ends', async () => {
    const token = await join(stage, 'ann');
    const stream = events(token);
    const first = await next(stream);
    const { body } = await expecting(200, stage.send('GET', '/v1/queue/tokens/current', { token }));
    assert.deepEqual(first, body);
    await putRoom(stage, 'main');
    let last = await next(stream);
    while (last?.status === 'waiting') last = await next(stream);
    assert.deepEqual([last?.status, last?.position], ['active', 0]);
    assert.equal(await next(stream), null);
    await putRoom(stage, 'main', { admitPerSecond: 0 });
  });

  test('of a token that has left says so, and ends', async () => {
    const token = await join(stage, 'leaver');
    const stream = events(token);
    assert.equal((await next(stream))?.status, 'waiting');
    await expecting(204, stage.send('DELETE', '/v1/queue/tokens/current', { token }));
    let last = await next(stream);
    while (last?.status === 'waiting') last = await next(stream);
    assert.equal(last?.status, 'expired');
    assert.equal(await next(stream), null);
  });

  test('whose reader goes away is forgotten; its headers alone open none', async () => {
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, index) => join(stage, `reader-${index}`)));
    const going = new AbortController();
    const url = `${stage.url}/v1/queue/tokens/current/events`;
    const open = tokens.map((token) => fetch(url, { headers: { 'queue-token': token }, signal: going.signal }));
    for (const response of await Promise.all(open)) assert.equal(response.status, 200);
    assert.equal(await streamsOpen(), 50);
    const head = await fetch(url, { method: 'HEAD', headers: { 'queue-token': await join(stage, 'head') } });
    assert.deepEqual([head.status, head.headers.get('content-type')], [200, 'text/event-stream']);
    assert.equal(await streamsOpen(), 50);
    going.abort();
    while ((await streamsOpen()) > 0);
  });

  test('takes the place of an older one of the same token', async () => {
    const token = await join(stage, 'twice');
    const older = events(token);
    assert.equal((await next(older))?.status, 'waiting');
    const newer = events(token);
    assert.equal((await next(newer))?.status, 'waiting');
    let last = await next(older);
    while (last !== null) last = await next(older);
    await newer.return(undefined);
  });
});

function place(number: number): PlaceInLine {
  return { room: 'main', epoch: 'e', place: number, userId: 'u' };
}

test('a program that stops ends its streams', async () => {
  const other = await startStage();
  await putRoom(other, 'main', { admitPerSecond: 0 });
  const token = await join(other, 'ann');
  const url = `${other.url}/v1/queue/tokens/current/events`;
  const stream = await fetch(url, { headers: { 'queue-token': token } });
  await other.stop();
  assert.match(await stream.text(), /^event: status/);
});

function deskOf(status: QueueStatus) {
  return { status: () => status, durableStatus: () => Promise.resolve(status) };
}

describe('the streams of a process', () => {
  const status: QueueStatus = { status: 'waiting', position: 1, etaSeconds: 1, expiresAt: null, pollAfterSeconds: 1 };

  test('are bounded: one more is overloaded, the place of an older one can be taken', () => {
    const streams = new QueueStreams(deskOf(status), { streamsMax: 1 });
    assert.equal(streams.open('t', place(1), false).status, 200);
    assert.equal(streams.open('t', place(2), false).status, 503);
    assert.equal(streams.open('t', place(1), true).status, 200);
    assert.equal(streams.open('t', place(1), false).status, 200);
    assert.equal(streams.size, 1);
    streams.close();
    assert.equal(streams.size, 0);
  });

  test('cut off a reader who does not read', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    let nowMs = 0;
    t.mock.method(performance, 'now', () => nowMs);
    const streams = new QueueStreams(deskOf(status));
    const { body } = streams.open('t'.repeat(200), place(1), false);
    assert.ok(body instanceof ReadableStream);
    for (let ticks = 0; ticks < 1_000 && streams.size > 0; ticks++) {
      nowMs += 1_000;
      t.mock.timers.tick(100);
    }
    assert.equal(streams.size, 0);
    await assert.rejects(new Response(body).text(), /does not keep up/);
  });

  test('send a comment every 15 s', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    let nowMs = 0;
    t.mock.method(performance, 'now', () => nowMs);
    const streams = new QueueStreams(deskOf({ ...status, pollAfterSeconds: 20 }));
    const { body } = streams.open('t', place(1), false);
    for (let second = 0; second < 31; second++) {
      nowMs += 1_000;
      t.mock.timers.tick(100);
    }
    streams.close();
    assert.ok(body instanceof ReadableStream);
    const text = await new Response(body).text();
    assert.equal(text.match(/^:/gm)?.length, 2);
    assert.equal(text.match(/^event: status$/gm)?.length, 2);
  });

  test('tell that someone is in only once it is on disk', async () => {
    const active: QueueStatus = { ...status, status: 'active', position: 0, expiresAt: 1 };
    const { promise, resolve } = Promise.withResolvers<QueueStatus>();
    const streams = new QueueStreams({ status: () => active, durableStatus: () => promise });
    const { body } = streams.open('t', place(1), false);
    assert.ok(body instanceof ReadableStream);
    const read = new Response(body).text();
    assert.equal(streams.size, 1);
    resolve(active);
    assert.match(await read, /"status":"active"/);
    assert.equal(streams.size, 0);
  });
});
