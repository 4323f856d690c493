/** Live seats while much happens: a client's picture is the list in the end, and who does not read is cut off. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { countIn, eventsOf, nextEvent, readList, streamOf, streamsOpen } from './seat-watcher.ts';
import { createConcert, createSchedule, expecting, hold, join, putRoom, startStage, type Stage } from './stage.ts';

const steps = 200;
const watchers = 5;
const row = 80;

let stage: Stage;
before(async () => {
  stage = await startStage({
    HOLD_TTL_SECONDS: '1',
    MAX_SEATS_PER_RESERVATION: '1000',
    MAX_SEATS_PER_USER: '1000000',
  });
  await putRoom(stage, 'main');
  await createConcert(stage, 'c');
});
after(async () => await stage.stop());

interface Watched {
  readonly seats: Map<string, string>;
  version: string;
  frames: number;
  readonly ended: Promise<void>;
}

/** Follows the hall in a list of its own, through resets, until `signal`. */
async function watch(token: string, id: string, delayed: Promise<void>, signal: AbortSignal): Promise<Watched> {
  const list = await readList(stage, token, id);
  // What happens before the stream is opened must be in it.
  await delayed;
  const events = eventsOf(await streamOf(stage, token, id, list.version, signal));
  async function follow(): Promise<void> {
    try {
      for (let event = await nextEvent(events); event !== null; event = await nextEvent(events)) {
        assert.equal(event.type, 'seats', 'nothing was forgotten, so there is no reset');
        assert.ok(event.type === 'seats' && countIn(event.version) > countIn(watched.version), 'versions grow');
        for (const { id, status } of event.changes) watched.seats.set(id, status);
        watched.version = event.version;
        watched.frames++;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  const watched: Watched = { seats: list.seats, version: list.version, frames: 0, ended: Promise.resolve() };
  return Object.assign(watched, { ended: follow() });
}

const step = fc.record({
  seats: fc.uniqueArray(fc.nat(row - 1), { minLength: 1, maxLength: 4 }),
  cancel: fc.boolean(),
});

test('the picture of every watcher is the list after 200 random holds, cancels and expiries', async () => {
  const rows = [{ name: '1', seats: row }];
  await createSchedule(stage, 'c', 'storm', { sections: [{ name: 'A', price: 1, rows }] });
  const script = fc.sample(fc.array(step, { minLength: steps, maxLength: steps }), { numRuns: 1, seed: 20_261_122 })[0];
  assert.ok(script);
  const token = await join(stage, 'buyer');
  const going = new AbortController();
  const startedMs = performance.now();
  const opening = Array.from({ length: watchers }, async (_, index) => {
    const delayed = Promise.withResolvers<void>();
    return { delayed, watched: watch(await join(stage, `w${index}`), 'storm', delayed.promise, going.signal) };
  });
  const opened = await Promise.all(opening);
  const held: string[] = [];
  let holds = 0;
  for (const [index, { seats, cancel }] of script.entries()) {
    // One watcher after the other opens its stream in the middle of it.
    if (index % 30 === 15) opened[(index - 15) / 30]?.delayed.resolve();
    const mine = cancel ? held.pop() : undefined;
    if (mine !== undefined) {
      const reply = await stage.send('DELETE', `/v1/reservations/${mine}`, { token });
      assert.ok([200, 409].includes(reply.status), reply.text);
      continue;
    }
    const names = seats.map((seat) => `A-1-${seat + 1}`);
    const reply = await hold(stage, token, 'storm', names);
    assert.ok([201, 409].includes(reply.status), reply.text);
    if (reply.status === 201) holds++;
    if (reply.status === 201 && index % 3 > 0) held.push(String(reply.body['id']));
  }
  assert.ok(holds > 50, `${holds} holds`);
  // The rest expires: the stream has to say so without anybody asking.
  const all = await Promise.all(opened.map(({ watched }) => watched));
  let list = await readList(stage, token, 'storm');
  while ([...list.seats.values()].includes('held') || all.some(({ version }) => version !== list.version)) {
    list = await readList(stage, token, 'storm');
  }
  const elapsedMs = performance.now() - startedMs;
  going.abort();
  for (const { seats, frames, ended } of all) {
    await ended;
    assert.deepEqual([...seats], [...list.seats]);
    assert.ok(frames > 1 && frames <= elapsedMs / 250 + 1, `${frames} frames in ${elapsedMs} ms`);
  }
});

describe('a reader', () => {
  test('who does not read is cut off; one beside it who reads misses nothing', { timeout: 60_000 }, async () => {
    const rows = Array.from({ length: 10 }, (_, index) => ({ name: `row number ${index}`, seats: 1_000 }));
    await createSchedule(stage, 'c', 'large', { sections: [{ name: 'Section A', price: 1, rows }] });
    const token = await join(stage, 'whale');
    const list = await readList(stage, token, 'large');
    const ids = [...list.seats.keys()];
    const slow = connect(stage.onsale.port, '127.0.0.1');
    await once(slow, 'connect');
    slow.pause();
    slow.write(`GET /v1/schedules/large/seats/events HTTP/1.1\r\nHost: x\r\nQueue-Token: ${token}\r\n\r\n`);
    const going = new AbortController();
    const reading = await watch(await join(stage, 'reader'), 'large', Promise.resolve(), going.signal);
    while ((await streamsOpen(stage)) < 2);
    async function seen(): Promise<void> {
      for (let etag = ''; etag !== `"${reading.version}"`;) {
        const url = `${stage.url}/v1/schedules/large/seats`;
        const head = await fetch(url, { method: 'HEAD', headers: { 'queue-token': token } });
        etag = head.headers.get('etag') ?? '';
      }
    }
    let frames = 0;
    for (; (await streamsOpen(stage)) === 2; frames += 2) {
      const held: string[] = [];
      for (let from = 0; from < ids.length; from += 1_000) {
        const reply = await expecting(201, hold(stage, token, 'large', ids.slice(from, from + 1_000)));
        held.push(String(reply.body['id']));
      }
      await seen();
      for (const id of held) await stage.send('DELETE', `/v1/reservations/${id}`, { token });
      await seen();
    }
    assert.ok(frames > 2, 'it was cut off for what it had not read');
    assert.equal(await streamsOpen(stage), 1);
    assert.deepEqual([...reading.seats], [...(await readList(stage, token, 'large')).seats]);
    going.abort();
    await reading.ended;
    const closed = once(slow, 'close');
    slow.resume();
    await closed;
    await expecting(200, stage.send('GET', '/health/live'));
  });
});
