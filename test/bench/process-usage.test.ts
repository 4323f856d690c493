import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cpuBetween, readStat, usageOf } from '../../bench/harness/process-usage.ts';

function burnCpu(seconds: number): void {
  const began = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(began);
    if (user + system >= seconds * 1e6) return;
  }
}

describe('what a process has used', () => {
  it('is read behind a name that looks like the end of it', () => {
    const stat = readStat('42 (a) b (c) S 7 42 42 0 -1 4194304 1 2 3 4 150 50 20 30 20 0 9 0 100 1 2');
    assert.deepEqual(stat, { command: 'a) b (c', parent: 7, cpuSeconds: 2.5 });
  });

  it('is that of this process, with the CPU that it burns', () => {
    const own = [{ name: 'own', pid: process.pid }];
    const began = process.cpuUsage();
    const before = usageOf(own);
    burnCpu(0.2);
    const after = usageOf(own);
    const spent = process.cpuUsage(began);
    assert.ok((after.get('own')?.peakBytes ?? 0) > 10_000_000);
    const grown = cpuBetween(before, after)['own'] ?? 0;
    // `/proc` counts in hundredths of a second, user and system time each.
    assert.ok(grown >= 0.15, `${grown} s`);
    assert.ok(grown <= (spent.user + spent.system) / 1e6 + 0.05, `${grown} s`);
  });

  it('is nothing when it has ended', () => {
    assert.equal(usageOf([{ name: 'gone', pid: 2 ** 30 }]).size, 0);
  });
});
