/** A waiting room as anyone would keep one: who is inside, and how far each line is dealt with. */
import type { Event } from '../../../engine/actor.ts';
import type {
  AdmissionCommand,
  AdmissionEvent,
  AdmissionQuery,
  RoomPolicy,
  SessionRef,
} from '../../../actors/admission/messages.ts';
import type { Rules } from '../../../actors/rules.ts';
import { happened, refused, unchanged } from './verdict.ts';

interface Inside extends Omit<SessionRef, 'room'> {
  readonly startedAt: number;
  renewedAt: number;
  expiresAt: number;
}

interface Line {
  takenThrough: number;
  lost: boolean;
  readonly left: Set<number>;
}

export class RoomReference {
  readonly #rules: Rules;
  #policy: RoomPolicy | null = null;
  readonly #inside = new Map<string, Inside>();
  readonly #lines = new Map<string, Line>();
  /** Thousandths of an admission that may still be made at once, as of `#drawnAt`. */
  #saved = 0;
  #drawnAt = 0;

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  expect(command: AdmissionCommand, atMs: number): string {
    switch (command.type) {
      case 'SetPolicy':
        return samePolicy(this.#policy, command.policy) ? unchanged() : happened(['PolicySet']);
      case 'OpenLine':
        if (this.#policy === null) return refused('room_not_found');
        return this.#lines.has(command.epoch) ? unchanged() : happened([`LineOpened ${command.epoch}`]);
      case 'LoseLine':
        return this.#lines.get(command.epoch)?.lost === false ? happened([`LineLost ${command.epoch}`]) : unchanged();
      case 'AdmitPeople':
        return this.#expectAdmissions(command, atMs);
      case 'PassGate':
        return this.#expectGate(command.session, command.purpose, atMs);
      case 'Leave':
        if (this.#session(command.session, atMs) !== undefined) return happened([ended(command.session, 'left')]);
        if (!this.#waits(command.session)) return unchanged();
        if (this.#isFullOfLeavers(command.session)) return refused('overloaded');
        return happened([`PlaceLeft ${command.session.epoch} ${command.session.place}`]);
      case 'EndSession':
        if (this.#session(command.session, atMs) === undefined) return unchanged();
        return happened([ended(command.session, command.reason)]);
      case 'ExpireDue': {
        const due = this.#due(atMs);
        if (due.length > this.#rules.expiriesPerTurnMax) return `some of ${due.map(({ userId }) => userId).join(' ')}`;
        return happened(due.map((session) => ended(session, 'expired')).sort());
      }
    }
  }

  apply(event: AdmissionEvent): void {
    switch (event.type) {
      case 'PolicySet':
        this.#policy = event.policy;
        this.#saved = Math.min(this.#saved, savedMax(event.policy.admitPerSecond));
        return;
      case 'LineOpened':
        this.#lines.set(event.epoch, { takenThrough: 0, lost: false, left: new Set() });
        return;
      case 'LineLost':
        this.#line(event.epoch).lost = true;
        return;
      case 'UserAdmitted': {
        const { epoch, place, userId, admittedAt, expiresAt } = event;
        this.#inside.set(userId, { epoch, place, userId, startedAt: admittedAt, renewedAt: admittedAt, expiresAt });
        this.#takeThrough(epoch, place);
        this.#saved = this.#savedAt(admittedAt) - 1000;
        this.#drawnAt = Math.max(this.#drawnAt, admittedAt);
        return;
      }
      case 'PlacesPassed':
        this.#takeThrough(event.epoch, event.through);
        return;
      case 'SessionRenewed': {
        const session = this.#inside.get(event.userId);
        if (session === undefined) throw new Error(`${event.userId} is not inside`);
        session.renewedAt = event.renewedAt;
        session.expiresAt = event.expiresAt;
        return;
      }
      case 'SessionEnded':
        this.#inside.delete(event.userId);
        return;
      case 'PlaceLeft':
        this.#line(event.epoch).left.add(event.place);
        return;
    }
  }

  /** A view as text; null for one that is not judged. */
  see(query: AdmissionQuery, atMs: number): string | null {
    switch (query.type) {
      case 'token': {
        const session = this.#session(query.session, atMs);
        if (session !== undefined) return `active ${session.expiresAt}`;
        return this.#waits(query.session) ? `waiting ${this.#position(query.session)}` : 'expired';
      }
      case 'session': {
        const session = this.#inside.get(query.userId);
        return session === undefined || session.expiresAt <= atMs ? 'null' : `${session.epoch} ${session.place}`;
      }
      case 'leavers':
      case 'room':
      case 'capacity':
        return null;
    }
  }

  #expectGate(ref: SessionRef, purpose: 'browse' | 'hold', atMs: number): string {
    const session = this.#session(ref, atMs);
    if (session === undefined || this.#policy === null) {
      return this.#waits(ref)
        ? refused('queue_token_waiting', { position: this.#position(ref) })
        : refused('queue_token_expired');
    }
    const { sessionSeconds, maxSessionSeconds } = this.#policy;
    if (atMs - session.startedAt >= maxSessionSeconds * 1000) {
      return purpose === 'hold' ? refused('queue_token_expired') : unchanged();
    }
    const end = atMs + sessionSeconds * 1000;
    const early = (atMs - session.renewedAt) * 10 <= session.expiresAt - session.renewedAt;
    return early || end <= session.expiresAt ? unchanged() : happened([`SessionRenewed ${ref.userId} ${end}`]);
  }

  #expectAdmissions(command: Extract<AdmissionCommand, { type: 'AdmitPeople' }>, atMs: number): string {
    const { epoch, people, through } = command;
    if (this.#policy === null) return refused('room_not_found');
    const line = this.#lines.get(epoch);
    if (line === undefined || line.lost) return unchanged();
    const over = this.#due(atMs).slice(0, this.#rules.expiriesPerTurnMax);
    const byRoom = Math.min(this.#policy.maxActive, this.#rules.sessionsMax) - (this.#inside.size - over.length);
    let room = Math.max(0, Math.min(byRoom, Math.floor(this.#savedAt(atMs) / 1000)));
    const admitted: { place: number; userId: string }[] = [];
    let reached = line.takenThrough;
    let all = true;
    for (const { place, userId } of people) {
      if (place <= reached) continue;
      const session = this.#inside.get(userId);
      const isInside = session !== undefined && session.expiresAt > atMs;
      const passes = line.left.has(place) || isInside || admitted.some((one) => one.userId === userId);
      if (!passes && room === 0) {
        reached = place - 1;
        all = false;
        break;
      }
      reached = place;
      if (passes) continue;
      admitted.push({ place, userId });
      room -= 1;
    }
    if (all) reached = Math.max(reached, through);
    if (reached === line.takenThrough) return unchanged();
    const events = admitted.map(({ place, userId }) => `UserAdmitted ${epoch} ${place} ${userId}`);
    if (reached > (admitted.at(-1)?.place ?? line.takenThrough)) events.push(`PlacesPassed ${epoch} ${reached}`);
    // Which of them ends first is not promised where not all of them fit into one turn.
    if (this.#due(atMs).length > over.length) return `but for endings ${happened(events)}`;
    const leaving = admitted.length === 0 ? [] : over;
    // Whoever comes in again has ended before, also where more are due than one turn ends.
    const again = admitted.flatMap(({ userId }) => this.#inside.get(userId) ?? []);
    const endings = new Set([...leaving, ...again].map((session) => ended(session, 'expired')));
    return happened([...[...endings].sort(), ...events]);
  }

  #savedAt(atMs: number): number {
    const perSecond = this.#policy?.admitPerSecond ?? 0;
    return Math.min(savedMax(perSecond), this.#saved + perSecond * Math.max(0, atMs - this.#drawnAt));
  }

  /** Sessions that are over and not yet ended, by the end of their time. */
  #due(atMs: number): Inside[] {
    return [...this.#inside.values()].filter(({ expiresAt }) => expiresAt <= atMs);
  }

  #session(ref: SessionRef, atMs: number): Inside | undefined {
    const session = this.#inside.get(ref.userId);
    const same = session?.epoch === ref.epoch && session.place === ref.place;
    return same && session.expiresAt > atMs ? session : undefined;
  }

  #waits({ epoch, place }: SessionRef): boolean {
    const line = this.#lines.get(epoch);
    return line !== undefined && !line.lost && place > line.takenThrough && !line.left.has(place);
  }

  /** Leavers are kept as ranges, so many at most: one that lies beside another needs no new one. */
  #isFullOfLeavers({ epoch, place }: SessionRef): boolean {
    const { left, takenThrough } = this.#line(epoch);
    const above = [...left].filter((other) => other > takenThrough);
    const ranges = above.filter((other) => !left.has(other - 1) || other - 1 <= takenThrough).length;
    const touches = above.some((other) => Math.abs(other - place) === 1);
    return ranges >= this.#rules.leaverRangesMax && !touches;
  }

  #position({ epoch, place }: SessionRef): number {
    const line = this.#line(epoch);
    let ahead = 0;
    for (let other = line.takenThrough + 1; other < place; other += 1) if (!line.left.has(other)) ahead += 1;
    return ahead + 1;
  }

  #line(epoch: string): Line {
    const line = this.#lines.get(epoch);
    if (line === undefined) throw new Error(`no line ${epoch} is known`);
    return line;
  }

  #takeThrough(epoch: string, place: number): void {
    const line = this.#line(epoch);
    line.takenThrough = Math.max(line.takenThrough, place);
  }
}

function savedMax(perSecond: number): number {
  return perSecond === 0 ? 0 : Math.max(1, perSecond) * 1000;
}

function samePolicy(a: RoomPolicy | null, b: RoomPolicy): boolean {
  return (
    a?.admitPerSecond === b.admitPerSecond &&
    a.maxActive === b.maxActive &&
    a.sessionSeconds === b.sessionSeconds &&
    a.maxSessionSeconds === b.maxSessionSeconds
  );
}

function ended({ userId, epoch, place }: Omit<SessionRef, 'room'>, reason: string): string {
  return `SessionEnded ${userId} ${epoch} ${place} ${reason}`;
}

/** Events of a room as the reference tells them. */
export function tellRoom(event: Event): string {
  // True: only a room decides events under its address.
  const told = event as AdmissionEvent;
  switch (told.type) {
    case 'PolicySet':
      return told.type;
    case 'LineOpened':
    case 'LineLost':
      return `${told.type} ${told.epoch}`;
    case 'UserAdmitted':
      return `UserAdmitted ${told.epoch} ${told.place} ${told.userId}`;
    case 'PlacesPassed':
      return `PlacesPassed ${told.epoch} ${told.through}`;
    case 'SessionRenewed':
      return `SessionRenewed ${told.userId} ${told.expiresAt}`;
    case 'SessionEnded':
      return ended(told, told.reason);
    case 'PlaceLeft':
      return `PlaceLeft ${told.epoch} ${told.place}`;
  }
}
