/** A command on its way through the engine, from its arrival until its answer is released. */
import type { Address, Command, QuestionId, Rejected } from './actor.ts';
import type { EngineCode } from './asker.ts';
import type { KeyScope } from './ports.ts';

export type ErasedOutcome =
  | { readonly type: 'accepted'; readonly reply: unknown; readonly replayed: boolean }
  | Rejected;

export interface RequestKey {
  readonly scope: KeyScope;
  readonly fingerprint: string;
  /** The client's own text. */
  readonly text: string;
  /** Doors whose messages may be delivered again bind every business refusal too. */
  readonly bindsRefusals: boolean;
}

export interface Request {
  readonly to: Address;
  readonly command: Command;
  readonly gate: { readonly to: Address; readonly command: Command } | null;
  readonly key: RequestKey | null;
  /** Whether it counts against the bound of waiting commands. */
  readonly counted: boolean;
  /** Monotonic time of arrival, ms. */
  readonly arrivedMs: number;
  readonly resolve: (outcome: ErasedOutcome) => void;
  /** Set while its answer waits for a question to be closed. */
  openQuestion: QuestionId | null;
  /** Whether the journal remembers its key as waiting for that question. */
  pendingJournaled: boolean;
}

/** Refusals that the engine gives before any rule is asked. Made once: an overloaded engine must not allocate. */
export const engineRefusals = {
  overloaded: { type: 'rejected', code: 'overloaded', details: {} },
  draining: { type: 'rejected', code: 'draining', details: {} },
  idempotency_key_reused: { type: 'rejected', code: 'idempotency_key_reused', details: {} },
} as const satisfies Record<EngineCode, Rejected>;

const nobody: readonly Request[] = [];

/**
 * The keys in flight (invariant 6): from the arrival of a keyed command, before any look-up and before the gate, until
 * its answer is released. A second command of the same scope waits for that.
 */
export class KeysInFlight {
  /** Null where nobody waits, as nearly always. */
  readonly #followers = new Map<KeyScope, Request[] | null>();

  /** True when the key was free and is now in flight; false when `request` waits behind another. */
  enter(scope: KeyScope, request: Request | null): boolean {
    const followers = this.#followers.get(scope);
    if (followers === undefined) {
      this.#followers.set(scope, null);
      return true;
    }
    if (request === null) return false;
    if (followers === null) this.#followers.set(scope, [request]);
    else followers.push(request);
    return false;
  }

  /** Ends the flight; whoever waited behind it. */
  leave(scope: KeyScope): readonly Request[] {
    const followers = this.#followers.get(scope) ?? nobody;
    this.#followers.delete(scope);
    return followers;
  }
}

/** What `follower` gets from the answer of the command before it; null when it has to be judged afresh. */
export function sharedOutcome(
  leader: RequestKey,
  outcome: ErasedOutcome,
  bound: boolean,
  follower: RequestKey,
): ErasedOutcome | null {
  const same = follower.fingerprint === leader.fingerprint;
  if (!same) return bound ? engineRefusals.idempotency_key_reused : null;
  return outcome.type === 'accepted' ? { ...outcome, replayed: true } : outcome;
}
