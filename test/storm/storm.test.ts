/** A short storm. The long one is `npm run storm -- --rounds 200`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { auditOf } from './auditor.ts';
import { blowKinds, blowsOf } from './blows.ts';
import { doors } from './entry.ts';
import { ackAnswer, lineAnswer } from './nats-door.ts';
import { passed, reportText } from './report.ts';
import { runStorm } from './storm.ts';

const blows = ['both', 'nats', 'engine-again'] as const;
const rounds = blows.length;
const seed = process.env['SEED'] ?? String(Date.now());

test(`${rounds} blows under a mixed load lose and double nothing that was acknowledged (SEED=${seed})`, async (context) => {
  const done: number[] = [];
  const report = await runStorm({
    rounds,
    seed,
    kinds: blows,
    keep: false,
    stopped: new AbortController().signal,
    onRound: ({ blow }) => done.push(blow.round),
  });
  context.diagnostic(reportText(report));
  assert.deepEqual(report.findings, []);
  assert.ok(passed(report));
  assert.deepEqual(done, [1, 2, 3]);
  assert.deepEqual(report.kills, { engine: 3, nats: 2, pauses: 0 });
  assert.deepEqual(report.kept, []);
  assert.ok(report.audits.done > 0);
  // Else the load was too light to say anything.
  const { load } = report;
  assert.ok(load !== null);
  for (const door of doors)
    assert.ok(load.byDoor[door].answered >= 10, `${door}: ${load.byDoor[door].answered} answered`);
  assert.ok(
    doors.some((door) => load.byDoor[door].settledLater > 0),
    'no kill has hit a command under way',
  );
  assert.ok(load.paid > 0 && load.reservations > load.paid && load.places > rounds && load.repeated > 10);
  assert.ok(load.feedEvents > load.reservations);
});

describe('the blows of a seed', () => {
  test('are the same again, have each kind at first, and differ from those of another seed', () => {
    const chosen = blowsOf('a', 50);
    assert.deepEqual(blowsOf('a', 50), chosen);
    assert.deepEqual(new Set(chosen.slice(0, blowKinds.length).map(({ kind }) => kind)), new Set(blowKinds));
    assert.notDeepEqual(blowsOf('b', 50), chosen);
  });
});

describe('what JetStream says of a message', () => {
  test('is a place only where it refuses nothing: the refusal of a second join has a sequence, too', () => {
    const place = {
      type: 'answered',
      answer: { status: 201, code: null, text: '{"room":"r","place":7}', replayed: false },
    };
    assert.deepEqual(lineAnswer('r', { seq: 7 }), place);
    // As nats-server 2.9.10 wrote it.
    const error = { code: 503, err_code: 10077, description: 'maximum messages per subject exceeded' };
    const again = lineAnswer('r', { error, seq: 0 });
    assert.ok(again.type === 'answered');
    assert.deepEqual([again.answer.status, again.answer.code], [409, 'already_in_line']);
    const failed = { code: 503, err_code: 10077, description: 'disk full' };
    assert.deepEqual(lineAnswer('r', { error: failed, seq: 0 }), { type: 'broken' });
    assert.throws(() => ackAnswer({ error: failed, seq: 0 }), /disk full/);
    assert.equal(ackAnswer({ seq: 3 }).status, 202);
  });
});

describe('what an auditor says', () => {
  test('is clean, findings, or no audit, by its code and its report together', () => {
    const clean = JSON.stringify({ findings: [], batches: 3, events: 7 });
    assert.deepEqual(auditOf(0, clean, ''), { type: 'clean', batches: 3, events: 7 });
    const found = JSON.stringify({ findings: [{ code: 'gap', where: 'batch 2', what: 'missing' }] });
    assert.equal(auditOf(1, found, '').type, 'found');
    assert.equal(auditOf(0, found, '').type, 'found');
    assert.equal(auditOf(1, clean, '').type, 'found');
    for (const [code, out] of [
      [2, clean],
      [0, ''],
      [0, '{}'],
      [0, 'clean'],
      [139, ''],
    ] as const) {
      assert.equal(auditOf(code, out, 'why').type, 'failed', `${code} ${out}`);
    }
  });
});
