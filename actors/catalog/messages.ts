/** The catalog (`catalog:main`): concerts, their dates, and which room covers which concert. */
import type { BusinessCode } from '../codes.ts';
import type { RoomPolicy } from '../admission/messages.ts';
import type { ScheduleFacts, SectionSpec } from '../schedule/messages.ts';

export interface Concert {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

export type CatalogCommand =
  /** `digest` is the door's digest of the parsed body: `already_exists` tells with it whether the two are equal. */
  | { readonly type: 'CreateConcert'; readonly concert: Concert; readonly digest: string }
  | {
      readonly type: 'CreateSchedule';
      readonly schedule: ScheduleFacts;
      readonly sections: readonly SectionSpec[];
      readonly digest: string;
    }
  /** Makes or changes a room. `concertIds` null leaves its concerts as they are. `main` covers what no other room names. */
  | {
      readonly type: 'PutRoom';
      readonly room: string;
      readonly policy: RoomPolicy;
      readonly concertIds: readonly string[] | null;
    };

export type CatalogEvent =
  | { readonly type: 'ConcertCreated'; readonly v: 1; readonly concert: Concert; readonly digest: string }
  | {
      readonly type: 'ScheduleCreated';
      readonly v: 1;
      readonly schedule: ScheduleFacts;
      readonly seatsTotal: number;
      readonly digest: string;
    }
  | {
      readonly type: 'RoomPut';
      readonly v: 1;
      readonly room: string;
      readonly policy: RoomPolicy;
      readonly concertIds: readonly string[];
      readonly putAt: number;
    };

export type CatalogReply =
  | { readonly type: 'concert'; readonly concert: Concert }
  | { readonly type: 'schedule'; readonly schedule: ScheduleFacts; readonly seatsTotal: number }
  | {
      readonly type: 'room';
      readonly room: string;
      readonly policy: RoomPolicy;
      readonly concertIds: readonly string[];
    };

/** `already_exists` carries `{ids, equal}`; `concert_not_found` carries `{concertIds}`. */
export type CatalogCode = Extract<BusinessCode, 'concert_not_found' | 'already_exists'>;

export type CatalogQuery =
  | { readonly type: 'concert'; readonly concertId: string }
  /** Concerts in order of id, from the first id after `after`. */
  | { readonly type: 'concerts'; readonly after: string | null; readonly limit: number }
  | { readonly type: 'schedules'; readonly concertId: string }
  | { readonly type: 'schedule'; readonly scheduleId: string }
  | { readonly type: 'rooms' }
  | { readonly type: 'room'; readonly room: string }
  /**
   * The room that covered a concert at a time, ms: the one that named it, else `main`. Moving a concert applies to new
   * sessions, so a door asks with the time at which the session began.
   */
  | { readonly type: 'roomOf'; readonly concertId: string; readonly atMs: number };

export interface CatalogViews {
  readonly concert: Concert | null;
  readonly concerts: readonly Concert[];
  /** In order of start, then id; null when there is no such concert. */
  readonly schedules: readonly (ScheduleFacts & { readonly seatsTotal: number })[] | null;
  readonly schedule: (ScheduleFacts & { readonly seatsTotal: number }) | null;
  readonly rooms: readonly string[];
  readonly room: { readonly room: string; readonly concertIds: readonly string[] } | null;
  readonly roomOf: string;
}

export interface CatalogProtocol {
  readonly command: CatalogCommand;
  readonly event: CatalogEvent;
  readonly reply: CatalogReply;
  readonly code: CatalogCode;
  readonly query: CatalogQuery;
  readonly views: CatalogViews;
}
