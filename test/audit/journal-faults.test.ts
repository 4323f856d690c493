/** Every code that a journal alone can show: the small sale without a fault has none, and with one it has that one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoredBatch } from '../../engine/ports.ts';
import { anySettings } from '../../storage/audit/audit-rules.ts';
import { Auditor } from '../../storage/audit/auditor.ts';
import { moneyFaults } from './money-faults.ts';
import { roomFaults } from './room-faults.ts';
import { scheduleFaults } from './schedule-faults.ts';
import { SmallSale } from './small-sale.ts';
import { holdTtlMs } from './small-story.ts';

const rules = {
  ...anySettings,
  holdTtlMs,
  seatsPerReservationMax: 2,
  seatsPerUserMax: 2,
  balanceMax: 10_000,
  keyTtlMs: 86_400_000,
};

function audited(batches: readonly StoredBatch[], changes: Partial<typeof rules> = {}): Auditor {
  const auditor = new Auditor({ ...rules, ...changes });
  for (const batch of batches) auditor.batch(batch);
  auditor.finish();
  return auditor;
}

describe('an audit of a small sale', () => {
  it('finds nothing when nothing is wrong', () => {
    const auditor = audited(new SmallSale().batches());
    assert.deepEqual(auditor.findings, []);
    assert.deepEqual([auditor.batches, auditor.events], [31, 38]);
    assert.equal(auditor.boundKeys().get('do|dan|schedule:s|pays')?.outcome, 'made');
  });

  for (const { name, code, at, plant, also = [] } of [...scheduleFaults, ...moneyFaults, ...roomFaults]) {
    it(`finds ${name}`, () => {
      const sale = plant(new SmallSale());
      const auditor = audited(sale.batches());
      const found = auditor.findings.filter((finding) => finding.code === code);
      assert.ok(found.length > 0, `not ${code} but ${JSON.stringify(auditor.findings)}`);
      if (at !== null) assert.match(found[0]?.where ?? '', new RegExp(`^batch ${sale.batchOf(at)}\\b`));
      const others = [...auditor.counts.keys()].filter((other) => other !== code);
      assert.deepEqual(others.toSorted(), also.toSorted(), JSON.stringify(auditor.findings));
    });
  }

  it('finds a batch that is missing', () => {
    const auditor = audited(new SmallSale().batches().filter(({ number }) => number !== 11));
    assert.deepEqual(
      auditor.findings.map(({ code, where }) => [code, where]),
      [['batch-gap', 'batch 12']],
    );
  });

  it('finds a batch that is not stamped with its last turn', () => {
    const batches = new SmallSale().batches().map((batch) => (batch.number === 31 ? { ...batch, atMs: 1 } : batch));
    assert.deepEqual([...audited(batches).counts.keys()], ['time-back']);
  });

  it('lets a key bind again once its time is over', () => {
    const again = { scope: 'http|ann|wallet:ann|k1', fingerprint: 'k1 {}', outcome: { type: 'given', value: null } };
    const sale = new SmallSale().add(1_767_225_731_000, 'wallet:ann', [], { binding: again });
    assert.deepEqual([...audited(sale.batches()).counts.keys()], ['key-bound-twice']);
    assert.deepEqual(audited(sale.batches(), { keyTtlMs: 121_000 }).findings, []);
  });

  it('does not take a program that was down for one that forgets its holds', () => {
    const sale = new SmallSale().set('the hold ends', 'atMs', 1_767_229_000_000);
    sale.set('the hold ends', 'events.0.event.expiredAt', 1_767_229_000_000).drop('nobody follows');
    assert.deepEqual(audited(sale.batches()).findings, []);
  });
});
