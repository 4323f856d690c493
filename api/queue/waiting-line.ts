/**
 * The waiting line of one room as its doors and its driver see it. Two implementations keep the same promises: the
 * engine's own line and a JetStream stream. A place is drawn once and never again; people are taken in order of place.
 */
import type { LineKind } from '../../actors/admission/messages.ts';
import type { PersonInLine } from '../../actors/line/messages.ts';

/** Why nobody can join now. All of them pass; the client may try again. */
export type LineRefusal = 'overloaded' | 'queue_unavailable' | 'draining';

export type Joined =
  /** The place is durable. `existing`: the user stood there already. */
  | { readonly type: 'joined'; readonly place: number; readonly existing: boolean }
  | { readonly type: 'refused'; readonly code: LineRefusal };

export interface Taken {
  /** In order of place, all above `after`. */
  readonly people: readonly PersonInLine[];
  /** Everyone at or below it stands in `people` or has gone; at least `after`. */
  readonly through: number;
}

/**
 * `join` refuses as a value. The other calls reject when the line cannot be reached; each may be repeated, and what
 * is done twice is done once.
 */
export interface WaitingLine {
  /** Random, made with the line: with the place it names one person's turn for ever. */
  readonly epoch: string;
  readonly kind: LineKind;
  join(userId: string): Promise<Joined>;
  /** The next people above `after`, at most `count`. Takes nobody out: that is `settle`. */
  take(after: number, count: number): Promise<Taken>;
  /** Everyone at or below `through` has been dealt with, durably. */
  settle(through: number): Promise<void>;
  /** Forgets whoever stands at this place. */
  leave(place: number): Promise<void>;
  /** People in line, settled ones not counted. */
  counts(): Promise<{ readonly waiting: number; readonly lastPlace: number }>;
}

/** The lines of one room. Which ones there are may change: a stream that has lost people is made anew. */
export interface RoomLines {
  /** Oldest first: one that still has people is drained before the next. */
  all(): readonly WaitingLine[];
  /** The line that people join. It refuses `queue_unavailable` while it cannot be reached. */
  current(): WaitingLine;
  /** Whether people of this line are let in now; not those of one that is away. */
  serves(epoch: string): boolean;
  /** Whether anybody can join; told to operators. */
  readonly joinable: boolean;
  /** Where a user stands in a line that is only drained any more; the place is durable. */
  standing(userId: string): { readonly epoch: string; readonly place: number } | null;
  /** About how many people wait outside the engine, at once. */
  waiting(): number;
  /** The drivers have stopped before. */
  stop(): Promise<void>;
}

/** Lines that stay what they are; the last one is joined. Throws when there is none. */
export function fixedLines(lines: readonly WaitingLine[]): RoomLines {
  const current = lines.at(-1);
  if (current === undefined) throw new Error('a room needs a line');
  return {
    all: () => lines,
    current: () => current,
    serves: (epoch) => lines.some((line) => line.epoch === epoch),
    joinable: true,
    standing: () => null,
    waiting: () => 0,
    stop: async () => undefined,
  };
}
