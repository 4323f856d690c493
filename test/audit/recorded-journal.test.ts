/** The journal of the first version, as recorded: every kind of event, and one movement of money that nothing explains. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { StoredBatch } from '../../engine/ports.ts';
import { anySettings } from '../../storage/audit/audit-rules.ts';
import { Auditor } from '../../storage/audit/auditor.ts';

const lines = readFileSync(new URL('../fixtures/journal-v1.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');

describe('an audit of the recorded journal', () => {
  const auditor = new Auditor({ ...anySettings, holdTtlMs: 300_000 });
  // True: the fixture holds what the journal port gives.
  for (const line of lines) auditor.batch(JSON.parse(line) as StoredBatch);
  auditor.finish();

  it('finds the credit that was written by hand, and nothing else', () => {
    assert.deepEqual(
      auditor.findings.map(({ code, where }) => [code, where]),
      [['credit-unexplained', 'batch 28, turn 0, event 0 of wallet:ann']],
    );
  });

  it('has come to the balances, seats and sessions that the journal tells', () => {
    assert.equal(auditor.balanceOf('ann'), 805);
    assert.equal(auditor.balanceOf('nobody'), 0);
    assert.deepEqual(auditor.reservation('s1.1'), {
      userId: 'ann',
      seatIds: ['A-1-1', 'A-1-2'],
      status: 'paid',
      totalPrice: 200,
      expiresAt: 1_767_225_900_000,
    });
    assert.equal(auditor.reservation('s1.4'), undefined);
    assert.deepEqual(
      [...auditor.seatOwners('s1')],
      [
        ['A-1-1', 's1.1'],
        ['A-1-2', 's1.1'],
      ],
    );
    assert.equal(auditor.sessions('main').size, 0);
    assert.equal(auditor.boundKeys().size, 0);
  });
});
