/**
 * What is asked of a contender, in words small enough to be told to the load process, which makes the requests of it.
 * The same plan is the same bytes, whoever is asked.
 */
import { seatsPerRow } from '../contender.ts';
import { seededRandom, shuffle } from './random.ts';
import type { HttpRequest } from './request-bytes.ts';

export type RequestPlan = HoldsPlan | CrowdPlan | OneSeatPlan | PollsPlan | UnchangedSeatsPlan | BrowsePlan | JoinsPlan;

interface AnyPlan {
  readonly tokens: readonly string[];
  readonly count: number;
}

/** Different free seats, neighbouring requests on different dates and by different people. */
export interface HoldsPlan extends AnyPlan {
  readonly kind: 'holds';
  readonly schedules: number;
  /** Seats asked for before. */
  readonly first: number;
}

/** Every seat of one date is asked for `count / seats` times, in one shuffled order. */
export interface CrowdPlan extends AnyPlan {
  readonly kind: 'crowd';
  readonly schedule: number;
  readonly seats: number;
}

/** The same seat, by one person after the other. */
export interface OneSeatPlan extends AnyPlan {
  readonly kind: 'one-seat';
  readonly schedule: number;
  readonly seatId: string;
}

/** People look where they stand. */
export interface PollsPlan extends AnyPlan {
  readonly kind: 'polls';
}

/** People look at seats that have not changed since. */
export interface UnchangedSeatsPlan extends AnyPlan {
  readonly kind: 'unchanged-seats';
  /** By schedule. */
  readonly etags: readonly string[];
}

/** Of twenty requests one holds a seat, the others read. */
export interface BrowsePlan extends AnyPlan {
  readonly kind: 'browse';
  readonly schedules: number;
  /** Seats held before. */
  readonly first: number;
}

/** Different people join one line. */
export interface JoinsPlan extends AnyPlan {
  readonly kind: 'joins';
  readonly room: string;
}

/** The id of a date's seat by its number, from 0 in layout order. */
export function seatIdOf(inSchedule: number): string {
  return `A-${Math.floor(inSchedule / seatsPerRow) + 1}-${(inSchedule % seatsPerRow) + 1}`;
}

function hold(token: string, key: string, schedule: number, seatId: string): HttpRequest {
  return {
    method: 'POST',
    path: '/v1/reservations',
    headers: { 'content-type': 'application/json', 'queue-token': token, 'idempotency-key': key },
    body: JSON.stringify({ scheduleId: `bench-${schedule}`, seatIds: [seatId] }),
  };
}

function get(token: string, path: string, headers: Readonly<Record<string, string>> = {}): HttpRequest {
  return { method: 'GET', path, headers: { 'queue-token': token, ...headers } };
}

/** The request of each index below `plan.count`. */
export function requestsOf(plan: RequestPlan): (index: number) => HttpRequest {
  const { tokens } = plan;
  const tokenOf = (index: number): string => tokens[index % tokens.length] ?? '';
  switch (plan.kind) {
    case 'holds':
      return (index) => spreadHold(plan.first + index, plan.schedules, tokens);
    case 'crowd': {
      const order = shuffle(
        Uint32Array.from({ length: plan.count }, (_, index) => index % plan.seats),
        seededRandom(1),
      );
      return (index) =>
        hold(tokenOf(index), `crowd-${plan.schedule}-${index}`, plan.schedule, seatIdOf(order[index] ?? 0));
    }
    case 'one-seat':
      return (index) =>
        hold(tokenOf(index), `one-${plan.schedule}-${plan.seatId}-${index}`, plan.schedule, plan.seatId);
    case 'polls':
      return (index) => get(tokenOf(index), '/v1/queue/tokens/current');
    case 'unchanged-seats':
      return (index) => {
        const schedule = index % plan.etags.length;
        return get(tokenOf(index), `/v1/schedules/bench-${schedule}/seats`, {
          'if-none-match': plan.etags[schedule] ?? '',
        });
      };
    case 'browse':
      return (index) => browsing(plan, index);
    case 'joins':
      return (index) => ({
        method: 'POST',
        path: '/v1/queue/tokens',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ userId: `join-${index}`, room: plan.room }),
      });
  }
}

function spreadHold(seat: number, schedules: number, tokens: readonly string[]): HttpRequest {
  // Each time that everyone has asked once, all move on by one date: users are a multiple of the dates.
  const token = tokens[(seat + Math.floor(seat / tokens.length)) % tokens.length] ?? '';
  return hold(token, `bench-${seat}`, seat % schedules, seatIdOf(Math.floor(seat / schedules)));
}

/** One round of the mix; see `BrowsePlan`. */
export const browseMix = { hold: 1, concerts: 4, schedules: 5, seats: 6, place: 4 } as const;
const browseRound = Object.values(browseMix).reduce((sum, share) => sum + share, 0);

function browsing(plan: BrowsePlan, index: number): HttpRequest {
  const token = plan.tokens[index % plan.tokens.length] ?? '';
  let step = index % browseRound;
  if (step < browseMix.hold)
    return spreadHold(plan.first + Math.floor(index / browseRound), plan.schedules, plan.tokens);
  step -= browseMix.hold;
  if (step < browseMix.concerts) return get(token, '/v1/concerts?available=true');
  step -= browseMix.concerts;
  if (step < browseMix.schedules) return get(token, '/v1/concerts/bench/schedules?available=true');
  step -= browseMix.schedules;
  if (step < browseMix.seats) {
    return get(token, `/v1/schedules/bench-${index % plan.schedules}/seats?status=available`);
  }
  return get(token, '/v1/queue/tokens/current');
}
