/** Whether the snapshot of a schedule is what the journal says of it. */
import { isDeepStrictEqual } from 'node:util';
import type { AuditedReservation, AuditedSchedule } from '../schedule-model.ts';
import { readScheduleBytes } from './schedule-bytes.ts';
import type { StoredReservation, StoredSchedule } from './schedule-bytes.ts';

/**
 * What differs, in words; undefined when nothing does.
 *
 * @param endedMax ended reservations that stay whole; null when not known
 */
export function scheduleDifference(
  schedule: AuditedSchedule | undefined,
  bytes: Uint8Array,
  endedMax: number | null,
): string | undefined {
  const stored = readScheduleBytes(bytes);
  if (schedule === undefined || stored === null) {
    return (schedule === undefined) === (stored === null) ? undefined : 'one of them was never opened';
  }
  const { facts, hall, changes, reservations } = schedule;
  const sections = hall.sections.map(({ name, price, rows }) => [
    name,
    price,
    rows.map((row) => [row.name, row.seats]),
  ]);
  if (!isDeepStrictEqual(stored.facts, facts)) return `facts ${JSON.stringify(stored.facts)}`;
  if (!isDeepStrictEqual(stored.sections, sections)) return `sections ${JSON.stringify(stored.sections)}`;
  if (stored.changes !== changes) return `${stored.changes} changes of seats, not ${changes}`;
  if (stored.reservations.length !== reservations.length) {
    return `${stored.reservations.length} reservations, not ${reservations.length}`;
  }
  for (const known of reservations) {
    const found = stored.reservations[known.number - 1];
    const difference = found === undefined ? 'missing' : reservationDifference(known, found, stored);
    if (difference !== undefined) return `${known.id} ${difference}`;
  }
  return endedDifference(schedule, stored, endedMax);
}

function reservationDifference(
  known: AuditedReservation,
  { status, whole, userHash }: StoredReservation,
  { paying }: StoredSchedule,
): string | undefined {
  if (status !== known.status) return `is ${status}, not ${known.status}`;
  if (whole === null) {
    if (status !== 'expired' && status !== 'cancelled') return `is shrunk while it is ${status}`;
    return userHash === hashOf(known.userId) ? undefined : `has the hash ${userHash} of a user`;
  }
  const { userId, seats, heldAt, expiresAt, paidAt, balance, attempt } = known;
  const expected = { userId, seats, heldAt, expiresAt, paidAt, balance, attempt };
  if (!isDeepStrictEqual(whole, expected)) return `is ${JSON.stringify(whole)}, not ${JSON.stringify(expected)}`;
  const session = status === 'paying' ? known.session : undefined;
  const storedSession = paying.get(known.number);
  if (isDeepStrictEqual(storedSession, session)) return undefined;
  return `is paid in session ${JSON.stringify(storedSession)}, not ${JSON.stringify(session)}`;
}

/** The ones that ended last are whole, in the order of their end. */
function endedDifference(
  { ended }: AuditedSchedule,
  stored: StoredSchedule,
  endedMax: number | null,
): string | undefined {
  const shrunk = stored.reservations.filter(({ whole }) => whole === null).length;
  const expected = ended.slice(shrunk);
  if (!isDeepStrictEqual(stored.ended, expected)) return `the last to end were ${stored.ended.slice(0, 10).join()} …`;
  if (stored.paying.size !== stored.reservations.filter(({ status }) => status === 'paying').length) {
    return `${stored.paying.size} payments are running`;
  }
  if (endedMax === null || shrunk === Math.max(0, ended.length - endedMax)) return undefined;
  return `${shrunk} of ${ended.length} ended reservations are shrunk, ${endedMax} stay whole`;
}

/** FNV-1a of 32 bits over UTF-16 code units (Fowler, Noll, Vo). */
function hashOf(text: string): number {
  let hash = 2_166_136_261;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 16_777_619) >>> 0;
  return hash;
}
