/** Expired holds: the cost of what is due beside what has long ended, and what the ended ones take of memory. */
import { median } from '../harness/rounds-summary.ts';
import { runChild } from './child.ts';
import { inWorkingDir, mebibytes } from './disk.ts';
import { rounded } from './figures.ts';
import type { GrowthSection, Measure, RunOptions, Size } from './measure.ts';
import type { ExpiryRound, PastFound, PastInput, PastStage } from './programs/past-reservations.ts';

const title = 'Expiry beside past reservations';
const withinMs = 3_600_000;

const sizes: Record<Size, PastInput> = {
  small: { dates: 10, rowsPerDate: 10, past: [0, 2_000], due: 180, roundsEach: 1 },
  full: { dates: 100, rowsPerDate: 100, past: [0, 1_000_000, 10_000_000], due: 180, roundsEach: 5 },
};

export const expiry: Measure = { name: 'expiry', title, run };

async function run({ size, progress }: RunOptions): Promise<GrowthSection> {
  const input = sizes[size];
  const { found, diskBytes } = await inWorkingDir(async (dir) => ({
    found: await runChild<PastFound>({
      script: 'past-reservations',
      dataDir: dir.path,
      // The shortest there is.
      env: { HOLD_TTL_SECONDS: '1', MAX_SEATS_PER_USER: '1000000' },
      input,
      progress,
      withinMs,
    }),
    diskBytes: dir.bytes(),
  }));
  if (found.seatsTaken !== 0) throw new Error(`${found.seatsTaken} seats are still held`);
  const { due, dates } = input;
  const points = (of: (stage: PastStage) => number) => found.stages.map((stage) => ({ x: stage.past, y: of(stage) }));
  return {
    name: 'expiry',
    title,
    unit: 'ms',
    x: { label: 'past reservations' },
    series: [
      { label: 'in one date, engine’s thread', points: points(({ oneDate }) => medianMs(oneDate, 'turnsMs')) },
      { label: `in ${dates} dates, engine’s thread`, points: points(({ allDates }) => medianMs(allDates, 'turnsMs')) },
      { label: 'in one date, until durable', points: points(({ oneDate }) => medianMs(oneDate, 'durableMs')) },
      { label: `in ${dates} dates, until durable`, points: points(({ allDates }) => medianMs(allDates, 'durableMs')) },
    ],
    rows: [
      ...found.stages.flatMap(({ past, lateMs, residentBytes }) => [
        { what: `${past.toLocaleString('en')} past: memory`, value: mebibytes(residentBytes), unit: 'MiB' },
        {
          what: `${past.toLocaleString('en')} past: the last one freed late by`,
          value: rounded(lateMs, 1),
          unit: 'ms',
        },
      ]),
      { what: 'holds made and expired', value: found.held, unit: 'holds' },
      { what: 'disk', value: mebibytes(diskBytes), unit: 'MiB' },
    ],
    notes: [
      `Times are of ${due} due holds.`,
      'The command is the one that the engine’s own timer gives; it is given by hand so that its cost alone is seen.',
      `Of each date the last 10,000 ended reservations stay whole; all others take five bytes.`,
    ],
  };
}

function medianMs(rounds: readonly ExpiryRound[], of: keyof ExpiryRound): number {
  return rounded(median(rounds.map((round) => round[of])), 3);
}
