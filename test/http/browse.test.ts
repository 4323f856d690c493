/** Browsing: sessions that it renews, pages, seat lists, what is on sale, and how times are read. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  adminKey,
  createConcert,
  createSchedule,
  expecting,
  hold,
  inHours,
  join,
  putRoom,
  refused,
  scheduleBody,
  startStage,
  type Stage,
} from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await startStage();
  await putRoom(stage, 'main');
});
after(async () => await stage.stop());

async function expiresAt(token: string): Promise<number> {
  const { body } = await expecting(200, stage.send('GET', '/v1/queue/tokens/current', { token }));
  assert.equal(body['status'], 'active');
  return Date.parse(String(body['expiresAt']));
}

describe('a session', () => {
  test('is renewed by browsing and holding, not by asking how far one is', async () => {
    await putRoom(stage, 'short', { sessionSeconds: 3 });
    const token = await join(stage, 'idler', 'short');
    const first = await expiresAt(token);
    // More than a tenth of it has to go before it is renewed.
    while (Date.now() < first - 2_600) assert.equal(await expiresAt(token), first);
    await expecting(200, stage.send('GET', '/v1/concerts', { token }));
    const second = await expiresAt(token);
    assert.ok(second > first);
    await expecting(200, stage.send('GET', '/v1/concerts', { token }));
    assert.equal(await expiresAt(token), second);
  });
});

describe('a concert that is moved to another room', () => {
  test('stays open for those who were inside, and opens only there for those who come', async () => {
    await createConcert(stage, 'moved');
    await createSchedule(stage, 'moved', 'moved-1');
    const inside = await join(stage, 'inside-before');
    const see = (token: string) => stage.send('GET', '/v1/concerts/moved/schedules', { token });
    await expecting(200, see(inside));
    await putRoom(stage, 'moved-room', { concertIds: ['moved'] });
    await expecting(200, see(inside));
    await expecting(201, hold(stage, inside, 'moved-1', ['A-1-1']));
    await refused('forbidden', see(await join(stage, 'came-after')));
    await expecting(200, see(await join(stage, 'came-there', 'moved-room')));
  });
});

describe('pages', () => {
  test('of concerts neither repeat nor miss one', async () => {
    for (const id of ['page-a', 'page-b', 'page-c']) await createConcert(stage, id);
    const token = await join(stage, 'pager');
    const ids: string[] = [];
    for (let cursor: unknown = ''; cursor !== null;) {
      const query = cursor === '' ? '' : `&cursor=${JSON.stringify(cursor).slice(1, -1)}`;
      const { body } = await expecting(200, stage.send('GET', `/v1/concerts?limit=2${query}`, { token }));
      // The shape of a page is compared in the journey.
      ids.push(...(body['items'] as { id: string }[]).map(({ id }) => id));
      cursor = body['nextCursor'];
    }
    assert.deepEqual(ids, [...ids].sort());
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ['page-a', 'page-b', 'page-c']) assert.ok(ids.includes(id));
    await refused('invalid_request', stage.send('GET', '/v1/concerts?cursor=bogus', { token }));
  });

  test('of a user’s reservations go from the newest to the oldest', async () => {
    await createConcert(stage, 'many');
    await createSchedule(stage, 'many', 'many-1');
    const token = await join(stage, 'collector');
    const made: unknown[] = [];
    for (const seat of ['A-1-1', 'A-1-2', 'A-1-3']) {
      made.unshift((await expecting(201, hold(stage, token, 'many-1', [seat]))).body['id']);
    }
    const path = '/v1/users/collector/reservations';
    const first = await expecting(200, stage.send('GET', `${path}?limit=2`));
    const second = await expecting(
      200,
      stage.send('GET', `${path}?limit=2&cursor=${String(first.body['nextCursor'])}`),
    );
    // The shape of a page is compared in the journey.
    const items = [first, second].flatMap(({ body }) => body['items'] as { id: string }[]);
    assert.deepEqual(
      items.map(({ id }) => id),
      made,
    );
    assert.equal(second.body['nextCursor'], null);
    await refused('invalid_request', stage.send('GET', `${path}?cursor=bogus`));
  });
});

describe('a seat list', () => {
  test('that did not change is not sent again; one that changed is, under another version', async () => {
    await createConcert(stage, 'etag');
    await createSchedule(stage, 'etag', 'etag-1');
    const token = await join(stage, 'poller');
    const path = '/v1/schedules/etag-1/seats';
    const first = await expecting(200, stage.send('GET', path, { token }));
    const etag = first.headers.get('etag') ?? '';
    for (const given of [etag, `"x", W/${etag}`, '*']) {
      const same = await expecting(304, stage.send('GET', path, { token, headers: { 'if-none-match': given } }));
      assert.equal(same.text, '');
      assert.equal(same.headers.get('etag'), etag);
    }
    const filtered = await expecting(
      200,
      stage.send('GET', `${path}?status=available`, { token, headers: { 'if-none-match': etag } }),
    );
    assert.notEqual(filtered.headers.get('etag'), etag);
    await expecting(201, hold(stage, token, 'etag-1', ['A-1-1']));
    const changed = await expecting(200, stage.send('GET', path, { token, headers: { 'if-none-match': etag } }));
    assert.notEqual(changed.body['version'], first.body['version']);
    assert.notEqual(changed.headers.get('etag'), etag);
  });
});

describe('what is on sale', () => {
  test('leaves out dates whose sales have not opened, and concerts without any', async () => {
    await createConcert(stage, 'soon');
    await createSchedule(stage, 'soon', 'soon-1', { salesOpenAt: inHours(1) });
    const token = await join(stage, 'early');
    const dates = await expecting(200, stage.send('GET', '/v1/concerts/soon/schedules?available=true', { token }));
    assert.deepEqual(dates.body, { items: [] });
    const all = await expecting(200, stage.send('GET', '/v1/concerts/soon/schedules', { token }));
    assert.equal((all.body['items'] as unknown[]).length, 1); // The shape is compared in the journey.
    const { text } = await expecting(200, stage.send('GET', '/v1/concerts?available=true&limit=500', { token }));
    assert.doesNotMatch(text, /"soon"/);
  });
});

describe('times', () => {
  test('may come with an offset and go out as UTC with milliseconds', async () => {
    await createConcert(stage, 'offset');
    const body = scheduleBody('offset-1', { startsAt: '2027-05-01T19:00:00+09:00' });
    const path = '/v1/admin/concerts/offset/schedules';
    const made = await expecting(201, stage.send('POST', path, { bearer: adminKey, body }));
    assert.equal(made.body['startsAt'], '2027-05-01T10:00:00.000Z');
  });
});
