/**
 * What the admission actor of one waiting room understands, records and answers.
 * A place in line is `(epoch, place)`: the epoch names one line, the place is the number drawn in it.
 */
import type { ExpireDue } from '../../engine/actor.ts';
import type { BusinessCode } from '../codes.ts';

/** 0 pauses `admitPerSecond` and `maxActive`; the burst is at most one second's worth. */
export interface RoomPolicy {
  readonly admitPerSecond: number;
  readonly maxActive: number;
  readonly sessionSeconds: number;
  readonly maxSessionSeconds: number;
}

/** What a queue token names. */
export interface PlaceInLine {
  readonly room: string;
  readonly epoch: string;
  readonly place: number;
  readonly userId: string;
}

/** The session of one token, as other actors refer to it. */
export type SessionRef = PlaceInLine;

/** `engine`: the line actor of this engine; `stream`: a JetStream stream. */
export type LineKind = 'engine' | 'stream';

export interface Session {
  readonly epoch: string;
  readonly place: number;
  readonly userId: string;
  readonly startedAt: number;
  /** The journaled deadline. */
  readonly expiresAt: number;
}

export type SessionEndReason = 'expired' | 'paid' | 'left';

export type AdmissionCommand =
  | { readonly type: 'SetPolicy'; readonly policy: RoomPolicy }
  /** A line that this room draws from; known epochs stay known until lost. Idempotent. */
  | { readonly type: 'OpenLine'; readonly epoch: string; readonly line: LineKind }
  /** The line of this epoch has lost people: its tokens read `expired`. Idempotent. */
  | { readonly type: 'LoseLine'; readonly epoch: string }
  /**
   * The next people of one line, in order of place, all above its `takenThrough`; `through` is the highest place
   * read, also when the last ones left. Admits as many as room and rate allow, from the front.
   */
  | {
      readonly type: 'AdmitPeople';
      readonly epoch: string;
      readonly people: readonly { readonly place: number; readonly userId: string }[];
      readonly through: number;
    }
  /** The gate: passes only a live session, and renews it. `hold` refuses past the longest stay. */
  | { readonly type: 'PassGate'; readonly session: SessionRef; readonly purpose: 'browse' | 'hold' }
  /** Leaves the line, or ends the session; no matter which. Idempotent. */
  | { readonly type: 'Leave'; readonly session: SessionRef }
  /** Ends the session if it still lives. Idempotent. */
  | { readonly type: 'EndSession'; readonly session: SessionRef; readonly reason: SessionEndReason }
  | ExpireDue;

export type AdmissionEvent =
  | { readonly type: 'PolicySet'; readonly v: 1; readonly policy: RoomPolicy }
  | { readonly type: 'LineOpened'; readonly v: 1; readonly epoch: string; readonly line: LineKind }
  | { readonly type: 'LineLost'; readonly v: 1; readonly epoch: string }
  | {
      readonly type: 'UserAdmitted';
      readonly v: 1;
      readonly epoch: string;
      readonly place: number;
      readonly userId: string;
      readonly admittedAt: number;
      readonly expiresAt: number;
    }
  /** Everyone up to here has been dealt with, without admission where there is no `UserAdmitted`. */
  | { readonly type: 'PlacesPassed'; readonly v: 1; readonly epoch: string; readonly through: number }
  | {
      readonly type: 'SessionRenewed';
      readonly v: 1;
      readonly epoch: string;
      readonly place: number;
      readonly userId: string;
      readonly renewedAt: number;
      readonly expiresAt: number;
    }
  | {
      readonly type: 'SessionEnded';
      readonly v: 1;
      readonly epoch: string;
      readonly place: number;
      readonly userId: string;
      readonly reason: SessionEndReason;
      readonly endedAt: number;
    }
  | {
      readonly type: 'PlaceLeft';
      readonly v: 1;
      readonly epoch: string;
      readonly place: number;
      readonly userId: string;
      readonly leftAt: number;
    };

export type AdmissionReply =
  | { readonly type: 'policy'; readonly policy: RoomPolicy }
  | { readonly type: 'line' }
  /** How many were let in, and through which place everyone has been dealt with. */
  | { readonly type: 'admitted'; readonly admitted: number; readonly takenThrough: number }
  | { readonly type: 'passed'; readonly expiresAt: number }
  | { readonly type: 'left' };

/** `queue_token_waiting` carries `{position}`; the door adds `etaSeconds`. `overloaded`: no room for one more leaver. */
export type AdmissionCode = Extract<
  BusinessCode,
  'room_not_found' | 'queue_token_waiting' | 'queue_token_expired' | 'overloaded'
>;

/** The pure status of a token. `position` is an upper bound: people ahead plus one. */
export type TokenStatus =
  | { readonly status: 'waiting'; readonly position: number }
  | {
      readonly status: 'active';
      readonly startedAt: number;
      readonly expiresAt: number;
      /** Once that is past, ms, `PassGate` renews it; `Infinity` for one that is renewed no more. */
      readonly renewableAfter: number;
    }
  | { readonly status: 'expired' };

export type AdmissionQuery =
  | { readonly type: 'token'; readonly session: SessionRef }
  /** The live session of a user, whatever token it has. */
  | { readonly type: 'session'; readonly userId: string }
  /** Who has left a line early. */
  | { readonly type: 'leavers'; readonly epoch: string }
  | { readonly type: 'room' }
  | { readonly type: 'capacity' };

export interface RoomView {
  readonly policy: RoomPolicy;
  readonly active: number;
  /** Since the room was made. */
  readonly admitted: number;
  readonly expired: number;
  readonly lines: readonly {
    readonly epoch: string;
    readonly line: LineKind;
    readonly lost: boolean;
    readonly takenThrough: number;
    /** Places above `takenThrough` that left, and the highest of them; 0 for none. */
    readonly leavers: number;
    readonly lastLeaver: number;
  }[];
  /** People let in during the last 60 s, for the ETA. */
  readonly admittedLastMinute: number;
  /** How much of those 60 s has gone since the first of them, ms: 1,000 to 60,000, or 0 when there was none. */
  readonly admittedOverMs: number;
}

export interface AdmissionViews {
  readonly token: TokenStatus;
  readonly session: Session | null;
  /** Ranges of places above `takenThrough`, `[from, to, from, to, …]` in order. */
  readonly leavers: readonly number[];
  /** Null for a room that was never made. */
  readonly room: RoomView | null;
  /** How many `AdmitPeople` would admit now, and the stamped time in ms at which that may grow by itself. */
  readonly capacity: { readonly now: number; readonly nextAtMs: number };
}

export interface AdmissionProtocol {
  readonly command: AdmissionCommand;
  readonly event: AdmissionEvent;
  readonly reply: AdmissionReply;
  readonly code: AdmissionCode;
  readonly query: AdmissionQuery;
  readonly views: AdmissionViews;
}
