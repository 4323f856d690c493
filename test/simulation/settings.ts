/** What differs from seed to seed: sizes, bounds and faults, so that every seed meets other corners (swarm testing). */
import type { EngineLimits } from '../../engine/options.ts';
import type { RoomPolicy } from '../../actors/admission/messages.ts';
import type { Rules } from '../../actors/rules.ts';
import type { Chance } from './chance.ts';
import type { JournalFaults } from './simulated-journal.ts';
import type { NetworkFaults } from './simulated-nats.ts';

export interface Settings {
  readonly rules: Rules;
  readonly limits: EngineLimits;
  readonly journal: JournalFaults;
  readonly network: NetworkFaults;
  readonly policy: RoomPolicy;
  /** People in line and rooms: the engine's own line, or JetStream's. */
  readonly line: 'engine' | 'stream';
  /** Wallets on an engine of their own, with a journal of its own. */
  readonly split: boolean;
  /** Longest a message between the two may take, ms. */
  readonly remoteMaxMs: number;
  /** How late timers may fire, ms: a busy event loop. */
  readonly lateMaxMs: number;
  /** Names of sections and rows as long as they may be: long bodies, long keys. */
  readonly longNames: boolean;
  readonly people: number;
  readonly schedules: number;
  readonly seatsPerSchedule: number;
  /** Of a hundred things that happen around the program, so many are of each kind. */
  readonly crashPercent: number;
  readonly outagePercent: number;
  /** Whether an outage of NATS may be a power loss, which takes the last messages. */
  readonly powerLoss: boolean;
  readonly clockJumps: boolean;
  /** How long people wait between two requests, ms at most. */
  readonly pauseMaxMs: number;
  readonly followerMaxMs: number;
}

/** How long a wall clock jumps at most, ms. */
export const jumpMaxMs = 20_000;

export function settingsFor(chance: Chance): Settings {
  const often = (percent: number, value: number): number => (chance.of(percent) ? value : 0);
  const split = chance.of(25);
  const powerLoss = chance.of(20);
  return {
    rules: {
      holdTtlMs: chance.pick([500, 2_000, 10_000, 60_000]),
      seatsPerReservationMax: chance.between(2, 4),
      seatsPerUserMax: chance.between(2, 5),
      expiriesPerTurnMax: chance.pick([1, 3, 200]),
      endedReservationsMax: chance.pick([1, 4, 1_000]),
      balanceMax: chance.pick([3_000, 1_000_000]),
      engineLineMax: chance.pick([3, 100]),
      sessionsMax: chance.pick([2, 1_000]),
      leaverRangesMax: chance.pick([1, 1_000]),
    },
    limits: {
      waitingCommandsMax: chance.pick([3, 1_000]),
      batchTurnsMax: chance.pick([4, 4_096]),
      batchCharsMax: chance.pick([2_000, 8 * 1024 * 1024]),
      turnMessagesMax: 10_000,
      idleActorsMax: chance.pick([1, 4, 1_000]),
      idleBytesMax: chance.pick([1_000, 1_000_000]),
      keysInMemoryMax: chance.pick([2, 20, 10_000]),
      keysPageMax: chance.pick([1, 3, 10_000]),
      keysPageEveryMs: chance.pick([0, 20]),
      keyTtlMs: chance.pick([5_000, 60_000, 24 * 60 * 60 * 1000]),
    },
    journal: { appendMaxMs: chance.pick([0, 5, 50]), failingPercent: often(30, 0.5) },
    network: {
      delayMaxMs: chance.pick([1, 20, 200]),
      lostPercent: often(40, 3),
      consumerEndsPercent: often(40, 3),
    },
    policy: policyFor(chance),
    line: chance.of(50) ? 'engine' : 'stream',
    split,
    remoteMaxMs: chance.pick([20, 3_000]),
    lateMaxMs: chance.pick([0, 20, 300]),
    longNames: chance.of(30),
    people: chance.between(3, 12),
    schedules: chance.between(1, 3),
    seatsPerSchedule: chance.between(3, 16),
    crashPercent: chance.pick([0.2, 0.5, 1.5]),
    outagePercent: chance.pick([0, 0.3, 1]),
    powerLoss,
    // Two engines have two clocks, which a jump draws apart: the merged journal could not be judged.
    clockJumps: !split && chance.of(30),
    pauseMaxMs: chance.pick([5, 100, 2_000]),
    followerMaxMs: chance.pick([5, 500, 5_000]),
  };
}

export function policyFor(chance: Chance): RoomPolicy {
  const sessionSeconds = chance.pick([1, 5, 60]);
  return {
    admitPerSecond: chance.pick([1, 5, 100, 1_000_000]),
    maxActive: chance.pick([1, 3, 1_000]),
    sessionSeconds,
    maxSessionSeconds: sessionSeconds * chance.pick([1, 2, 6]),
  };
}
