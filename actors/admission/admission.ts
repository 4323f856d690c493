/**
 * The admission actor of one waiting room: who is inside, at what pace people come in, until when they may stay.
 *
 * 1. Never more than `maxActive` live sessions at any instant, and never two of one user.
 * 2. In any window, no more admissions than the rate allows plus a burst of one second's worth (`admission-rate.ts`).
 * 3. Each place of a line is dealt with once, in order: `takenThrough` only grows.
 * 4. A session is over at its journaled deadline, whether or not `ExpireDue` has run.
 */
import type { ActorKind, Decision } from '../../engine/actor.ts';
import { accepted, rejected, unchanged } from '../decision.ts';
import type { Rules } from '../rules.ts';
import { asItIs, upcaster } from '../upcast.ts';
import { admitPeople, sessionEnded } from './admit-people.ts';
import { changeRate, drawAdmission } from './admission-rate.ts';
import type {
  AdmissionCode,
  AdmissionCommand,
  AdmissionEvent,
  AdmissionProtocol,
  AdmissionReply,
  RoomPolicy,
  SessionRef,
} from './messages.ts';
import { PlaceRanges } from './place-ranges.ts';
import { decodeRoom, emptyRoom, encodeRoom, type KnownLine, type RoomState } from './room-state.ts';
import { isWaiting, position, renewableAfter, sessionOf, view } from './room-views.ts';
import type { LiveSession } from './session-deadlines.ts';

export type { RoomState } from './room-state.ts';

type Verdict = Decision<AdmissionEvent, AdmissionReply, AdmissionCode>;

/** The kind `admission`; an actor's id is its room. */
export function createAdmission(rules: Rules): ActorKind<RoomState, AdmissionProtocol> {
  return {
    kind: 'admission',
    initial: emptyRoom,
    decide: (state, command, atMs) => decide(state, command, atMs, rules),
    evolve,
    reply,
    view: (state, query, atMs) => view(state, query, atMs, rules),
    nextDeadline: (state) => state.deadlines.next(),
    openQuestions: () => [],
    summary: () => null,
    upcast,
    encode: encodeRoom,
    decode: decodeRoom,
  };
}

function decide(state: RoomState, command: AdmissionCommand, atMs: number, rules: Rules): Verdict {
  switch (command.type) {
    case 'SetPolicy':
      return setPolicy(state, command.policy);
    case 'OpenLine':
      if (state.policy === null) return rejected('room_not_found');
      if (state.lines.has(command.epoch)) return unchanged({ type: 'line' });
      return accepted([{ type: 'LineOpened', v: 1, epoch: command.epoch, line: command.line }]);
    case 'LoseLine':
      if (state.lines.get(command.epoch)?.lost !== false) return unchanged({ type: 'line' });
      return accepted([{ type: 'LineLost', v: 1, epoch: command.epoch }]);
    case 'AdmitPeople':
      return admitPeople(state, command, atMs, rules);
    case 'PassGate':
      return passGate(state, command.session, command.purpose, atMs);
    case 'Leave':
      return leave(state, command.session, atMs, rules);
    case 'EndSession': {
      const session = sessionOf(state, command.session, atMs);
      if (session === undefined) return unchanged({ type: 'left' });
      return accepted([sessionEnded(session, command.reason, atMs)]);
    }
    case 'ExpireDue': {
      const due = state.deadlines.due(atMs, rules.expiriesPerTurnMax);
      if (due.length === 0) return unchanged({ type: 'left' });
      return accepted(due.map((session) => sessionEnded(session, 'expired', atMs)));
    }
  }
}

function setPolicy(state: RoomState, policy: RoomPolicy): Verdict {
  const old = state.policy;
  const same =
    old !== null &&
    old.admitPerSecond === policy.admitPerSecond &&
    old.maxActive === policy.maxActive &&
    old.sessionSeconds === policy.sessionSeconds &&
    old.maxSessionSeconds === policy.maxSessionSeconds;
  return same ? unchanged({ type: 'policy', policy }) : accepted([{ type: 'PolicySet', v: 1, policy }]);
}

/** Renews the session when it is time to; otherwise nothing changes. */
function passGate(state: RoomState, ref: SessionRef, purpose: 'browse' | 'hold', atMs: number): Verdict {
  const session = sessionOf(state, ref, atMs);
  if (session === undefined || state.policy === null) {
    const line = state.lines.get(ref.epoch);
    if (line === undefined || !isWaiting(line, ref.place)) return rejected('queue_token_expired');
    return rejected('queue_token_waiting', { position: position(line, ref.place) });
  }
  const renewable = renewableAfter(state, session, atMs);
  // Never again: it is past its longest stay.
  if (purpose === 'hold' && renewable === Infinity) return rejected('queue_token_expired');
  if (atMs <= renewable) return unchanged({ type: 'passed', expiresAt: session.expiresAt });
  const expiresAt = atMs + state.policy.sessionSeconds * 1000;
  const { epoch, place, userId } = session;
  return accepted([{ type: 'SessionRenewed', v: 1, epoch, place, userId, renewedAt: atMs, expiresAt }]);
}

function leave(state: RoomState, ref: SessionRef, atMs: number, rules: Rules): Verdict {
  const session = sessionOf(state, ref, atMs);
  if (session !== undefined) return accepted([sessionEnded(session, 'left', atMs)]);
  const line = state.lines.get(ref.epoch);
  if (line === undefined || !isWaiting(line, ref.place)) return unchanged({ type: 'left' });
  if (line.leavers.ranges >= rules.leaverRangesMax && !line.leavers.touches(ref.place)) return rejected('overloaded');
  const { epoch, place, userId } = ref;
  return accepted([{ type: 'PlaceLeft', v: 1, epoch, place, userId, leftAt: atMs }]);
}

function evolve(state: RoomState, event: AdmissionEvent): RoomState {
  switch (event.type) {
    case 'PolicySet':
      state.policy = event.policy;
      changeRate(state.bucket, event.policy.admitPerSecond);
      return state;
    case 'LineOpened':
      state.lines.set(event.epoch, {
        epoch: event.epoch,
        kind: event.line,
        takenThrough: 0,
        leavers: new PlaceRanges(),
        lost: false,
      });
      return state;
    case 'LineLost': {
      const line = knownLine(state, event.epoch);
      line.lost = true;
      line.leavers = new PlaceRanges();
      return state;
    }
    case 'UserAdmitted':
      passThrough(knownLine(state, event.epoch), event.place);
      admit(state, event);
      return state;
    case 'PlacesPassed':
      passThrough(knownLine(state, event.epoch), event.through);
      return state;
    case 'SessionRenewed': {
      const session = heldSession(state, event.userId);
      session.renewedAt = event.renewedAt;
      session.expiresAt = event.expiresAt;
      state.deadlines.moved(session);
      return state;
    }
    case 'SessionEnded':
      state.deadlines.remove(heldSession(state, event.userId));
      state.sessions.delete(event.userId);
      if (event.reason === 'expired') state.expired += 1;
      return state;
    case 'PlaceLeft':
      knownLine(state, event.epoch).leavers.add(event.place);
      return state;
  }
}

function admit(state: RoomState, event: Extract<AdmissionEvent, { type: 'UserAdmitted' }>): void {
  const { epoch, place, userId, admittedAt, expiresAt } = event;
  if (state.sessions.has(userId)) throw new Error(`room ${state.room}: ${userId} is inside already`);
  const session: LiveSession = {
    epoch,
    place,
    userId,
    startedAt: admittedAt,
    renewedAt: admittedAt,
    expiresAt,
    heapIndex: -1,
  };
  state.sessions.set(userId, session);
  state.deadlines.add(session);
  state.admitted += 1;
  state.recent.add(admittedAt);
  drawAdmission(state.bucket, state.policy?.admitPerSecond ?? 0, admittedAt);
}

function passThrough(line: KnownLine, place: number): void {
  if (place <= line.takenThrough) return;
  line.takenThrough = place;
  line.leavers.dropThrough(place);
}

function knownLine(state: RoomState, epoch: string): KnownLine {
  const line = state.lines.get(epoch);
  if (line === undefined) throw new Error(`room ${state.room} knows no line ${epoch}`);
  return line;
}

function heldSession(state: RoomState, userId: string): LiveSession {
  const session = state.sessions.get(userId);
  if (session === undefined) throw new Error(`room ${state.room} has no session of ${userId}`);
  return session;
}

function reply(events: readonly AdmissionEvent[]): AdmissionReply {
  let admitted = 0;
  let takenThrough: number | null = null;
  for (const event of events) {
    switch (event.type) {
      case 'PolicySet':
        return { type: 'policy', policy: event.policy };
      case 'LineOpened':
      case 'LineLost':
        return { type: 'line' };
      case 'SessionRenewed':
        return { type: 'passed', expiresAt: event.expiresAt };
      case 'UserAdmitted':
        admitted += 1;
        takenThrough = event.place;
        break;
      case 'PlacesPassed':
        takenThrough = event.through;
        break;
      case 'SessionEnded':
      case 'PlaceLeft':
        break;
    }
  }
  return takenThrough === null ? { type: 'left' } : { type: 'admitted', admitted, takenThrough };
}

const upcast = upcaster<AdmissionEvent>('room', {
  PolicySet: { 1: asItIs },
  LineOpened: { 1: asItIs },
  LineLost: { 1: asItIs },
  UserAdmitted: { 1: asItIs },
  PlacesPassed: { 1: asItIs },
  SessionRenewed: { 1: asItIs },
  SessionEnded: { 1: asItIs },
  PlaceLeft: { 1: asItIs },
});
