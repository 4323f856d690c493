import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCommandLine } from '../../bench/command-line.ts';
import type { Contender } from '../../bench/contender.ts';
import type { Workload } from '../../bench/harness/bench.ts';

const named = (name: string): Contender => ({
  name,
  label: name,
  durable: true,
  ...(name === 'null' ? { baseline: true as const } : {}),
  missing: () => Promise.resolve(null),
  start: () => Promise.reject(new Error('not here')),
});
const workload = (name: string): Workload => ({ name, steps: () => 1, run: () => Promise.resolve([]) });
const all = { contenders: ['null', 'onsale', 'rival'].map(named), workloads: ['spread', 'hot'].map(workload) };

describe('what the bench is asked for', () => {
  it('is everything, shortly, when nothing is said', () => {
    const { workloads, contenders, rounds, seconds, connections } = readCommandLine([], all);
    assert.deepEqual([workloads.length, contenders.length, rounds, seconds, connections], [2, 3, 3, 2, 64]);
  });

  it('draws curves for everyone when it is full, or when contenders are named', () => {
    const drawn = [[], ['full'], ['--contenders', 'rival']].map((args) => readCommandLine(args, all).curvesOfAll);
    assert.deepEqual(drawn, [false, true, true]);
  });

  it('is a minute a figure when it is full, unless said otherwise', () => {
    const full = readCommandLine(['full'], all);
    assert.equal(full.rounds * full.seconds, 60);
    assert.equal(readCommandLine(['full', '--seconds', '0.5'], all).seconds, 0.5);
  });

  it('keeps the handler that does nothing beside whoever is chosen', () => {
    const { contenders, workloads } = readCommandLine(['--contenders', 'rival', '--only', 'hot'], all);
    assert.deepEqual(
      contenders.map(({ name }) => name),
      ['null', 'rival'],
    );
    assert.deepEqual(
      workloads.map(({ name }) => name),
      ['hot'],
    );
  });

  it('is refused with what there is, when it does not exist', () => {
    assert.throws(() => readCommandLine(['--only', 'cold'], all), /no workload "cold"; there are spread, hot/);
    assert.throws(() => readCommandLine(['--contenders', 'x'], all), /no contender "x"/);
    assert.throws(() => readCommandLine(['quick'], all), /"quick" is no word/);
    for (const wrong of ['0', '-1', 'x', '1.5']) {
      assert.throws(() => readCommandLine([`--rounds=${wrong}`], all), /--rounds must be a positive number/);
    }
  });
});
