/**
 * What it costs to expire holds that are due, beside ever more reservations that have long ended. Holds last one second,
 * so the past is made of holds that nobody paid.
 */
import { startInside } from '../../../test/system/inside.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { seatsPerRow } from '../../contender.ts';
import { seatIdOf } from '../../harness/request-plan.ts';
import { memoryOf } from '../watch-program.ts';
import { forEachIndex, given, openDates, seatsTaken, tellFound, tellProgress } from './inside.ts';

export interface PastInput {
  readonly dates: number;
  readonly rowsPerDate: number;
  /** Numbers of past reservations at which is measured, growing. */
  readonly past: readonly number[];
  readonly due: number;
  readonly roundsEach: number;
}

export interface ExpiryRound {
  /** Time of the engine's thread to expire all that is due, ms. */
  readonly turnsMs: number;
  /** Until all of it was on disk, ms. */
  readonly durableMs: number;
}

export interface PastStage {
  readonly past: number;
  readonly oneDate: readonly ExpiryRound[];
  readonly allDates: readonly ExpiryRound[];
  /** How late the last of the due holds was free where the engine's own timer ended them, ms. */
  readonly lateMs: number;
  readonly residentBytes: number;
}

export interface PastFound {
  readonly stages: readonly PastStage[];
  /** Holds made in all; and those whose seat is not free at the end. */
  readonly held: number;
  readonly seatsTaken: number;
}

const users = 1_000_003;
const atOnce = 2_000;
const tellEvery = 200_000;
/** The event loop is kept busy from so long before the first deadline on, ms. */
const blockedBeforeMs = 150;
const attemptsMax = 20;

// True: its measure gives it this.
const input = given as PastInput;
const onsale = await startInside();
const { engine } = onsale;
const seatsPerDate = input.rowsPerDate * seatsPerRow;
let held = 0;

const dateOf = (hold: number): `schedule:${string}` => `schedule:s${hold % input.dates}`;

/** Holds the seat that was asked for longest ago; it is free again by then. Gives the deadline. */
async function holdNext(to: `schedule:${string}`, seat: number): Promise<number> {
  const userId = `user-${held % users}`;
  held += 1;
  const outcome = await engine.ask(to, { type: 'HoldSeats', userId, seatIds: [seatIdOf(seat)] }, { internal: true });
  if (outcome.type !== 'accepted') throw new Error(`a hold was refused: ${outcome.code}`);
  if (outcome.reply.type !== 'reservation') throw new Error('a hold gave no reservation');
  return outcome.reply.reservation.expiresAt;
}

async function untilAllExpired(): Promise<void> {
  while (seatsTaken(engine, input.dates) > 0) await sleep(20);
}

async function makePast(upTo: number): Promise<void> {
  const first = held;
  await forEachIndex(upTo - first, atOnce, async (index) => {
    const hold = first + index;
    await holdNext(dateOf(hold), Math.floor(hold / input.dates) % seatsPerDate);
    if (held % tellEvery === 0) tellProgress(held, upTo, 'past reservations');
  });
  await untilAllExpired();
}

interface Due {
  /** Of the holds, ms since the epoch. */
  readonly firstAt: number;
  readonly lastAt: number;
}

/** Holds that many seats of the first so many dates. */
async function holdDue(dates: number): Promise<Due> {
  let firstAt = Infinity;
  let lastAt = 0;
  await forEachIndex(input.due, input.due, async (index) => {
    const at = await holdNext(`schedule:s${index % dates}`, Math.floor(index / dates));
    firstAt = Math.min(firstAt, at);
    lastAt = Math.max(lastAt, at);
  });
  return { firstAt, lastAt };
}

/**
 * Keeps the event loop from the engine's own timer until all is due, then gives the command that the timer would give,
 * so that the cost of just that is seen. Where the machine was so busy that the timer came first, all is done again.
 */
async function expireOnce(dates: number): Promise<ExpiryRound> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const { firstAt, lastAt } = await holdDue(dates);
    await sleep(Math.max(0, firstAt - engine.nowMs() - blockedBeforeMs));
    while (engine.nowMs() < lastAt);
    if (seatsTaken(engine, input.dates) === input.due) return await expireNow(dates);
    await untilAllExpired();
  }
  throw new Error(`the engine's own timer came first ${attemptsMax} times: this machine is too busy`);
}

async function expireNow(dates: number): Promise<ExpiryRound> {
  const startedMs = performance.now();
  const answers = Array.from({ length: dates }, (_, date) =>
    engine.ask(`schedule:s${date}`, { type: 'ExpireDue' }, { internal: true }),
  );
  const turnsMs = performance.now() - startedMs;
  await Promise.all(answers);
  const durableMs = performance.now() - startedMs;
  const left = seatsTaken(engine, input.dates);
  if (left > 0) throw new Error(`${left} seats are still held after their deadline`);
  return { turnsMs, durableMs };
}

async function lateness(): Promise<number> {
  const { lastAt } = await holdDue(input.dates);
  await sleep(Math.max(0, lastAt - engine.nowMs() - 5));
  while (seatsTaken(engine, input.dates) > 0) await sleep(1);
  return engine.nowMs() - lastAt;
}

async function stage(past: number): Promise<PastStage> {
  await makePast(past);
  globalThis.gc?.();
  const { residentBytes } = memoryOf(process.pid);
  const rounds = async (dates: number): Promise<ExpiryRound[]> => {
    const found: ExpiryRound[] = [];
    for (let round = 0; round < input.roundsEach; round++) found.push(await expireOnce(dates));
    return found;
  };
  // The numbers of past reservations grow by these, which changes nothing.
  const oneDate = await rounds(1);
  const allDates = await rounds(Math.min(input.dates, input.due));
  return { past, oneDate, allDates, lateMs: await lateness(), residentBytes };
}

await openDates(onsale.port, input.dates, input.rowsPerDate);
const stages: PastStage[] = [];
for (const past of input.past) {
  tellProgress(stages.length, input.past.length, `${past} past reservations`);
  stages.push(await stage(Math.max(past, held)));
}
const found: PastFound = { stages, held, seatsTaken: seatsTaken(engine, input.dates) };
tellFound(found);
