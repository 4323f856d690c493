/** A contender that runs: started with what it sells, probed, measured, and its store compared with its answers. */
import type { Catalogue, Contender, RunningContender } from '../contender.ts';
import { seatsPerRow } from '../contender.ts';
import type { Bench } from './bench.ts';
import { probe } from './probe.ts';
import { type NamedProcess, usageOf } from './process-usage.ts';
import { seatIdOf } from './request-plan.ts';

export interface Entrant {
  readonly contender: Contender;
  readonly running: RunningContender;
  /** Seats that it has said are somebody's. */
  seatsTold: number;
  /** Seats beside these of which nobody knows whether they were given: their requests were no longer waited for. */
  seatsUnknown: number;
  /** Requests a second in its last round, from which the length of the next one follows; null before the first. */
  rate: number | null;
  /** Bytes, by process, when it was stopped. */
  peaks: Readonly<Record<string, number>>;
}

/** Whoever runs now; for an end that comes before its time. */
const startedNow = new Set<RunningContender>();

export async function stopAll(): Promise<void> {
  await Promise.all([...startedNow].map((running) => running.stop()));
}

/**
 * Starts the contenders side by side, measures, compares each store with what was told, and stops them. Each date has
 * one row more than the catalogue says, for the probe. Faults are kept in `bench`; those who have one are not measured.
 */
export async function withEntrants<T>(
  bench: Bench,
  contenders: readonly Contender[],
  catalogue: Catalogue,
  measure: (entrants: readonly Entrant[]) => Promise<T>,
): Promise<T> {
  const entrants: Entrant[] = [];
  try {
    for (const contender of contenders) {
      const entrant = await enter(bench, contender, catalogue);
      if (entrant !== null) entrants.push(entrant);
    }
    const measured = await measure(entrants.filter(({ contender }) => !bench.faults.has(contender.name)));
    for (const entrant of entrants) await compareStore(bench, entrant);
    return measured;
  } finally {
    for (const entrant of entrants) {
      entrant.peaks = peaksOf(entrant.running.processes());
      await entrant.running.stop();
      startedNow.delete(entrant.running);
    }
  }
}

async function enter(bench: Bench, contender: Contender, catalogue: Catalogue): Promise<Entrant | null> {
  let running: RunningContender;
  try {
    running = await contender.start({ ...catalogue, rowsPerSchedule: catalogue.rowsPerSchedule + 1 });
  } catch (error) {
    blame(bench, contender, `it did not start: ${messageOf(error)}`);
    return null;
  }
  startedNow.add(running);
  const entrant: Entrant = { contender, running, seatsTold: 0, seatsUnknown: 0, rate: null, peaks: {} };
  if (contender.baseline === true || catalogue.users === 0) return entrant;
  const firstSeat = catalogue.rowsPerSchedule * seatsPerRow;
  const seatIds = Array.from({ length: 30 }, (_, seat) => seatIdOf(firstSeat + seat));
  const { port, tokens } = running;
  try {
    const result = await probe({ port, tokens, seatIds, seatsHeld: () => running.seatsHeld() });
    if (result.type === 'right') entrant.seatsTold = result.seats;
    else blame(bench, contender, result.reason);
  } catch (error) {
    blame(bench, contender, messageOf(error));
  }
  return entrant;
}

async function compareStore(bench: Bench, { contender, running, seatsTold, seatsUnknown }: Entrant): Promise<void> {
  if (contender.baseline === true || bench.faults.has(contender.name)) return;
  try {
    const held = await running.seatsHeld();
    if (held < seatsTold || held > seatsTold + seatsUnknown) {
      const unknown = seatsUnknown === 0 ? '' : `, ${seatsUnknown} were not answered`;
      blame(bench, contender, `${seatsTold} seats were answered 201${unknown}, but its store has ${held}`);
    }
  } catch (error) {
    blame(bench, contender, messageOf(error));
  }
}

export function blame(bench: Bench, { name, label }: Contender, reason: string): void {
  if (bench.faults.has(name)) return;
  bench.faults.set(name, reason);
  bench.progress.say(`${label} is out: ${reason}`);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function peaksOf(processes: readonly NamedProcess[]): Record<string, number> {
  return Object.fromEntries([...usageOf(processes)].map(([name, { peakBytes }]) => [name, peakBytes]));
}
