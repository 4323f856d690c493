/** A room, and short ways to bring it where a test needs it. */
import { createAdmission, type RoomState } from '../../actors/admission/admission.ts';
import type { AdmissionProtocol, RoomPolicy, SessionRef } from '../../actors/admission/messages.ts';
import type { Rules } from '../../actors/rules.ts';
import { OneActor } from './one-actor.ts';
import { rulesUnderTest } from './rules-under-test.ts';

export const t0 = Date.UTC(2026, 0, 1);
export const policy: RoomPolicy = { admitPerSecond: 10, maxActive: 100, sessionSeconds: 300, maxSessionSeconds: 1_800 };

export type Room = OneActor<RoomState, AdmissionProtocol>;

export function unmade(rules: Partial<Rules> = {}): Room {
  return new OneActor(createAdmission({ ...rulesUnderTest, ...rules }), 'main');
}

export function open(changes: Partial<RoomPolicy> = {}, rules: Partial<Rules> = {}): Room {
  const room = unmade(rules);
  room.reply({ type: 'SetPolicy', policy: { ...policy, ...changes } }, t0);
  room.reply({ type: 'OpenLine', epoch: 'e', line: 'engine' }, t0);
  return room;
}

/** The token of `u<place>`. */
export function token(place: number, userId = `u${place}`): SessionRef {
  return { room: 'main', epoch: 'e', place, userId };
}

export function admit(room: Room, places: readonly number[], atMs = t0, through = places.at(-1) ?? 0) {
  const people = places.map((place) => ({ place, userId: `u${place}` }));
  return room.reply({ type: 'AdmitPeople', epoch: 'e', people, through }, atMs);
}

export function codeOf(room: Room, command: AdmissionProtocol['command'], atMs = t0): unknown {
  const decision = room.ask(command, atMs);
  return decision.type === 'rejected' ? [decision.code, decision.details] : decision.type;
}

export const status = (room: Room, of: SessionRef, atMs = t0) =>
  room.view<'token'>({ type: 'token', session: of }, atMs);
