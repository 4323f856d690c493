/** Holds a second at the engine itself, durable, by how many are under way; and how long its event loop stalls. */
import type { Series } from '../report/section.ts';
import { benchSettings } from '../contenders/onsale.ts';
import { runChild } from './child.ts';
import { inWorkingDir, mebibytes } from './disk.ts';
import type { GrowthRow, GrowthSection, Measure, RunOptions, Size } from './measure.ts';
import type { HoldSpeedFound, HoldSpeedInput } from './programs/hold-speed.ts';

const title = 'Holds a second at the engine, durable';
const withinMs = 300_000;

interface Shape {
  readonly label: (input: HoldSpeedInput) => string;
  readonly input: Record<Size, HoldSpeedInput>;
}

const small = {
  underWay: [64, 1_000],
  holdsPerRound: 2_000,
  warmUp: 500,
  pacedPerSecond: 1_000,
  pacedSeconds: 1,
} as const;

const full = {
  underWay: [16, 64, 256, 1_000, 4_000],
  holdsPerRound: 150_000,
  warmUp: 40_000,
  pacedPerSecond: 10_000,
  pacedSeconds: 12,
} as const;

const shapes: readonly Shape[] = [
  {
    label: ({ rowsPerSchedule }) => `one date of ${(rowsPerSchedule * 100).toLocaleString('en')} seats`,
    input: {
      small: { ...small, schedules: 1, rowsPerSchedule: 200 },
      full: { ...full, schedules: 1, rowsPerSchedule: 10_000 },
    },
  },
  {
    label: ({ schedules }) => `${schedules.toLocaleString('en')} dates`,
    input: {
      small: { ...small, schedules: 20, rowsPerSchedule: 10 },
      full: { ...full, schedules: 1_000, rowsPerSchedule: 10 },
    },
  },
];

export const engineSpeed: Measure = { name: 'engine', title, run };

async function run({ size, progress }: RunOptions): Promise<GrowthSection> {
  const series: Series[] = [];
  const rows: GrowthRow[] = [];
  for (const shape of shapes) {
    const input = shape.input[size];
    const label = shape.label(input);
    const { found, diskBytes } = await inWorkingDir(async (dir) => ({
      found: await runChild<HoldSpeedFound>({
        script: 'hold-speed',
        dataDir: dir.path,
        env: benchSettings,
        input,
        progress: (done, of, what) => progress(done, of, `${label}: ${what}`),
        withinMs,
      }),
      diskBytes: dir.bytes(),
    }));
    const asked = holdsOf(input);
    if (found.held !== asked || found.seatsTaken !== asked) {
      throw new Error(`${asked} holds: ${found.held} were accepted, and ${found.seatsTaken} seats are taken`);
    }
    series.push({
      label,
      points: found.rounds.map(({ underWay, holds, seconds }) => ({ x: underWay, y: Math.round(holds / seconds) })),
    });
    rows.push(...rowsOf(label, found), { what: `${label}: disk`, value: mebibytes(diskBytes), unit: 'MiB' });
  }
  return {
    name: 'engine',
    title,
    unit: 'holds/s',
    x: { label: 'holds under way at once' },
    series,
    rows,
    notes: [
      'Asked in process, without door, key and queue token; answered after the commit (SQLite, synchronous=FULL).',
      'Above 1,000 under way the bound of the doors is passed by; no client can do that.',
    ],
  };
}

/** All holds that are asked for, warm-up included. */
function holdsOf({ warmUp, underWay, holdsPerRound, pacedPerSecond, pacedSeconds }: HoldSpeedInput): number {
  return warmUp + underWay.length * holdsPerRound + pacedPerSecond * pacedSeconds;
}

function rowsOf(label: string, { rounds, idle, paced, seatsTaken }: HoldSpeedFound): GrowthRow[] {
  const best = Math.max(...rounds.map(({ holds, seconds }) => holds / seconds));
  const perBatch = rounds.map(({ underWay, holds, batches }) => ({
    what: `${label}: holds in a batch, ${underWay} under way`,
    value: Math.round(holds / batches),
    unit: 'holds',
  }));
  const stalls: readonly (readonly [string, number])[] = [
    ['longest stall at full speed', Math.max(...rounds.map(({ stalls }) => stalls.longestMs))],
    ['longest stall beside snapshots, paced', paced.stalls.longestMs],
    ['of it work of the engine’s thread', paced.stalls.longestWorkMs],
    ['longest pause for garbage, paced', paced.stalls.longestGcMs],
    ['longest stall of an idle engine here', idle.longestMs],
  ];
  return [
    { what: `${label}: highest rate`, value: Math.round(best), unit: 'holds/s' },
    { what: `${label}: seats taken, as answered`, value: seatsTaken, unit: 'seats' },
    { what: `${label}: pace beside snapshots`, value: Math.round(paced.holds / paced.seconds), unit: 'holds/s' },
    ...stalls.map(([what, ms]) => ({ what: `${label}: ${what}`, value: Math.round(ms * 10) / 10, unit: 'ms' })),
    ...perBatch,
  ];
}
