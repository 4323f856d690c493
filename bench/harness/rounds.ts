/**
 * Rounds in turns: A B C, A B C, …, because machines differ more from minute to minute than programs do. The first round
 * of each warms up and is not counted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { countOf } from './answer-counts.ts';
import { blame, type Entrant, messageOf } from './entrant.ts';
import type { LoadJob, LoadResult, RequestsJob } from './load-job.ts';
import type { RequestPlan } from './request-plan.ts';
import { cpuBetween, type UsageByName, usageOf } from './process-usage.ts';

export interface Round {
  readonly result: LoadResult;
  /** s, by process of the contender. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** Of a contender that something follows. */
  readonly behind: Behind | null;
}

/** What the followers had left to do when the last answer came. */
export interface Behind {
  readonly readModelBatches: number;
  readonly readModelSeconds: number;
  readonly feedBatches: number | null;
  readonly feedSeconds: number | null;
}

export interface Measured {
  readonly entrant: Entrant;
  readonly rounds: readonly Round[];
}

export interface Turn {
  readonly entrant: Entrant;
  /** 0 warms up. */
  readonly round: number;
  /** How many requests should take about `bench.seconds`. */
  readonly count: number;
}

export interface RoundsOptions {
  /** As the progress tells it. */
  readonly what: string;
  readonly jobOf: (turn: Turn) => LoadJob | Promise<LoadJob>;
  /** Whose count the rate is of, where answers are no requests; else of all. */
  readonly counted?: string;
  readonly rounds?: number;
  readonly seconds?: number;
  /** Of one round, for example because there are no more seats. */
  readonly countMax?: number;
  /** Rounds of another kind have warmed it up, and told its rate. */
  readonly isWarm?: boolean;
  /** Which answers each tell that a seat is held; null when none does. */
  readonly seatTold?: string | null;
}

/** As loops count what they no longer wait for. */
const notAnswered = 0;
/** Before anything is known of its rate. */
const firstCount = 1_500;
const drainMaxSeconds = 60;
const drainPollMs = 10;

/** An entrant that fails is blamed, and has no rounds. */
export async function measureRounds(
  bench: Bench,
  entrants: readonly Entrant[],
  options: RoundsOptions,
): Promise<Measured[]> {
  const { rounds = bench.rounds, isWarm = false } = options;
  const measured = entrants.map((entrant) => ({ entrant, rounds: [] as Round[] }));
  for (let round = isWarm ? 1 : 0; round <= rounds; round++) {
    for (const { entrant, rounds: done } of measured) {
      if (bench.faults.has(entrant.contender.name)) continue;
      bench.progress.step(
        `${options.what}: ${entrant.contender.label}, ${round === 0 ? 'warming up' : `round ${round}`}`,
      );
      try {
        if (entrant.rate === null) await measureRound(bench, entrant, round, firstCount, options);
        const result = await measureRound(bench, entrant, round, lengthOf(bench, entrant, options), options);
        if (round > 0) done.push(result);
      } catch (error) {
        blame(bench, entrant.contender, `${options.what}: ${messageOf(error)}`);
      }
    }
  }
  return measured.filter(({ rounds }) => rounds.length > 0);
}

/** Those that have done nothing wrong by now, the comparison of their stores included: only they are ranked. */
export function rightOf(bench: Bench, measured: readonly Measured[]): Measured[] {
  return measured.filter(({ entrant }) => !bench.faults.has(entrant.contender.name));
}

/** Requests by a closed loop over raw sockets, which is how all but the headline is loaded. */
export function closedLoop(bench: Bench, { running }: Entrant, plan: RequestPlan): RequestsJob {
  return {
    type: 'requests',
    port: running.port,
    connections: bench.connections,
    plan,
    pace: { type: 'closed', generator: 'sockets' },
  };
}

function lengthOf(bench: Bench, entrant: Entrant, { seconds = bench.seconds, countMax }: RoundsOptions): number {
  return Math.max(1, Math.min(countMax ?? Number.POSITIVE_INFINITY, Math.round((entrant.rate ?? 1_000) * seconds)));
}

async function measureRound(
  bench: Bench,
  entrant: Entrant,
  round: number,
  count: number,
  { jobOf, counted, seatTold = '201', countMax = count }: RoundsOptions,
): Promise<Round> {
  const processes = entrant.running.processes();
  let before: UsageByName = new Map();
  let after: UsageByName = new Map();
  let drain: Promise<Behind | null> = Promise.resolve(null);
  const result = await bench.load.run(await jobOf({ entrant, round, count: Math.min(count, countMax) }), {
    onStart: () => (before = usageOf(processes)),
    onEnd() {
      after = usageOf(processes);
      // At once: autocannon itself ends up to a second later.
      drain = drained(entrant);
      drain.catch(() => {});
    },
  });
  const answered =
    counted === undefined
      ? Object.values(result.answers).reduce((sum, { count }) => sum + count, 0)
      : countOf(result.answers, counted);
  entrant.rate = answered / result.seconds;
  if (seatTold !== null) {
    entrant.seatsTold += countOf(result.answers, seatTold);
    entrant.seatsUnknown += countOf(result.answers, notAnswered);
  }
  return { result, cpuSeconds: cpuBetween(before, after), behind: await drain };
}

/** Waits until nothing follows any more, so that it takes nothing from the next in turn. */
async function drained({ running, contender }: Entrant): Promise<Behind | null> {
  if (running.lag === undefined) return null;
  const startedMs = performance.now();
  const seconds = (): number => (performance.now() - startedMs) / 1000;
  const first = await running.lag();
  let readModelSeconds = first.readModel === 0 ? 0 : null;
  let feedSeconds = first.feed === 0 || first.feed === null ? 0 : null;
  while (readModelSeconds === null || feedSeconds === null) {
    if (seconds() > drainMaxSeconds) throw new Error(`${contender.label} is behind after ${drainMaxSeconds} s`);
    await sleep(drainPollMs);
    const { readModel, feed } = await running.lag();
    if (readModel === 0) readModelSeconds ??= seconds();
    if (feed === 0 || feed === null) feedSeconds ??= seconds();
  }
  return {
    readModelBatches: first.readModel,
    readModelSeconds,
    feedBatches: first.feed,
    feedSeconds: first.feed === null ? null : feedSeconds,
  };
}
