/** The parts of durable commands that need no server: order within a subject, and what is certainly acked. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StreamInfo } from '@nats-io/jetstream';
import { AckedThrough } from '../../api/nats/commands/acked-through.ts';
import { rejectedReport } from '../../api/nats/commands/rejected-report.ts';
import { SubjectOrder } from '../../api/nats/commands/subject-order.ts';
import { problem } from '../../api/answers/problems.ts';
import { limits } from '../../api/limits.ts';

describe('the order of a subject', () => {
  test('makes younger commands wait while an older one is away, and no other subject', () => {
    const order = new SubjectOrder();
    order.sendBack('s', 5, 100);
    order.sendBack('s', 7, 200);
    assert.deepEqual([...order.away(200)], [{ subject: 's', sequence: 5 }]);
    assert.equal(order.mustWait('s', 6), true);
    assert.equal(order.mustWait('t', 6), false);
    assert.equal(order.mustWait('s', 4), false);
    assert.equal(order.mustWait('s', 5), false);
    order.arrived('s', 5);
    assert.equal(order.mustWait('s', 6), false);
    assert.equal(order.mustWait('s', 8), true);
    order.arrived('s', 7);
    order.arrived('s', 7);
    assert.equal(order.mustWait('s', 8), false);
  });
});

describe('what is certainly acked', () => {
  const stream = { created: 'then', messages: 0, first: 1, last: 0 };

  function looking() {
    const noted: [through: number, atMs: number][] = [];
    const now = { batch: 0, atMs: 0 };
    const acked = new AckedThrough({
      durableBatch: () => now.batch,
      nowMs: () => now.atMs,
      note: (through, atMs) => noted.push([through, atMs]),
    });
    const look = async (batch: number, atMs: number, seen: Partial<typeof stream>): Promise<void> => {
      Object.assign(now, { batch, atMs });
      const { created, messages, first, last } = { ...stream, ...seen };
      // Only these fields are read.
      const info = { created, state: { messages, first_seq: first, last_seq: last } } as StreamInfo;
      await acked.look(() => Promise.resolve(info));
    };
    return { noted, look };
  }

  test('is what was bound before the first look, once its messages have left the stream', async () => {
    const { noted, look } = looking();
    await look(10, 1, { messages: 3, first: 5, last: 7 });
    await look(20, 2, { messages: 2, first: 7, last: 8 });
    assert.deepEqual(noted, [], 'message 7 was there at the first look, and still is');
    await look(30, 3, { messages: 1, first: 8, last: 8 });
    assert.deepEqual(noted, [[10, 3]]);
    await look(40, 4, { messages: 0, first: 9, last: 8 });
    assert.deepEqual(noted.at(-1), [30, 4]);
  });

  test('is not told twice while nothing happens', async () => {
    const { noted, look } = looking();
    for (let atMs = 1; atMs < 6; atMs++) await look(10, atMs, { messages: 0, first: 1, last: 0 });
    assert.deepEqual(noted, [[10, 2]]);
  });

  test('is everything when the stream was made again: the messages are gone', async () => {
    const { noted, look } = looking();
    await look(10, 1, { messages: 3, first: 5, last: 7 });
    await look(20, 2, { created: 'later', messages: 1, first: 1, last: 1 });
    assert.deepEqual(noted, [[10, 2]]);
  });

  test('is unknown while the stream does not answer', async () => {
    const { noted, look } = looking();
    await look(10, 1, { messages: 1, first: 1, last: 1 });
    const failing = new AckedThrough({ durableBatch: () => 1, nowMs: () => 1, note: () => assert.fail('told') });
    await assert.rejects(failing.look(() => Promise.reject(new Error('away'))));
    assert.deepEqual(noted, []);
  });
});

describe('the report of a rejected message', () => {
  test('takes headers with the names of what every object has', () => {
    const headers = ['constructor', 'toString', '__proto__'].map((name): [string, string[]] => [name, ['x']]);
    const message = { subject: 'x', data: new Uint8Array(), headers };
    const report = rejectedReport(message, 9, problem('not_found'), 1_048_576);
    const told = JSON.stringify(Object.fromEntries(headers));
    assert.ok(report.payload.includes(`"headers":${told}`), report.payload);
    assert.equal(report.headers.length, 3);
  });

  test('keeps headers within a bound, and says when it left some out', () => {
    const headers: [string, string[]][] = [
      ['Nats-Msg-Id', ['m']],
      ['A', ['1', '2']],
      ['Large', ['x'.repeat(limits.rejectedHeadersMax)]],
      ['B', ['3']],
    ];
    const report = rejectedReport(
      { subject: 'x', data: new Uint8Array(), headers },
      9,
      problem('not_found'),
      1_048_576,
    );
    assert.deepEqual(report.headers, [
      ['A', '1'],
      ['A', '2'],
      ['B', '3'],
    ]);
    const { reason, ...rest } = JSON.parse(report.payload) as { reason: { code: string } };
    assert.equal(reason.code, 'not_found');
    assert.deepEqual(rest, {
      subject: 'x',
      sequence: 9,
      headers: { 'Nats-Msg-Id': ['m'], A: ['1', '2'], B: ['3'] },
      headersComplete: false,
    });
  });
});
