/**
 * Holds at the engine itself, as fast as they are answered: no door, the whole journal. One round for each number of
 * holds under way, then a paced one beside the snapshots.
 */
import { startInside } from '../../../test/system/inside.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HoldSeats } from '../../../actors/schedule/messages.ts';
import type { OnsaleEngine } from '../../../api/protocols.ts';
import { seatIdOf } from '../../harness/request-plan.ts';
import { forEachIndex, given, openDates, seatsTaken, tellFound, tellProgress } from './inside.ts';
import { stallsWhile, type Stalls } from './stalls.ts';

export interface HoldSpeedInput {
  readonly schedules: number;
  readonly rowsPerSchedule: number;
  /** A round for each number of holds under way at once. */
  readonly underWay: readonly number[];
  readonly holdsPerRound: number;
  /** Not counted, before the first round. */
  readonly warmUp: number;
  /** Of the round beside the snapshots. */
  readonly pacedPerSecond: number;
  readonly pacedSeconds: number;
}

export interface HoldRound {
  readonly underWay: number;
  readonly holds: number;
  readonly seconds: number;
  readonly batches: number;
  readonly stalls: Stalls;
}

export interface HoldSpeedFound {
  readonly rounds: readonly HoldRound[];
  /** Of the machine: nothing is asked of the engine meanwhile. */
  readonly idle: Stalls;
  readonly paced: { readonly holds: number; readonly seconds: number; readonly stalls: Stalls };
  /** Answered `accepted`, warm-up included; and seats that the actors say are taken. */
  readonly held: number;
  readonly seatsTaken: number;
}

/** Holds of one user in one date stay few, as in a sale. */
const users = 200_000;
/** The paced round hands over so often, ms. */
const pacedTickMs = 5;
/** Below the engine's bound of waiting commands the doors' own way is used; above it only the drivers' is open. */
const doorBound = 1_000;

// True: its measure gives it this.
const input = given as HoldSpeedInput;
const onsale = await startInside();
const { engine } = onsale;
let made = 0;
let held = 0;

function nextHold(): { readonly to: `schedule:${string}`; readonly command: HoldSeats } {
  const seat = made++;
  const seatId = seatIdOf(Math.floor(seat / input.schedules));
  return {
    to: `schedule:s${seat % input.schedules}`,
    command: { type: 'HoldSeats', userId: `user-${seat % users}`, seatIds: [seatId] },
  };
}

type Hold = ReturnType<typeof nextHold>;

async function ask(hold: Hold, options: Parameters<OnsaleEngine['ask']>[2]): Promise<void> {
  const outcome = await engine.ask(hold.to, hold.command, options);
  if (outcome.type !== 'accepted') throw new Error(`a hold was refused: ${outcome.code}`);
  held += 1;
}

/**
 * The commands are made before the clock starts, and their garbage is gone: what is measured is the engine, not what it
 * takes to ask it.
 */
function madeBefore(count: number): Hold[] {
  const commands = Array.from({ length: count }, nextHold);
  globalThis.gc?.();
  return commands;
}

async function round(underWay: number, holds: number): Promise<HoldRound> {
  const commands = madeBefore(holds);
  const options = underWay > doorBound ? { internal: true as const } : {};
  const firstBatch = engine.durableBatch;
  let seconds = 0;
  const stalls = await stallsWhile(async () => {
    const startedMs = performance.now();
    // In bounds: the index is below `holds`.
    await forEachIndex(holds, underWay, (index) => ask(commands[index]!, options));
    seconds = (performance.now() - startedMs) / 1000;
  });
  return { underWay, holds, seconds, batches: engine.durableBatch - firstBatch, stalls };
}

async function paced(perSecond: number, seconds: number): Promise<HoldSpeedFound['paced']> {
  const commands = madeBefore(perSecond * seconds);
  const answered = Promise.withResolvers<void>();
  const heldBefore = held;
  const lastResolves = (): void => {
    if (held - heldBefore === commands.length) answered.resolve();
  };
  let asked = 0;
  const startedMs = performance.now();
  const stalls = await stallsWhile(async () => {
    while (asked < commands.length) {
      const due = Math.floor(((performance.now() - startedMs) / 1000) * perSecond);
      // A machine that was away is not given all at once what it missed: that would be a stall of our own making.
      const upTo = Math.min(commands.length, due, asked + (4 * perSecond * pacedTickMs) / 1000);
      while (asked < upTo) {
        void ask(commands[asked++]!, { internal: true }).then(lastResolves);
      }
      await sleep(pacedTickMs);
    }
    await answered.promise;
  });
  return { holds: commands.length, seconds: (performance.now() - startedMs) / 1000, stalls };
}

await openDates(onsale.port, input.schedules, input.rowsPerSchedule);
const idle = await stallsWhile(() => sleep(500));
await round(256, input.warmUp);
const rounds: HoldRound[] = [];
for (const underWay of input.underWay) {
  tellProgress(rounds.length, input.underWay.length + 1, `${underWay} holds under way`);
  rounds.push(await round(underWay, input.holdsPerRound));
}
tellProgress(rounds.length, rounds.length + 1, 'paced, beside snapshots');
const found: HoldSpeedFound = {
  rounds,
  idle,
  paced: await paced(input.pacedPerSecond, input.pacedSeconds),
  held,
  seatsTaken: seatsTaken(engine, input.schedules),
};
tellFound(found);
