/** The waiting line inside the engine: what it understands, records and answers. One per room. */
import type { BusinessCode } from '../codes.ts';

export interface PersonInLine {
  readonly place: number;
  readonly userId: string;
}

export type LineCommand =
  /** Gives the line its epoch; a line that has one keeps it. */
  | { readonly type: 'StartLine'; readonly epoch: string }
  | { readonly type: 'JoinLine'; readonly userId: string }
  /** Forgets the person at this place, if still there. Idempotent. */
  | { readonly type: 'LeaveLine'; readonly place: number }
  /** Forgets everyone up to this place. Idempotent. */
  | { readonly type: 'SettleLine'; readonly through: number };

export type LineEvent =
  | { readonly type: 'LineStarted'; readonly v: 1; readonly epoch: string }
  | {
      readonly type: 'LineJoined';
      readonly v: 1;
      /** With it the reply can be made from the event alone. */
      readonly epoch: string;
      readonly userId: string;
      readonly place: number;
    }
  | { readonly type: 'LineLeft'; readonly v: 1; readonly place: number }
  | { readonly type: 'LineSettled'; readonly v: 1; readonly through: number };

export type LineReply =
  | { readonly type: 'started'; readonly epoch: string }
  | { readonly type: 'joined'; readonly epoch: string; readonly place: number; readonly existing: boolean }
  | { readonly type: 'done' };

/** A full line (100,000) is `overloaded`. */
export type LineCode = Extract<BusinessCode, 'overloaded'>;

export type LineQuery =
  /** The next `count` people above `after`, in order of place. */
  | { readonly type: 'next'; readonly after: number; readonly count: number }
  /** Where a user stands. */
  | { readonly type: 'place'; readonly userId: string }
  | { readonly type: 'counts' };

export interface LineViews {
  readonly next: readonly PersonInLine[];
  readonly place: number | null;
  readonly counts: { readonly epoch: string | null; readonly waiting: number; readonly lastPlace: number };
}

export interface LineProtocol {
  readonly command: LineCommand;
  readonly event: LineEvent;
  readonly reply: LineReply;
  readonly code: LineCode;
  readonly query: LineQuery;
  readonly views: LineViews;
}
