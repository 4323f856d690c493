/** A journal as an on-sale would leave it, made from a seed: the same seed, the same journal. */
import type { JournaledEvent, StoredBatch } from '../../engine/ports.ts';
import type { Reservation } from '../../actors/schedule/messages.ts';
import {
  admission,
  batchesOf,
  cancelled,
  charged,
  concertCreated,
  expired,
  held,
  opened,
  paid,
  paymentRefused,
  paymentStarted,
  reservation,
  seat,
  t0,
} from './journal-of.ts';

const scheduleIds = ['north', 'south', 'east'];
const seatsOfHall = [seat('A', '1', 1), seat('A', '1', 2), seat('A', '2', 1), seat('A', '2', 2), seat('B', '1', 1)];

export function randomJournal(seed: number, batches: number): StoredBatch[] {
  const random = mulberry32(seed);
  const below = (bound: number): number => Math.floor(random() * bound);
  const live: Reservation[] = [];
  let made = 0;
  let place = 0;
  const step = (): JournaledEvent[] => {
    const user = `user-${below(40)}`;
    const choice = below(10);
    const index = below(live.length);
    const one = live[index];
    if (choice >= 5 && one !== undefined) {
      if (choice === 5) return [paymentStarted(one), paymentRefused(one)];
      live.splice(index, 1);
      if (choice <= 7) return [expired(one)];
      if (choice === 8) return [cancelled(one)];
      return [paymentStarted(one), paid(one, below(1000))];
    }
    if (choice === 0) return [charged(user, (made += 1), 100, 100 + below(1000))];
    if (choice === 1) {
      place += 1;
      const at = { v: 1, epoch: 'e', place, userId: user } as const;
      return [
        admission('main', { type: 'UserAdmitted', ...at, admittedAt: t0, expiresAt: t0 + 1 }),
        admission('main', { type: 'SessionEnded', ...at, reason: 'paid', endedAt: t0 + place }),
      ];
    }
    const scheduleId = scheduleIds[below(scheduleIds.length)] ?? 'north';
    const taken = new Set(live.filter((r) => r.scheduleId === scheduleId).flatMap((r) => r.seats.map((s) => s.id)));
    const free = seatsOfHall.filter((s) => !taken.has(s.id)).slice(0, 1 + below(2));
    if (free.length === 0) return [];
    const hold = reservation(`${scheduleId}.${(made += 1)}`, user, free);
    live.push(hold);
    return [held(hold)];
  };
  const first = [concertCreated, ...scheduleIds.map((id) => opened(id))];
  const rest = Array.from({ length: batches - 1 }, () => [...step(), ...step(), ...step()]);
  return batchesOf(first, ...rest);
}

/** By Tommy Ettinger, public domain: a generator of 32 bits of state, good enough to vary tests. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
