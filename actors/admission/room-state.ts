/** The state of one waiting room, and its bytes. Changed only by `evolve`. */
import type { LineKind, RoomPolicy } from './messages.ts';
import { PlaceRanges } from './place-ranges.ts';
import { RecentAdmissions, type RecentColumns } from './recent-admissions.ts';
import type { RateBucket } from './admission-rate.ts';
import { SessionDeadlines, type LiveSession } from './session-deadlines.ts';

/** A line that this room draws from, or drew from. */
export interface KnownLine {
  readonly epoch: string;
  readonly kind: LineKind;
  /** The highest place dealt with: admitted, passed or left. */
  takenThrough: number;
  /** Places above `takenThrough` that have left. */
  leavers: PlaceRanges;
  /** It has lost people; its tokens without a session read `expired`. */
  lost: boolean;
}

export interface RoomState {
  readonly room: string;
  /** Null until the room is made. */
  policy: RoomPolicy | null;
  readonly bucket: RateBucket;
  /**
   * By user, in order of admission; no user has two. A token names its user, so the session of a place is found here
   * too. A session past its deadline stays until `SessionEnded`, but is over for whoever asks.
   */
  readonly sessions: Map<string, LiveSession>;
  readonly deadlines: SessionDeadlines;
  readonly lines: Map<string, KnownLine>;
  readonly recent: RecentAdmissions;
  admitted: number;
  expired: number;
}

export function emptyRoom(room: string): RoomState {
  return {
    room,
    policy: null,
    bucket: { units: 0, atMs: 0 },
    sessions: new Map(),
    deadlines: new SessionDeadlines(),
    lines: new Map(),
    recent: new RecentAdmissions(),
    admitted: 0,
    expired: 0,
  };
}

/** Sessions stand in columns: a hundred thousand of them are six arrays, not a hundred thousand objects. */
interface RoomImage {
  readonly policy: RoomPolicy | null;
  readonly bucket: RateBucket;
  readonly admitted: number;
  readonly expired: number;
  readonly recent: RecentColumns;
  readonly lines: readonly (Omit<KnownLine, 'leavers'> & { readonly leavers: readonly number[] })[];
  readonly epochs: readonly string[];
  readonly users: readonly string[];
  /** Index into `epochs`. */
  readonly epochOf: readonly number[];
  readonly places: readonly number[];
  readonly startedAt: readonly number[];
  readonly renewedAt: readonly number[];
  readonly expiresAt: readonly number[];
}

/** Everything is written in the order of its journal, which decoding keeps: same state, same bytes. */
export function encodeRoom(state: RoomState): Uint8Array {
  const epochs = new Map<string, number>();
  const users: string[] = [];
  const epochOf: number[] = [];
  const places: number[] = [];
  const startedAt: number[] = [];
  const renewedAt: number[] = [];
  const expiresAt: number[] = [];
  for (const session of state.sessions.values()) {
    let epoch = epochs.get(session.epoch);
    if (epoch === undefined) {
      epoch = epochs.size;
      epochs.set(session.epoch, epoch);
    }
    users.push(session.userId);
    epochOf.push(epoch);
    places.push(session.place);
    startedAt.push(session.startedAt);
    renewedAt.push(session.renewedAt);
    expiresAt.push(session.expiresAt);
  }
  const image: RoomImage = {
    policy: state.policy,
    bucket: state.bucket,
    admitted: state.admitted,
    expired: state.expired,
    recent: state.recent.columns(),
    lines: Array.from(state.lines.values(), (line) => ({ ...line, leavers: line.leavers.toPairs() })),
    epochs: [...epochs.keys()],
    users,
    epochOf,
    places,
    startedAt,
    renewedAt,
    expiresAt,
  };
  return new TextEncoder().encode(JSON.stringify(image));
}

export function decodeRoom(room: string, bytes: Uint8Array): RoomState {
  // True: only `encodeRoom` makes these bytes, and the store verifies their checksum.
  const image = JSON.parse(new TextDecoder().decode(bytes)) as RoomImage;
  const state: RoomState = {
    ...emptyRoom(room),
    policy: image.policy,
    bucket: { ...image.bucket },
    recent: new RecentAdmissions(image.recent),
    admitted: image.admitted,
    expired: image.expired,
  };
  for (const line of image.lines) {
    state.lines.set(line.epoch, { ...line, leavers: PlaceRanges.fromPairs(line.leavers) });
  }
  for (let i = 0; i < image.users.length; i += 1) {
    const session: LiveSession = {
      epoch: column(image.epochs, column(image.epochOf, i)),
      place: column(image.places, i),
      userId: column(image.users, i),
      startedAt: column(image.startedAt, i),
      renewedAt: column(image.renewedAt, i),
      expiresAt: column(image.expiresAt, i),
      heapIndex: -1,
    };
    state.sessions.set(session.userId, session);
    state.deadlines.add(session);
  }
  return state;
}

function column<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new Error(`a column of the room ends before ${index}`);
  return value;
}
