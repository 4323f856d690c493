/** A sale with every kind of public event in it: charges, holds that are paid, given up or expire, sessions, refusals. */
import type { Engine } from '../../engine/engine.ts';
import type { ClientKey } from '../../engine/asker.ts';
import type { Protocols } from '../../api/protocols.ts';
import { seeded } from '../system/seeded.ts';

const hourMs = 3_600_000;
const usersCount = 200;
const schedulesCount = 10;
const rowsCount = 100;
const seatsPerRow = 100;
const knownMax = 2_000;
const epoch = 'line-of-this-test';

export async function prepareSale(engine: Engine<Protocols>): Promise<void> {
  const concert = { id: 'c', name: 'C', description: '' };
  const created = await engine.ask('catalog:main', { type: 'CreateConcert', concert, digest: 'c' });
  if (created.type === 'rejected') return;
  const now = engine.nowMs();
  const rows = Array.from({ length: rowsCount }, (_, row) => ({ name: String(row + 1), seats: seatsPerRow }));
  for (let index = 0; index < schedulesCount; index++) {
    const times = { startsAt: now + 48 * hourMs, salesOpenAt: now - hourMs, salesCloseAt: now + 24 * hourMs };
    await engine.ask('catalog:main', {
      type: 'CreateSchedule',
      schedule: { id: `s${index}`, concertId: 'c', venue: 'Hall', ...times },
      sections: [{ name: 'A', price: 100, rows }],
      digest: `s${index}`,
    });
  }
  const policy = { admitPerSecond: 1_000_000, maxActive: 1_000_000, sessionSeconds: 1, maxSessionSeconds: 10 };
  await engine.ask('admission:main', { type: 'SetPolicy', policy });
  await engine.ask('admission:main', { type: 'OpenLine', epoch, line: 'stream' });
}

/** Each call gives one command and resolves with its answer. Half of them come as durable commands do. */
export function mixedCommands(engine: Engine<Protocols>, seed: string): () => Promise<unknown> {
  const random = seeded(seed);
  const known: { readonly id: string; readonly userId: string; readonly schedule: string }[] = [];
  const room = engine.view<'admission', 'room'>('admission:main', { type: 'room' });
  let place = room?.lines[0]?.takenThrough ?? 0;
  let keys = 0;

  function keyed(user: string): { readonly key?: ClientKey } {
    if (random.below(2) === 0) return {};
    keys += 1;
    return { key: { door: 'do', user, key: `${seed}-${keys}`, fingerprint: `${keys}` } };
  }

  async function hold(userId: string): Promise<void> {
    const schedule = `s${random.below(schedulesCount)}`;
    const seatIds = [`A-${1 + random.below(rowsCount)}-${1 + random.below(seatsPerRow)}`];
    const held = await engine.ask(`schedule:${schedule}`, { type: 'HoldSeats', userId, seatIds }, keyed(userId));
    if (held.type === 'rejected' || held.reply.type !== 'reservation') return;
    known.push({ id: held.reply.reservation.id, userId, schedule });
    if (known.length > knownMax) known.shift();
  }

  return async () => {
    const userId = `u${random.below(usersCount)}`;
    const die = random.below(100);
    if (die < 25) {
      return await engine.ask(
        `wallet:${userId}`,
        { type: 'ChargeWallet', amount: 1 + random.below(200) },
        keyed(userId),
      );
    }
    if (die < 60) return await hold(userId);
    if (die < 65) {
      place += 1;
      const people = [{ place, userId: `v${place}` }];
      return await engine.ask('admission:main', { type: 'AdmitPeople', epoch, people, through: place });
    }
    const chosen = known[random.below(Math.max(1, known.length))];
    if (chosen === undefined) return await hold(userId);
    const common = { userId: chosen.userId, reservationId: chosen.id };
    const to = `schedule:${chosen.schedule}` as const;
    if (die < 75) return await engine.ask(to, { type: 'CancelHold', ...common }, keyed(chosen.userId));
    return await engine.ask(to, { type: 'PayReservation', ...common, session: null }, keyed(chosen.userId));
  };
}
