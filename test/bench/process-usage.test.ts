import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cpuBetween, readStat, usageOf } from '../../bench/harness/process-usage.ts';

describe('what a process has used', () => {
  it('is read behind a name that looks like the end of it', () => {
    const stat = readStat('42 (a) b (c) S 7 42 42 0 -1 4194304 1 2 3 4 150 50 20 30 20 0 9 0 100 1 2');
    assert.deepEqual(stat, { command: 'a) b (c', parent: 7, cpuSeconds: 2.5 });
  });

  it('is that of this process, of which CPU only grows', () => {
    const own = [{ name: 'own', pid: process.pid }];
    const before = usageOf(own);
    for (let spin = 0; spin < 5_000_000; spin++) Math.sqrt(spin);
    const after = usageOf(own);
    assert.ok((after.get('own')?.peakBytes ?? 0) > 10_000_000);
    assert.ok((cpuBetween(before, after)['own'] ?? -1) >= 0);
  });

  it('is nothing when it has ended', () => {
    assert.equal(usageOf([{ name: 'gone', pid: 2 ** 30 }]).size, 0);
  });
});
