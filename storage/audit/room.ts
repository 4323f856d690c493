/** Waiting rooms: who is let in, in which order, at what pace, until when. */
import type { AdmissionEvent, RoomPolicy } from '../../actors/admission/messages.ts';
import type { Findings } from './findings.ts';
import type { AuditedLine } from './line.ts';
import type { Overdue } from './overdue.ts';
import { Pace } from './pace.ts';
import { KnownLine } from './known-line.ts';

export interface AuditedSession {
  readonly room: string;
  readonly epoch: string;
  readonly place: number;
  readonly userId: string;
  readonly startedAt: number;
  renewedAt: number;
  expiresAt: number;
  live: boolean;
}

export interface AuditedRoom {
  readonly room: string;
  policy: RoomPolicy | null;
  readonly pace: Pace;
  /** By user, in order of admission. */
  readonly sessions: Map<string, AuditedSession>;
  readonly lines: Map<string, KnownLine>;
  admitted: number;
  expired: number;
}

type Happened<Type extends AdmissionEvent['type']> = Extract<AdmissionEvent, { type: Type }>;

export class RoomAudit {
  readonly rooms = new Map<string, AuditedRoom>();
  readonly #findings: Findings;
  readonly #overdue: Overdue<AuditedSession>;
  readonly #engineLine: (room: string) => AuditedLine | undefined;

  constructor(
    findings: Findings,
    overdue: Overdue<AuditedSession>,
    engineLine: (room: string) => AuditedLine | undefined,
  ) {
    this.#findings = findings;
    this.#overdue = overdue;
    this.#engineLine = engineLine;
  }

  event(name: string, event: AdmissionEvent, atMs: number): void {
    const room = this.#room(name);
    if (event.type === 'PolicySet') {
      room.policy = event.policy;
      room.pace.change(event.policy.admitPerSecond);
      return;
    }
    if (room.policy === null) this.#findings.add('room-unknown', `${event.type} before the room was made`);
    switch (event.type) {
      case 'LineOpened':
        if (room.lines.has(event.epoch)) this.#findings.add('line-epoch', `line ${event.epoch} is opened twice`);
        room.lines.set(event.epoch, new KnownLine(event.epoch, event.line));
        return;
      case 'LineLost':
        return this.#line(room, event.epoch, 'it is lost')?.lose();
      case 'UserAdmitted':
        return this.#admitted(room, event, atMs);
      case 'PlacesPassed':
        return this.#passed(room, event);
      case 'SessionRenewed':
        return this.#renewed(room, event, atMs);
      case 'SessionEnded':
        return this.#ended(room, event, atMs);
      case 'PlaceLeft': {
        const { epoch, place, userId, leftAt } = event;
        const line = this.#line(room, epoch, `place ${place} leaves it`);
        if (leftAt !== atMs) this.#findings.add('event-time', `it says ${leftAt}, its turn ${atMs}`);
        if (line === undefined) return;
        this.#mustBeAhead(line, place, `leaves with ${userId}`);
        line.left.add(place);
      }
    }
  }

  takenThrough(room: string, epoch: string): number {
    return this.rooms.get(room)?.lines.get(epoch)?.takenThrough ?? 0;
  }

  #admitted(room: AuditedRoom, event: Happened<'UserAdmitted'>, atMs: number): void {
    const { epoch, place, userId, admittedAt, expiresAt } = event;
    if (admittedAt !== atMs) this.#findings.add('event-time', `it says ${admittedAt}, its turn ${atMs}`);
    const line = this.#line(room, epoch, `place ${place} is let in`);
    if (line !== undefined) {
      this.#mustBeAhead(line, place, `is let in with ${userId}`);
      this.#nobodySkipped(room, line, place - 1);
      line.takeThrough(place);
    }
    const inside = room.sessions.get(userId);
    if (inside !== undefined) {
      this.#findings.add('inside-twice', `${userId} is inside with place ${inside.place} and gets in with ${place}`);
      inside.live = false;
    }
    const session: AuditedSession = {
      room: room.room,
      epoch,
      place,
      userId,
      startedAt: admittedAt,
      renewedAt: admittedAt,
      expiresAt,
      live: true,
    };
    room.sessions.set(userId, session);
    room.admitted += 1;
    this.#overdue.watch(session);
    if (!room.pace.admit(room.policy?.admitPerSecond ?? 0, admittedAt)) {
      this.#findings.add('admit-rate', `place ${place} is let in faster than ${room.policy?.admitPerSecond} a second`);
    }
    if (room.policy === null) return;
    const { maxActive, sessionSeconds } = room.policy;
    if (room.sessions.size > maxActive) {
      this.#findings.add('room-full', `${userId} makes ${room.sessions.size} inside, ${maxActive} are allowed`);
    }
    if (expiresAt !== admittedAt + sessionSeconds * 1000) {
      this.#findings.add('session-deadline', `${userId} comes in at ${admittedAt} until ${expiresAt}`);
    }
  }

  #passed(room: AuditedRoom, { epoch, through }: Happened<'PlacesPassed'>): void {
    const line = this.#line(room, epoch, `it is passed through ${through}`);
    if (line === undefined) return;
    if (through <= line.takenThrough) {
      this.#findings.add('taken-through-back', `${through} after ${line.takenThrough}`);
    }
    this.#nobodySkipped(room, line, through);
    line.takeThrough(through);
  }

  #renewed(room: AuditedRoom, event: Happened<'SessionRenewed'>, atMs: number): void {
    const { renewedAt, expiresAt, userId } = event;
    const session = this.#session(room, event, 'is renewed');
    if (renewedAt !== atMs) this.#findings.add('event-time', `it says ${renewedAt}, its turn ${atMs}`);
    if (session === undefined) return;
    if (renewedAt >= session.expiresAt) {
      this.#findings.add('session-wrong-side', `${userId} renews at ${renewedAt}, the end was ${session.expiresAt}`);
    }
    const { policy } = room;
    if (policy !== null) {
      const stayEndsAt = session.startedAt + policy.maxSessionSeconds * 1000;
      const right = expiresAt === renewedAt + policy.sessionSeconds * 1000 && expiresAt > session.expiresAt;
      if (!right || renewedAt >= stayEndsAt) {
        const what = `${userId} renews at ${renewedAt} until ${expiresAt}, after ${session.expiresAt}`;
        this.#findings.add('session-deadline', `${what}; the longest stay ends at ${stayEndsAt}`);
      }
    }
    session.renewedAt = renewedAt;
    session.expiresAt = expiresAt;
  }

  #ended(room: AuditedRoom, event: Happened<'SessionEnded'>, atMs: number): void {
    const { reason, endedAt, userId } = event;
    const session = this.#session(room, event, `ends (${reason})`);
    if (endedAt !== atMs) this.#findings.add('event-time', `it says ${endedAt}, its turn ${atMs}`);
    if (session === undefined) return;
    if ((reason === 'expired') !== endedAt >= session.expiresAt) {
      const what = `the session of ${userId} ends at ${endedAt} (${reason}), its end is ${session.expiresAt}`;
      this.#findings.add('session-wrong-side', what);
    }
    session.live = false;
    room.sessions.delete(userId);
    if (reason === 'expired') room.expired += 1;
  }

  #mustBeAhead(line: KnownLine, place: number, does: string): void {
    if (line.left.has(place)) this.#findings.add('place-left-before', `place ${place} ${does} after it had left`);
    if (place > line.takenThrough) return;
    this.#findings.add('place-order', `place ${place} ${does}, dealt with are those through ${line.takenThrough}`);
  }

  /** In a line that the journal holds, whoever is passed over has left or is inside already. */
  #nobodySkipped(room: AuditedRoom, line: KnownLine, through: number): void {
    const standing = this.#engineLine(room.room);
    if (line.kind !== 'engine' || standing?.epoch !== line.epoch) return;
    const last = Math.min(through, standing.lastPlace);
    for (let place = line.takenThrough + 1; place <= last; place += 1) {
      const userId = standing.userAt.get(place);
      if (userId === undefined || line.left.has(place) || room.sessions.has(userId)) continue;
      this.#findings.add('place-skipped', `${userId} at place ${place} is passed over`);
    }
  }

  #session(
    room: AuditedRoom,
    { epoch, place, userId }: { readonly epoch: string; readonly place: number; readonly userId: string },
    does: string,
  ): AuditedSession | undefined {
    const session = room.sessions.get(userId);
    if (session !== undefined && session.epoch === epoch && session.place === place) return session;
    const has = session === undefined ? 'is not inside' : `is inside with place ${session.place} of ${session.epoch}`;
    this.#findings.add(
      'session-unknown',
      `the session of ${userId}, place ${place} of ${epoch}, ${does}; ${userId} ${has}`,
    );
    return undefined;
  }

  #line(room: AuditedRoom, epoch: string, does: string): KnownLine | undefined {
    const line = room.lines.get(epoch);
    if (line !== undefined && !line.lost) return line;
    this.#findings.add('line-epoch', `line ${epoch} is ${line === undefined ? 'unknown' : 'lost'}, but ${does}`);
    return line;
  }

  #room(name: string): AuditedRoom {
    const known = this.rooms.get(name);
    if (known !== undefined) return known;
    const room: AuditedRoom = {
      room: name,
      policy: null,
      pace: new Pace(),
      sessions: new Map(),
      lines: new Map(),
      admitted: 0,
      expired: 0,
    };
    this.rooms.set(name, room);
    return room;
  }
}
