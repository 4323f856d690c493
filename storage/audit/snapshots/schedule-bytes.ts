/**
 * Reads the bytes of a schedule's snapshot by their description in `actors/schedule/encoding.ts`, one number at a time:
 *
 *   u32 header bytes, u32 users bytes, header JSON, users JSON, padding to 8,
 *   f64 heldAt, expiresAt, paidAt, balance   one per whole reservation
 *   u32 attempt, seat count                  one per whole reservation
 *   u32 seat indexes, u32 hashes of shrunk ones, u32 ended ordinals by age
 *   u8  state                                one per ordinal: the status, and 0x80 when it is shrunk
 */
import type { SessionRef } from '../../../actors/admission/messages.ts';
import type { ReservationStatus, ScheduleFacts } from '../../../actors/schedule/messages.ts';

const statuses: readonly ReservationStatus[] = ['held', 'paying', 'paid', 'expired', 'cancelled'];
const shrunkBit = 0x80;

interface Header {
  readonly format: number;
  readonly facts: ScheduleFacts;
  readonly sections: unknown;
  readonly changes: number;
  readonly reservations: number;
  readonly whole: number;
  readonly seatIndexes: number;
  readonly shrunk: number;
  readonly ended: number;
  readonly paying: readonly (readonly [number: number, session: SessionRef | null])[];
}

export interface StoredReservation {
  readonly status: ReservationStatus;
  /** Null for a shrunk one, of which only the hash of its user is left. */
  readonly whole: {
    readonly userId: string;
    readonly seats: readonly number[];
    readonly heldAt: number;
    readonly expiresAt: number;
    readonly paidAt: number;
    readonly balance: number;
    readonly attempt: number;
  } | null;
  readonly userHash: number;
}

export interface StoredSchedule {
  readonly facts: ScheduleFacts;
  readonly sections: unknown;
  readonly changes: number;
  readonly paying: ReadonlyMap<number, SessionRef | null>;
  readonly reservations: readonly StoredReservation[];
  /** Numbers of the ended ones that are whole, oldest end first. */
  readonly ended: readonly number[];
}

/** Null for a schedule that was not opened. Throws on bytes of another format. */
export function readScheduleBytes(bytes: Uint8Array): StoredSchedule | null {
  if (bytes.length === 0) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (start: number, length: number): string =>
    new TextDecoder().decode(bytes.subarray(start, start + length));
  const headerLength = view.getUint32(0, true);
  const usersLength = view.getUint32(4, true);
  // Whatever does not hold of these two shows as a difference, or as a number that cannot be read.
  const header = JSON.parse(text(8, headerLength)) as Header;
  const users = JSON.parse(text(8 + headerLength, usersLength)) as readonly string[];
  if (header.format !== 1) throw new Error(`format ${header.format}`);

  let offset = Math.ceil((8 + headerLength + usersLength) / 8) * 8;
  const column = (length: number, width: number): ((index: number) => number) => {
    const start = offset;
    offset += length * width;
    return (index) => {
      if (index >= length) throw new Error(`a column of ${length} has no entry ${index}`);
      const at = start + index * width;
      return width === 8 ? view.getFloat64(at, true) : width === 4 ? view.getUint32(at, true) : view.getUint8(at);
    };
  };
  const { whole } = header;
  const heldAt = column(whole, 8);
  const expiresAt = column(whole, 8);
  const paidAt = column(whole, 8);
  const balance = column(whole, 8);
  const attempt = column(whole, 4);
  const seatCount = column(whole, 4);
  const seatIndex = column(header.seatIndexes, 4);
  const userHash = column(header.shrunk, 4);
  const endedNumber = column(header.ended, 4);
  const state = column(header.reservations, 1);
  if (offset !== bytes.length) throw new Error(`${bytes.length} bytes where the header tells ${offset}`);

  const reservations: StoredReservation[] = [];
  let nextWhole = 0;
  let nextShrunk = 0;
  let nextSeat = 0;
  for (let index = 0; index < header.reservations; index += 1) {
    const status = statuses[state(index) & ~shrunkBit];
    if (status === undefined) throw new Error(`reservation ${index + 1} is in state ${state(index)}`);
    if ((state(index) & shrunkBit) !== 0) {
      reservations.push({ status, whole: null, userHash: userHash(nextShrunk) });
      nextShrunk += 1;
      continue;
    }
    const seats: number[] = [];
    for (let count = seatCount(nextWhole); count > 0; count -= 1) {
      seats.push(seatIndex(nextSeat));
      nextSeat += 1;
    }
    reservations.push({
      status,
      userHash: 0,
      whole: {
        userId: users[nextWhole] ?? '',
        seats,
        heldAt: heldAt(nextWhole),
        expiresAt: expiresAt(nextWhole),
        paidAt: paidAt(nextWhole),
        balance: balance(nextWhole),
        attempt: attempt(nextWhole),
      },
    });
    nextWhole += 1;
  }
  const { facts, sections, changes, paying } = header;
  const ended = Array.from({ length: header.ended }, (_, index) => endedNumber(index));
  return { facts, sections, changes, paying: new Map(paying), reservations, ended };
}
