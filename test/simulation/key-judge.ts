/** A bound key gives the answer that it gave before, and no other, as long as it is bound (invariant 6). */
import type { SeatsHeld } from '../../actors/schedule/messages.ts';
import type { Answer } from '../../api/answers/answer.ts';
import type { Turn } from '../../engine/ports.ts';
import { fingerprintOfRequest, scopeOfRequest, type Request } from './request.ts';

interface ToldKey {
  readonly fingerprint: string;
  readonly text: string;
  readonly status: number;
  /** Stamped time at which it was bound, ms. */
  readonly atMs: number;
  /** When it was told first, ms of the simulation's clock. */
  readonly toldMs: number;
}

export interface Told {
  readonly answer: Answer;
  /** Its body. */
  readonly text: string;
  /** Marked as the first answer, given again. */
  readonly isReplay: boolean;
  /** Stamped time, ms. */
  readonly stampMs: number;
  /** See `arrived`. */
  readonly sinceMs: number;
  /** Of the simulation's clock. */
  readonly nowMs: number;
}

/** So long before its time is over a key is not judged any more, ms: an answer is on its way for a while. */
const ttlMarginMs = 1_000;
/** No outcomes: the next try is judged afresh. */
const noOutcome: ReadonlySet<string | undefined> = new Set(['overloaded', 'draining', 'queue_unavailable']);

export class KeyJudge {
  readonly #ttlMs: number;
  readonly #told = new Map<string, ToldKey>();
  /** Stamped time at which a key was bound last, ms. */
  readonly #boundAtMs = new Map<string, number>();
  /** Scopes by the reservation that is bound to them. */
  readonly #scopes = new Map<string, string>();
  readonly #unansweredSinceMs = new Map<string, number>();

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  /** A turn is on disk. */
  bound({ binding, atMs, events }: Turn): void {
    if (binding === undefined) return;
    this.#boundAtMs.set(binding.scope, atMs);
    for (const { event } of events) {
      // True: only schedules have events of this name.
      if (event.type === 'SeatsHeld') this.#scopes.set((event as SeatsHeld).reservation.id, binding.scope);
    }
  }

  isBound(scope: string): boolean {
    return this.#boundAtMs.has(scope);
  }

  /** The key that a reservation was made under; null where there was none. */
  scopeOf(reservationId: string): string | null {
    return this.#scopes.get(reservationId) ?? null;
  }

  /**
   * Since when the answer to a request may speak of what was: since it came, or, behind an unanswered one with the same
   * key, whose refusal it shares, since that came, maybe to the process before.
   */
  arrived(request: Request, nowMs: number): number {
    const scope = scopeOfRequest(request);
    if (scope === null) return nowMs;
    const sinceMs = this.#unansweredSinceMs.get(scope) ?? nowMs;
    this.#unansweredSinceMs.set(scope, sinceMs);
    return sinceMs;
  }

  /** What is wrong with an answer. */
  told(request: Request, { answer, text, isReplay, stampMs, sinceMs, nowMs }: Told): string[] {
    const scope = scopeOfRequest(request);
    if (scope === null) return isReplay ? [`${JSON.stringify(request)} has no key and was told a replay`] : [];
    this.#unansweredSinceMs.delete(scope);
    const { code, status } = answer;
    if (noOutcome.has(code)) return [];
    const fingerprint = fingerprintOfRequest(request);
    const before = this.#told.get(scope);
    if (before !== undefined && stampMs < before.atMs + this.#ttlMs - ttlMarginMs) {
      if (before.fingerprint !== fingerprint) {
        return code === 'idempotency_key_reused' ? [] : [`${scope} is bound to another command, and was told ${text}`];
      }
      if (text === before.text && status === before.status) {
        // Of two that were under way together, the first answer may come after its repetition.
        const together = sinceMs <= before.toldMs;
        return isReplay || together ? [] : [`${scope} is bound, and was told as new: ${text}`];
      }
      return [`${scope} was told ${before.text} first, and then ${text}`];
    }
    if (status >= 300) return [];
    const atMs = this.#boundAtMs.get(scope);
    if (atMs === undefined) return [`${scope} was told ${text}, and is bound nowhere on disk`];
    // Near the end of its time nobody knows which answer the next try gets.
    if (before !== undefined) this.#told.delete(scope);
    else this.#told.set(scope, { fingerprint, text, status, atMs, toldMs: nowMs });
    return [];
  }
}
