/** What a storm finds wrong: by kind, so that a report can say how much was lost and how much was done twice. */

export type FindingCode =
  /** Acknowledged, and not there. */
  | 'lost-ack'
  /** In the journal or in an answer more often than it was asked for. */
  | 'double-effect'
  /** In the journal, and nobody asked for it. */
  | 'ghost-effect'
  /** A repeated key did not give the first answer. */
  | 'changed-answer'
  | 'swapped-place'
  | 'lost-place'
  /** The engine gave a line up, because its stream came back with less than was acknowledged. */
  | 'lost-line'
  | 'double-owner'
  | 'wrong-reservation'
  | 'wrong-seat'
  | 'wrong-balance'
  | 'wrong-policy'
  | 'feed-gap'
  | 'feed-ghost'
  | 'feed-order'
  /** An answer that no client may get: an internal error, a report of a message that was well-formed. */
  | 'broken-answer'
  /** Not whole, settled or drained within its time. */
  | 'stuck'
  | 'ended-by-itself'
  | 'audit';

export interface Finding {
  readonly code: FindingCode;
  /** What should be and what is. */
  readonly what: string;
  /** The ledger's entry, or what else it rests on. */
  readonly entry?: unknown;
}

const losses: ReadonlySet<FindingCode> = new Set([
  'lost-ack',
  'lost-place',
  'lost-line',
  'swapped-place',
  'wrong-balance',
  'wrong-policy',
  'feed-gap',
]);
const doubles: ReadonlySet<FindingCode> = new Set(['double-effect', 'double-owner', 'ghost-effect', 'changed-answer']);

export function isLoss({ code }: Finding): boolean {
  return losses.has(code);
}

export function isDouble({ code }: Finding): boolean {
  return doubles.has(code);
}
