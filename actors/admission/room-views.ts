/** What a room tells: the status of a token, of a user, of the room. Changes nothing. */
import type { Rules } from '../rules.ts';
import { capacity, liveSession } from './admit-people.ts';
import type { AdmissionQuery, AdmissionViews, RoomView, SessionRef, TokenStatus } from './messages.ts';
import type { KnownLine, RoomState } from './room-state.ts';
import type { LiveSession } from './session-deadlines.ts';

/** The live session of exactly this token. */
export function sessionOf(state: RoomState, ref: SessionRef, atMs: number): LiveSession | undefined {
  const session = liveSession(state, ref.userId, atMs);
  return session !== undefined && session.place === ref.place && session.epoch === ref.epoch ? session : undefined;
}

/** Neither dealt with nor left. */
export function isWaiting(line: KnownLine, place: number): boolean {
  return !line.lost && place > line.takenThrough && !line.leavers.has(place);
}

/** People ahead plus one, as an upper bound: a place that nobody drew or that left unnoticed counts as a person. */
export function position(line: KnownLine, place: number): number {
  return place - line.takenThrough - line.leavers.countThrough(place);
}

/**
 * A session renews when more than a tenth of its length has gone since the last renewal, until its longest stay. Its length
 * is the one that it was given, whatever the policy is now; a shorter one never takes back what was promised.
 */
export function renewableAfter({ policy }: RoomState, session: LiveSession, atMs: number): number {
  if (policy === null || atMs >= session.startedAt + policy.maxSessionSeconds * 1000) return Infinity;
  const givenMs = session.expiresAt - session.renewedAt;
  return Math.max(session.renewedAt + givenMs / 10, session.expiresAt - policy.sessionSeconds * 1000);
}

/** The reads of a room. A session that is over counts as inside until it is ended, as it does for `maxActive`. */
export function view(
  state: RoomState,
  query: AdmissionQuery,
  atMs: number,
  rules: Rules,
): AdmissionViews[keyof AdmissionViews] {
  switch (query.type) {
    case 'token':
      return tokenStatus(state, query.session, atMs);
    case 'session': {
      const session = liveSession(state, query.userId, atMs);
      if (session === undefined) return null;
      const { epoch, place, userId, startedAt, expiresAt } = session;
      return { epoch, place, userId, startedAt, expiresAt };
    }
    case 'leavers':
      return state.lines.get(query.epoch)?.leavers.toPairs() ?? [];
    case 'room':
      return roomView(state, atMs);
    case 'capacity':
      return capacity(state, atMs, rules);
  }
}

function tokenStatus(state: RoomState, ref: SessionRef, atMs: number): TokenStatus {
  const session = sessionOf(state, ref, atMs);
  if (session !== undefined) {
    const { startedAt, expiresAt } = session;
    return { status: 'active', startedAt, expiresAt, renewableAfter: renewableAfter(state, session, atMs) };
  }
  const line = state.lines.get(ref.epoch);
  if (line === undefined || !isWaiting(line, ref.place)) return { status: 'expired' };
  return { status: 'waiting', position: position(line, ref.place) };
}

function roomView(state: RoomState, atMs: number): RoomView | null {
  if (state.policy === null) return null;
  const recent = state.recent.before(atMs);
  return {
    policy: state.policy,
    active: state.sessions.size,
    admitted: state.admitted,
    expired: state.expired,
    lines: Array.from(state.lines.values(), ({ epoch, kind, lost, takenThrough, leavers }) => ({
      epoch,
      line: kind,
      lost,
      takenThrough,
      leavers: leavers.places,
      lastLeaver: leavers.last,
    })),
    admittedLastMinute: recent.admitted,
    admittedOverMs: recent.overMs,
  };
}
