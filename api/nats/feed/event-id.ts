/**
 * Names of public events. `ce-id` is `<journalId>-<batch>-<index>`: the index counts all events of the batch from 0,
 * private ones too, and goes on after them with the refusals of durable commands, in order of their turns: the refusal
 * of turn `t` in a batch of `n` events has index `n + t`. So ids are unique, never change, and leave gaps.
 */

export interface EventId {
  readonly journalId: string;
  readonly batch: number;
  readonly index: number;
}

/** A place in the journal: all events before it are behind. */
export interface EventPosition {
  readonly batch: number;
  readonly index: number;
}

const pattern = /^(?<journalId>.+)-(?<batch>[1-9]\d{0,14})-(?<index>0|[1-9]\d{0,14})$/;

export function formatEventId({ journalId, batch, index }: EventId): string {
  return `${journalId}-${batch}-${index}`;
}

/** Null for a text that is no such id. */
export function parseEventId(text: string): EventId | null {
  const groups = pattern.exec(text)?.groups;
  const { journalId, batch, index } = groups ?? {};
  if (journalId === undefined || batch === undefined || index === undefined) return null;
  return { journalId, batch: Number(batch), index: Number(index) };
}

export function positionAfter({ batch, index }: EventPosition): EventPosition {
  return { batch, index: index + 1 };
}

export function isBefore(a: EventPosition, b: EventPosition): boolean {
  return a.batch === b.batch ? a.index < b.index : a.batch < b.batch;
}
