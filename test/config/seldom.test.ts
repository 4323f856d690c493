import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Seldom } from '../../api/seldom.ts';

it('what happens often is told at once, then once in a while, with how often it was', () => {
  const seldom = new Seldom(1_000);
  const told: [nowMs: number, times: number][] = [];
  for (const nowMs of [5, 6, 7, 1_004, 1_005, 1_006, 9_000]) seldom.tell((times) => told.push([nowMs, times]), nowMs);
  assert.deepEqual(told, [
    [5, 1],
    [1_005, 4],
    [9_000, 2],
  ]);
});
