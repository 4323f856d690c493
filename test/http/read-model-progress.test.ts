import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { followReadModel } from '../../api/read-model-progress.ts';
import type { FollowerReport } from '../../engine/ports.ts';

describe('a reader of the SQL tables', () => {
  it('waits for its own batch, and hurries the follower only when it has to wait', async () => {
    let hurries = 0;
    let report: ((through: number) => void) | undefined;
    const progress = followReadModel(
      {
        subscribe(listener: (report: FollowerReport) => void) {
          report = (through) => listener({ completeThrough: 0, keysThrough: 0, readModelThrough: through, stored: [] });
        },
        hurry: () => (hurries += 1),
      },
      3,
      4,
    );
    await progress.reached(3);
    assert.equal(progress.missing, 1);
    assert.equal(hurries, 0);
    let there = false;
    const reached = progress.reached(5).then(() => (there = true));
    assert.equal(hurries, 1);
    report?.(4);
    await Promise.resolve();
    assert.equal(there, false);
    assert.equal(progress.missing, 0, 'all that was there at the start is in');
    report?.(5);
    await reached;
    assert.equal(progress.through, 5);
  });

  it('is told when too much is missing to wait for', () => {
    const follower = { subscribe: () => {}, hurry: () => {} };
    const farBehind = (missing: number): boolean => followReadModel(follower, 10, 10 + missing).farBehind;
    assert.deepEqual([0, 1_000, 1_001].map(farBehind), [false, false, true]);
  });
});
