/**
 * A schedule as bytes: a JSON header, then raw columns. Seats are not written: their status and owner follow from the
 * reservations, so the size goes with what was reserved and the two can never disagree.
 *
 * Reservations are written by ordinal, never by slot, so that the bytes do not tell which slots were used again or
 * whether the state went through a snapshot. Numbers are little-endian, as on every machine that Node runs on today.
 *
 *   u32 header bytes, u32 users bytes, header JSON, users JSON, padding to 8,
 *   f64 heldAt, expiresAt, paidAt, balance   one per whole reservation
 *   u32 attempt, seat count                  one per whole reservation
 *   u32 seat indexes, u32 hashes of shrunk ones, u32 ended ordinals by age
 *   u8  state                                one per ordinal
 */
import type { SessionRef } from '../admission/messages.ts';
import type { CanonicalSections, Layout } from './layout.ts';
import type { ScheduleFacts } from './messages.ts';
import { seatCountOf, type SeatIndexes } from './reservation-slots.ts';
import { isShrunkState } from './reservations.ts';
import { openSchedule, type OpenedSchedule, type ScheduleState } from './state.ts';

interface Header {
  readonly format: 1;
  readonly facts: ScheduleFacts;
  readonly sections: CanonicalSections;
  readonly changes: number;
  readonly reservations: number;
  readonly whole: number;
  readonly seatIndexes: number;
  readonly shrunk: number;
  readonly ended: number;
  readonly paying: readonly (readonly [ordinal: number, session: SessionRef | null])[];
}

export function encodeSchedule({ open }: ScheduleState): Uint8Array {
  if (open === null) return new Uint8Array(0);
  const { reservations } = open;
  const users: string[] = [];
  let seatIndexes = 0;
  for (let ordinal = 1; ordinal <= reservations.count; ordinal++) {
    if (reservations.isShrunk(ordinal)) continue;
    users.push(reservations.userOf(ordinal));
    seatIndexes += seatCountOf(reservations.seatsOf(ordinal));
  }
  const ended = reservations.endedByAge();
  const header = headerOf(open, users.length, seatIndexes, ended.length);
  const headerBytes = new TextEncoder().encode(JSON.stringify(header));
  const usersBytes = new TextEncoder().encode(JSON.stringify(users));

  const columns = columnsOf(header, headerBytes.length, usersBytes.length);
  columns.lengths[0] = headerBytes.length;
  columns.lengths[1] = usersBytes.length;
  columns.bytes.set(headerBytes, 8);
  columns.bytes.set(usersBytes, 8 + headerBytes.length);
  columns.ended.set(ended);
  writeReservations(open, columns);
  return columns.bytes;
}

/** Key order is fixed here, so equal states give equal text. */
function headerOf(open: OpenedSchedule, whole: number, seatIndexes: number, ended: number): Header {
  const { id, concertId, venue, startsAt, salesOpenAt, salesCloseAt } = open.facts;
  return {
    format: 1,
    facts: { id, concertId, venue, startsAt, salesOpenAt, salesCloseAt },
    sections: open.layout.canonical,
    changes: open.seatMap.changes,
    reservations: open.reservations.count,
    whole,
    seatIndexes,
    shrunk: open.reservations.shrunkCount,
    ended,
    paying: [...open.paying].sort(([a], [b]) => a - b).map(([ordinal, session]) => [ordinal, canonical(session)]),
  };
}

function canonical(session: SessionRef | null): SessionRef | null {
  if (session === null) return null;
  const { room, epoch, place, userId } = session;
  return { room, epoch, place, userId };
}

interface Columns {
  readonly bytes: Uint8Array;
  readonly lengths: Uint32Array;
  readonly heldAt: Float64Array;
  readonly expiresAt: Float64Array;
  readonly paidAt: Float64Array;
  readonly balances: Float64Array;
  readonly attempts: Uint32Array;
  readonly seatCounts: Uint32Array;
  readonly seatIndexes: Uint32Array;
  readonly hashes: Uint32Array;
  readonly ended: Uint32Array;
  readonly states: Uint8Array;
}

/** Lays the columns over one buffer: over `from` (which must be as long), else over a new one. */
function columnsOf(header: Header, headerLength: number, usersLength: number, from?: ArrayBuffer): Columns {
  const { whole, reservations, shrunk, ended } = header;
  const start = (8 + headerLength + usersLength + 7) & ~7;
  const size = start + whole * (4 * 8 + 2 * 4) + (header.seatIndexes + shrunk + ended) * 4 + reservations;
  const buffer = from ?? new ArrayBuffer(size);
  if (buffer.byteLength !== size) throw new Error(`a schedule's snapshot has ${buffer.byteLength} bytes, not ${size}`);
  let offset = start;
  const f64 = (length: number): Float64Array => {
    const column = new Float64Array(buffer, offset, length);
    offset += length * 8;
    return column;
  };
  const u32 = (length: number): Uint32Array => {
    const column = new Uint32Array(buffer, offset, length);
    offset += length * 4;
    return column;
  };
  return {
    bytes: new Uint8Array(buffer),
    lengths: new Uint32Array(buffer, 0, 2),
    heldAt: f64(whole),
    expiresAt: f64(whole),
    paidAt: f64(whole),
    balances: f64(whole),
    attempts: u32(whole),
    seatCounts: u32(whole),
    seatIndexes: u32(header.seatIndexes),
    hashes: u32(shrunk),
    ended: u32(ended),
    states: new Uint8Array(buffer, offset, reservations),
  };
}

function writeReservations({ reservations }: OpenedSchedule, columns: Columns): void {
  let whole = 0;
  let shrunk = 0;
  let seat = 0;
  for (let ordinal = 1; ordinal <= reservations.count; ordinal++) {
    columns.states[ordinal - 1] = reservations.stateOf(ordinal);
    if (reservations.isShrunk(ordinal)) {
      columns.hashes[shrunk++] = reservations.hashOf(ordinal);
      continue;
    }
    const seats = reservations.seatsOf(ordinal);
    columns.heldAt[whole] = reservations.heldAtOf(ordinal);
    columns.expiresAt[whole] = reservations.expiresAtOf(ordinal);
    columns.paidAt[whole] = reservations.paidAtOf(ordinal);
    columns.balances[whole] = reservations.balanceOf(ordinal);
    columns.attempts[whole] = reservations.attemptOf(ordinal);
    columns.seatCounts[whole] = seatCountOf(seats);
    if (typeof seats === 'number') columns.seatIndexes[seat++] = seats;
    else for (const index of seats) columns.seatIndexes[seat++] = index;
    whole++;
  }
}

/** Throws on bytes that `encodeSchedule` did not make; their checksum is the store's affair. */
export function decodeSchedule(
  id: string,
  bytes: Uint8Array,
  layoutOf: (sections: CanonicalSections) => Layout,
): ScheduleState {
  if (bytes.length === 0) return { id, open: null };
  // A copy of its own, because a column must start at a multiple of its width and a Buffer may lie anywhere in a pool.
  const { buffer } = new Uint8Array(bytes);
  const [headerLength = 0, usersLength = 0] = new Uint32Array(buffer, 0, 2);
  const text = new TextDecoder();
  // What `encodeSchedule` wrote: the store has checked that these are its bytes.
  const header = JSON.parse(text.decode(new Uint8Array(buffer, 8, headerLength))) as Header;
  const users = JSON.parse(text.decode(new Uint8Array(buffer, 8 + headerLength, usersLength))) as string[];
  if (header.format !== 1) throw new Error(`schedule ${id}: unknown snapshot format ${String(header.format)}`);

  const open = openSchedule(header.facts, layoutOf(header.sections));
  readReservations(open, columnsOf(header, headerLength, usersLength, buffer), users);
  for (const [ordinal, session] of header.paying) open.paying.set(ordinal, session);
  open.seatMap.changes = header.changes;
  return { id, open };
}

/** Reads of columns with `!` are in bounds: the header's counts have sized them, and the buffer's length matched. */
function readReservations(open: OpenedSchedule, columns: Columns, users: readonly string[]): void {
  const { reservations } = open;
  let whole = 0;
  let shrunk = 0;
  let seat = 0;
  for (const state of columns.states) {
    if (isShrunkState(state)) {
      reservations.restoreShrunk(state, columns.hashes[shrunk++]!);
      continue;
    }
    const count = columns.seatCounts[whole]!;
    const seats: SeatIndexes =
      count === 1 ? columns.seatIndexes[seat]! : [...columns.seatIndexes.subarray(seat, seat + count)];
    seat += count;
    const ordinal = reservations.restoreWhole(state, {
      userId: users[whole]!,
      seats,
      heldAt: columns.heldAt[whole]!,
      expiresAt: columns.expiresAt[whole]!,
      attempt: columns.attempts[whole]!,
      paidAt: columns.paidAt[whole]!,
      balance: columns.balances[whole]!,
    });
    whole++;
    restoreSeats(open, ordinal, seats);
  }
  reservations.restoreEnded(columns.ended);
}

function restoreSeats({ reservations, seatMap, deadlines }: OpenedSchedule, ordinal: number, seats: SeatIndexes): void {
  const status = reservations.statusOf(ordinal);
  if (status === 'expired' || status === 'cancelled') return;
  for (const index of typeof seats === 'number' ? [seats] : seats) {
    seatMap.hold(index, ordinal);
    if (status === 'paid') seatMap.sell(index);
  }
  if (status === 'held') deadlines.add(reservations.slotOf(ordinal), reservations.expiresAtOf(ordinal));
}
