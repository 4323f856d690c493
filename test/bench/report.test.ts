import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { axisScale } from '../../bench/report/axis-scale.ts';
import { markdownOf } from '../../bench/report/markdown.ts';
import { pageOf } from '../../bench/report/page.ts';
import type { BenchResult } from '../../bench/report/result.ts';
import { tickTexts } from '../../bench/report/svg.ts';
import { writeResult } from '../../bench/report/write.ts';

const result: BenchResult = {
  facts: {
    date: '2027-01-31T20:15:00.123Z',
    command: 'npm run bench -- full',
    commit: '0123456789ab',
    cores: 2,
    processor: 'A <fast> one',
    memoryGib: 24,
    kernel: '6.1',
    loadBefore: 0.4,
    loadAfter: 1.9,
    seconds: 600,
    versions: { node: '24.0.0', hono: '4.0.0' },
  },
  settings: { rounds: 5, seconds: 12, connections: 64 },
  contenders: [
    { name: 'null', label: 'null handler', durable: false },
    { name: 'onsale', label: 'Onsale', durable: true },
    { name: 'rival', label: 'Rival & Sons', durable: true },
  ],
  out: [{ label: 'Twice Ltd', reason: 'seat A-1-1 was given to 2 people' }],
  notMeasured: [{ workload: 'hot', reason: 'The run was ended before it.' }],
  generatorPeakMib: 313,
  sections: [
    {
      name: 'holds',
      title: 'Seats held a second',
      unit: 'seats/s',
      better: 'higher',
      series: [
        { label: 'null handler', points: [{ x: 0, y: 20_000, low: 18_000, high: 21_000 }] },
        { label: 'Onsale', points: [{ x: 0, y: 10_000 }] },
      ],
      rows: [
        { contender: 'null handler', 'seats/s': 20_000, spread: '15 %', 'of it': null },
        { contender: 'Onsale', 'seats/s': 10_000.4, spread: '3 %', 'of it': null },
      ],
      notes: ['Only 201 | counts.'],
    },
    {
      name: 'latency',
      title: 'Latency by connections',
      unit: 'ms',
      better: 'lower',
      x: { label: 'connections', scale: 'log' },
      yScale: 'log',
      series: [
        { label: 'Onsale', points: [1, 8, 64].map((x) => ({ x, y: x / 2 })) },
        { label: 'Rival & Sons', points: [1, 8, 64].map((x) => ({ x, y: x / 2 + 0.01 })) },
      ],
      rows: [],
      notes: [],
    },
  ],
};

describe('the table of a result', () => {
  const text = markdownOf(result);

  it('has the rows with their numbers, and no column without a value', () => {
    assert.match(text, /^\| contender \| seats\/s \| spread \|$/m);
    assert.match(text, /^\| null handler \| 20,000 \| 15 % \|$/m);
    assert.match(text, /^\| Onsale \| 10,000 \| 3 % \|$/m);
    assert.doesNotMatch(text, /of it/);
  });

  it('lists the points of a plot that has no table', () => {
    assert.match(text, /^\| Onsale \| 64 \| 32 \|$/m);
  });

  it('says who is not ranked and why, and where it was measured', () => {
    assert.match(text, /Not ranked: Twice Ltd.\*\* seat A-1-1 was given to 2 people/);
    assert.match(text, /Not measured: hot.\*\* The run was ended before it./);
    assert.match(text, /2 cores \(A <fast> one\), 24 GiB/);
    assert.match(text, /`npm run bench -- full`, commit 0123456789ab, took 10 min/);
  });
});

describe('the page of a result', () => {
  const page = pageOf(result);

  it('loads nothing and runs nothing', () => {
    assert.doesNotMatch(page, /https?:|src=|<script|<link|@import|url\(/);
  });

  it('shows every figure, with its unit and which way is good', () => {
    assert.equal(page.match(/<svg /g)?.length, 2);
    assert.match(page, /<b>seats\/s<\/b> · higher is better/);
    assert.match(page, /<b>milliseconds<\/b> · lower is better/);
    assert.match(page, />20,000 seats\/s</);
  });

  it('draws a bar as long as its value', () => {
    const widths = [...page.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
    assert.equal(widths.length, 2);
    assert.ok(Math.abs((widths[0] ?? 0) / (widths[1] ?? 1) - 2) < 0.01);
  });

  it('has a place for every point, also where lines lie on each other', () => {
    assert.doesNotMatch(page, /NaN|Infinity|undefined/);
    assert.equal(page.match(/<circle /g)?.length, 6);
    const names = [...page.matchAll(/<text class="name[^"]*" x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) => Number(y));
    assert.equal(names.length, 2);
    assert.ok(Math.abs((names[0] ?? 0) - (names[1] ?? 0)) >= 15.9);
  });

  it('moves names apart wherever their lines end', () => {
    const [, lines] = result.sections;
    for (let end = 1; end < 300; end++) {
      const points = [
        { x: 1, y: 50 },
        { x: 64, y: 1 + end / 7 },
      ];
      const series = ['a', 'b', 'c'].map((label) => ({ label, points }));
      const page = pageOf({ ...result, sections: lines === undefined ? [] : [{ ...lines, series }] });
      const names = [...page.matchAll(/<text class="name[^"]*" x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) => Number(y));
      const sorted = names.toSorted((a, b) => a - b);
      assert.equal(names.length, 3);
      for (const [index, y] of sorted.entries()) {
        assert.ok(index === 0 || y - (sorted[index - 1] ?? 0) >= 15.9, `${end}: ${sorted.join()}`);
      }
    }
  });

  it('takes names for text and not for markup', () => {
    assert.match(page, /Rival &amp; Sons/);
    assert.match(page, /A &lt;fast&gt; one/);
  });
});

describe('an axis', () => {
  it('begins at 0 when it is linear, and ends above the highest value', () => {
    const { ticks, at } = axisScale({ scale: 'linear', values: [3, 9_100], from: 0, to: 100 });
    assert.deepEqual(ticks, [0, 2_000, 4_000, 6_000, 8_000, 10_000]);
    assert.equal(at(5_000), 50);
    assert.deepEqual(tickTexts(ticks), ['0', '2k', '4k', '6k', '8k', '10k']);
  });

  it('gives each factor the same way when it is logarithmic', () => {
    const { ticks, at } = axisScale({ scale: 'log', values: [1, 1_000], from: 300, to: 0 });
    assert.deepEqual(ticks, [1, 3, 10, 30, 100, 300, 1_000]);
    assert.deepEqual(
      [1, 10, 100, 1_000].map((value) => Math.round(at(value))),
      [300, 200, 100, 0],
    );
  });

  it('stands also when there is nothing to show, or only one value', () => {
    for (const scale of ['linear', 'log'] as const) {
      for (const values of [[], [0], [5]]) {
        const { ticks, at } = axisScale({ scale, values, from: 0, to: 100 });
        assert.ok([...ticks.map(at), at(values[0] ?? 1)].every(Number.isFinite), `${scale} ${values.join()}`);
      }
    }
  });
});

describe('a result', () => {
  it('is kept as data, as a table and as a page, by its date', () => {
    const directory = mkdtempSync(join(tmpdir(), 'onsale-report-'));
    try {
      const paths = writeResult(result, directory);
      const names = ['json', 'md', 'html'].map((ending) => `2027-01-31T20-15-00.${ending}`);
      assert.deepEqual(
        paths.map((path) => basename(path)),
        names,
      );
      assert.deepEqual(JSON.parse(readFileSync(paths[0] ?? '', 'utf8')), result);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
