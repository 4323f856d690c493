/** Who of the next in line comes in: room and rate are judged here, in the turn itself, whoever asked and whenever. */
import type { Decision } from '../../engine/actor.ts';
import { accepted, rejected, unchanged } from '../decision.ts';
import type { Rules } from '../rules.ts';
import { admissionsAt, nextAdmissionAtMs } from './admission-rate.ts';
import type { AdmissionCode, AdmissionCommand, AdmissionEvent, AdmissionReply, AdmissionViews } from './messages.ts';
import type { KnownLine, RoomState } from './room-state.ts';
import type { LiveSession } from './session-deadlines.ts';

type AdmitPeople = Extract<AdmissionCommand, { type: 'AdmitPeople' }>;

/** The live session of a user; one past its deadline is over, also before `ExpireDue` has said so. */
export function liveSession(state: RoomState, userId: string, atMs: number): LiveSession | undefined {
  const session = state.sessions.get(userId);
  return session !== undefined && atMs < session.expiresAt ? session : undefined;
}

export function sessionEnded(
  session: LiveSession,
  reason: 'expired' | 'paid' | 'left',
  atMs: number,
): Extract<AdmissionEvent, { type: 'SessionEnded' }> {
  const { epoch, place, userId } = session;
  return { type: 'SessionEnded', v: 1, epoch, place, userId, reason, endedAt: atMs };
}

/**
 * Walks the people in order until room or rate is used up. Everyone before the first one who must wait is dealt with:
 * admitted, or passed because they left or are inside already. Places already dealt with are ignored, so that the same
 * people may be brought again.
 */
export function admitPeople(
  state: RoomState,
  command: AdmitPeople,
  atMs: number,
  rules: Rules,
): Decision<AdmissionEvent, AdmissionReply, AdmissionCode> {
  const policy = state.policy;
  if (policy === null) return rejected('room_not_found');
  const line = state.lines.get(command.epoch);
  if (line === undefined || line.lost) return nobodyAdmitted(line);

  const due = state.deadlines.due(atMs, rules.expiriesPerTurnMax);
  let free = freePlaces(state, due.length, atMs, rules);
  const admissions: AdmissionEvent[] = [];
  const inside = new Set<string>();
  const expiresAt = atMs + policy.sessionSeconds * 1000;
  let through = line.takenThrough;
  let admittedThrough = line.takenThrough;
  let everyone = true;
  for (const { place, userId } of command.people) {
    if (place <= through) continue;
    const passed = line.leavers.has(place) || inside.has(userId) || liveSession(state, userId, atMs) !== undefined;
    if (!passed && free === 0) {
      // The people come in order, so whoever is between the last one and this one has gone.
      through = place - 1;
      everyone = false;
      break;
    }
    through = place;
    if (passed) continue;
    const over = state.sessions.get(userId);
    if (over !== undefined && !due.includes(over)) admissions.push(sessionEnded(over, 'expired', atMs));
    admissions.push({ type: 'UserAdmitted', v: 1, epoch: line.epoch, place, userId, admittedAt: atMs, expiresAt });
    inside.add(userId);
    free -= 1;
    admittedThrough = place;
  }
  if (everyone) through = Math.max(through, command.through);

  if (through === line.takenThrough) return nobodyAdmitted(line);
  // The sessions whose room was just given away end first, so that never more than `maxActive` are inside.
  const events = inside.size === 0 ? [] : due.map((session): AdmissionEvent => sessionEnded(session, 'expired', atMs));
  for (const event of admissions) events.push(event);
  if (through > admittedThrough) events.push({ type: 'PlacesPassed', v: 1, epoch: line.epoch, through });
  return accepted(events);
}

function nobodyAdmitted(line: KnownLine | undefined): Decision<never, AdmissionReply, never> {
  return unchanged({ type: 'admitted', admitted: 0, takenThrough: line?.takenThrough ?? 0 });
}

/** How many people room and rate allow in at `atMs`, when `due` sessions that are over make room. */
function freePlaces(state: RoomState, due: number, atMs: number, rules: Rules): number {
  return Math.min(freeByRoom(state, due, rules), freeByRate(state, atMs));
}

function freeByRate(state: RoomState, atMs: number): number {
  return state.policy === null ? 0 : admissionsAt(state.bucket, state.policy.admitPerSecond, atMs);
}

function freeByRoom(state: RoomState, due: number, rules: Rules): number {
  if (state.policy === null) return 0;
  return Math.max(0, Math.min(state.policy.maxActive, rules.sessionsMax) - (state.sessions.size - due));
}

/** What `AdmitPeople` would admit now, and when that may grow without anyone leaving. */
export function capacity(state: RoomState, atMs: number, rules: Rules): AdmissionViews['capacity'] {
  if (state.policy === null) return { now: 0, nextAtMs: Infinity };
  const due = state.deadlines.countDue(atMs, rules.expiriesPerTurnMax);
  const byRoom = freeByRoom(state, due, rules);
  const byRate = freeByRate(state, atMs);
  // Whatever binds now has to grow; when both bind, the later of the two.
  const rateGrowsAt = byRate > byRoom ? atMs : nextAdmissionAtMs(state.bucket, state.policy.admitPerSecond, atMs);
  const roomGrowsAt = byRoom > byRate ? atMs : roomGrowsAtMs(state, state.policy.maxActive, atMs);
  return { now: Math.min(byRoom, byRate), nextAtMs: Math.max(rateGrowsAt, roomGrowsAt) };
}

/** The next session's end; in a millisecond when more are over than one turn ends. */
function roomGrowsAtMs(state: RoomState, maxActive: number, atMs: number): number {
  return maxActive === 0 ? Infinity : Math.max(atMs + 1, state.deadlines.next());
}
