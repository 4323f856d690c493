/** What a door answers, before any library makes a response of it: a simulation reads it as it is. */

export type Header = readonly [name: string, value: string];

export interface Answer {
  readonly status: number;
  /** Already encoded; null for an answer without content. */
  readonly body: string | Uint8Array | ReadableStream<Uint8Array> | null;
  readonly contentType: string | null;
  /** Beside content type and request id. */
  readonly headers: readonly Header[];
  /** The code of a problem. */
  readonly code?: string;
}

const noHeaders: readonly Header[] = [];

/** `body` is encoded at once: an answer never holds on to an actor's state. */
export function json(status: number, body: object, headers: readonly Header[] = noHeaders): Answer {
  return { status, body: JSON.stringify(body), contentType: 'application/json', headers };
}

export function noContent(): Answer {
  return { status: 204, body: null, contentType: null, headers: noHeaders };
}

/** Marks the first answer, given again to a repeated key. */
export const replayedHeader: Header = ['Idempotency-Replayed', 'true'];

/** ms since the epoch as ISO 8601 UTC with milliseconds. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function isoTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}
