/** Live seats over real sockets: nothing lost, nothing twice, and who may look, how long. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  countIn,
  eventsOf,
  nextEvent,
  nextFrame,
  readEvents,
  readList,
  streamOf,
  streamsOpen,
} from './seat-watcher.ts';
import {
  charge,
  createConcert,
  createSchedule,
  expecting,
  hold,
  join,
  pay,
  putRoom,
  refused,
  startStage,
  type Stage,
} from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await startStage({ HOLD_TTL_SECONDS: '60' });
  await putRoom(stage, 'main');
  await createConcert(stage, 'c');
});
after(async () => await stage.stop());

const path = (id: string): string => `/v1/schedules/${id}/seats/events`;

async function held(token: string, scheduleId: string, seat: string): Promise<string> {
  return String((await expecting(201, hold(stage, token, scheduleId, [seat]))).body['id']);
}

async function expiresAt(token: string): Promise<number> {
  const { body } = await expecting(200, stage.send('GET', '/v1/queue/tokens/current', { token }));
  return Date.parse(String(body['expiresAt']));
}

describe('a stream', () => {
  test('opened with the list’s version has every later change, and none that the list has', async () => {
    await createSchedule(stage, 'c', 'exact');
    const token = await join(stage, 'exact-1');
    await held(token, 'exact', 'A-1-1');
    const list = await readList(stage, token, 'exact');
    // Between the list and the stream.
    const id = await held(token, 'exact', 'A-1-2');
    await charge(stage, 'exact-1', 10_000);
    const going = new AbortController();
    const events = eventsOf(await streamOf(stage, token, 'exact', list.version, going.signal));
    const first = await nextFrame(events);
    assert.deepEqual(first.changes, [{ id: 'A-1-2', status: 'held' }]);
    await expecting(201, pay(stage, token, id));
    const second = await nextFrame(events);
    assert.deepEqual(second.changes, [{ id: 'A-1-2', status: 'sold' }]);
    going.abort();
  });

  test('and the list agree on versions: the one of a frame is that of the list after it, and gives 304', async () => {
    await createSchedule(stage, 'c', 'agree');
    const token = await join(stage, 'agree');
    const list = await readList(stage, token, 'agree');
    assert.equal(list.etag, `"${list.version}"`);
    const seats = '/v1/schedules/agree/seats';
    await expecting(304, stage.send('GET', seats, { token, headers: { 'if-none-match': list.etag } }));
    const going = new AbortController();
    const events = eventsOf(await streamOf(stage, token, 'agree', list.etag.slice(1, -1), going.signal));
    await held(token, 'agree', 'A-1-1');
    const { version } = await nextFrame(events);
    assert.equal(version, (await readList(stage, token, 'agree')).version);
    await expecting(304, stage.send('GET', seats, { token, headers: { 'if-none-match': `"${version}"` } }));
    // A client that was cut off comes again with the last event's id, and goes on where it was.
    going.abort();
    await held(token, 'agree', 'A-1-2');
    const again = new AbortController();
    const later = eventsOf(await streamOf(stage, token, 'agree', version, again.signal));
    assert.deepEqual((await nextFrame(later)).changes, [{ id: 'A-1-2', status: 'held' }]);
    again.abort();
  });

  test('begins with reset when it cannot go on from there, and then goes on from now', async () => {
    await createSchedule(stage, 'c', 'resets');
    const token = await join(stage, 'resets');
    const { version } = await readList(stage, token, 'resets');
    const wrong = [null, '', 'x', `${version}0000`, `"${version}"`, 'AAAAAAAA.0', `${version}.available`];
    // A number that counts nothing yet, or none at all.
    wrong.push(version.replace(/\d+$/, '-1'), version.replace(/\d+$/, '1e3'), version.replace(/\d+$/, '7'));
    const going = new AbortController();
    for (const given of wrong) {
      const watcher = await join(stage, `r${wrong.indexOf(given)}`);
      const events = eventsOf(await streamOf(stage, watcher, 'resets', given, going.signal));
      assert.equal((await nextEvent(events))?.type, 'reset', String(given));
    }
    const events = eventsOf(await streamOf(stage, token, 'resets', null, going.signal));
    assert.equal((await nextEvent(events))?.type, 'reset');
    const list = await readList(stage, token, 'resets');
    await held(token, 'resets', 'A-1-5');
    const frame = await nextFrame(events);
    assert.deepEqual(frame.changes, [{ id: 'A-1-5', status: 'held' }]);
    assert.ok(countIn(frame.version) > countIn(list.version));
    going.abort();
  });
});

test('a version from before a restart begins with reset', async () => {
  const dataDir = mkdtempSync(joinPath(tmpdir(), 'onsale-seats-'));
  const first = await startStage({ DATA_DIR: dataDir });
  await putRoom(first, 'main');
  await createConcert(first, 'c');
  await createSchedule(first, 'c', 's');
  const token = await join(first, 'ann');
  await expecting(201, hold(first, token, 's', ['A-1-1']));
  const { version } = await readList(first, token, 's');
  await first.stop();
  const second = await startStage({ DATA_DIR: dataDir });
  const list = await readList(second, token, 's');
  assert.equal(list.seats.get('A-1-1'), 'held');
  assert.equal(countIn(list.version), countIn(version));
  assert.notEqual(list.version, version);
  const events = eventsOf(await streamOf(second, token, 's', version));
  assert.equal((await nextEvent(events))?.type, 'reset');
  await events.return(undefined);
  await second.stop();
  rmSync(dataDir, { recursive: true });
});

describe('who may look', () => {
  test('is asked like at the list', async () => {
    await createSchedule(stage, 'c', 'gate');
    await createConcert(stage, 'other');
    await putRoom(stage, 'vip', { concertIds: ['other'] });
    await createConcert(stage, 'late');
    await createSchedule(stage, 'late', 'late-1');
    await putRoom(stage, 'paused', { admitPerSecond: 0, concertIds: ['late'] });
    const send = (token?: string) => stage.send('GET', path('gate'), { token });
    await refused('queue_token_required', send());
    await refused('queue_token_invalid', send('x'));
    const waiting = await join(stage, 'ann', 'paused');
    await refused('queue_token_waiting', stage.send('GET', path('late-1'), { token: waiting }));
    await refused('forbidden', send(await join(stage, 'ann', 'vip')));
    const gone = await join(stage, 'gone');
    await expecting(204, stage.send('DELETE', '/v1/queue/tokens/current', { token: gone }));
    await refused('queue_token_expired', send(gone));
    await refused('schedule_not_found', stage.send('GET', path('nowhere'), { token: await join(stage, 'ann') }));
    await refused('invalid_request', stage.send('GET', path('a%20b'), { token: await join(stage, 'ann') }));
  });

  test('opens no stream by asking for its headers', async () => {
    const before = await streamsOpen(stage);
    const headers = { 'queue-token': await join(stage, 'head') };
    const head = await fetch(`${stage.url}${path('gate')}`, { method: 'HEAD', headers });
    assert.deepEqual([head.status, head.headers.get('content-type')], [200, 'text/event-stream']);
    assert.equal(await streamsOpen(stage), before);
  });

  test('renews the session by opening, and sees the stream end with the session', async () => {
    await putRoom(stage, 'main', { sessionSeconds: 2 });
    const token = await join(stage, 'short');
    const first = await expiresAt(token);
    while (Date.now() < first - 1_700) assert.equal(await expiresAt(token), first);
    const response = await streamOf(stage, token, 'gate', null);
    assert.ok((await expiresAt(token)) > first);
    const text = await response.text();
    assert.deepEqual(readEvents(text), { events: [{ type: 'reset' }], rest: '' });
    await refused('queue_token_expired', stage.send('GET', path('gate'), { token }));
    await putRoom(stage, 'main');
  });

  test('sees it end also when the session is left, and may have four at a time', async () => {
    const token = await join(stage, 'tabs');
    const open = [];
    for (let i = 0; i < 5; i++) open.push(await streamOf(stage, token, 'gate', null));
    assert.match((await open[0]?.text()) ?? '', /^event: reset\ndata: \{\}\n\n$/);
    assert.equal(await streamsOpen(stage), 4);
    await expecting(204, stage.send('DELETE', '/v1/queue/tokens/current', { token }));
    for (const response of open.slice(1)) await response.text();
    assert.equal(await streamsOpen(stage), 0);
  });
});

test('a program that stops ends its streams', async () => {
  const other = await startStage();
  await putRoom(other, 'main');
  await createConcert(other, 'c');
  await createSchedule(other, 'c', 's');
  const token = await join(other, 'ann');
  const { version } = await readList(other, token, 's');
  const stream = await streamOf(other, token, 's', version);
  const startedMs = performance.now();
  await other.stop();
  assert.deepEqual(readEvents(await stream.text()), { events: [], rest: '' });
  assert.ok(performance.now() - startedMs < 4_000, 'it was cut off only at the end of the grace period');
});
