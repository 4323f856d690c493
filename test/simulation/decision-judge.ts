/**
 * Judges every decision and every view of the real actors by references that share nothing with them but messages: plain
 * lists, in `reference/`. A program that starts gives its references the whole journal, so whatever it recovered
 * wrongly shows at the first decision that rests on it.
 */
import { idOf, kindOf } from '../../engine/actor.ts';
import type { Address, Command, Decision, ErasedKind, Event } from '../../engine/actor.ts';
import type { StoredBatch } from '../../engine/ports.ts';
import type { AdmissionCommand, AdmissionEvent, AdmissionQuery } from '../../actors/admission/messages.ts';
import type { LineCommand, LineEvent, LineQuery } from '../../actors/line/messages.ts';
import type { Rules } from '../../actors/rules.ts';
import type { ScheduleCommand, ScheduleEvent, ScheduleQuery } from '../../actors/schedule/messages.ts';
import type { WalletCommand, WalletEvent, WalletQuery } from '../../actors/wallet/messages.ts';
import { LineReference, lineAnswer, tellLine } from './reference/line-reference.ts';
import { RoomReference, tellRoom } from './reference/room-reference.ts';
import { ScheduleReference, tellSchedule } from './reference/schedule-reference.ts';
import { verdictOf } from './reference/verdict.ts';
import { WalletReference, tellWallet, walletAnswer } from './reference/wallet-reference.ts';

/** One actor's reference, with its types erased as the engine erases those of its kind. */
interface Reference {
  expect(command: Command, atMs: number): string;
  apply(event: Event): void;
  /** Null where the view is not judged. */
  see(query: { readonly type: string }, atMs: number): string | null;
  readonly tell: (event: Event) => string;
  readonly answer: (reply: unknown) => string;
  readonly show: (view: unknown) => string;
}

export class DecisionJudge {
  readonly #rules: Rules;
  readonly #wrong: (what: string) => void;
  #references = new Map<Address, Reference | null>();

  constructor(rules: Rules, wrong: (what: string) => void) {
    this.#rules = rules;
    this.#wrong = wrong;
  }

  /** A program starts: what its actors must know is what the journal says, and nothing else. */
  restart(journal: Iterable<StoredBatch>): void {
    this.#references = new Map();
    for (const batch of journal) {
      for (const turn of batch.turns) for (const { actor, event } of turn.events) this.#of(actor)?.apply(event);
    }
  }

  /** The kinds as an engine gets them. */
  judged(kinds: Readonly<Record<string, ErasedKind>>): Record<string, ErasedKind> {
    return Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, this.#judgedKind(kind)]));
  }

  #judgedKind(kind: ErasedKind): ErasedKind {
    return {
      ...kind,
      decide: (state, command, atMs) => {
        const decision = kind.decide(state, command, atMs);
        this.#judge(addressOf(kind, state), command, atMs, decision);
        return decision;
      },
      view: (state, query, atMs) => {
        const view = kind.view(state, query, atMs);
        const reference = this.#of(addressOf(kind, state));
        const expected = reference?.see(query, atMs) ?? null;
        const shown = expected === null ? null : reference?.show(view);
        if (shown !== expected) {
          this.#wrong(`${addressOf(kind, state)} shows ${JSON.stringify(query)} as ${shown}, not ${expected}`);
        }
        return view;
      },
    };
  }

  #judge(actor: Address, command: Command, atMs: number, decision: Decision): void {
    const reference = this.#of(actor);
    if (reference === null) return;
    const expected = reference.expect(command, atMs);
    const actual = canonical(verdictOf(withShortPayment(decision), reference.tell, reference.answer));
    if (!isAsExpected(actual, expected, this.#rules.expiriesPerTurnMax)) {
      this.#wrong(`${actor} at ${atMs} judged ${JSON.stringify(command)}: ${actual}; expected: ${expected}`);
    }
    if (decision.type === 'accepted') for (const event of decision.events) reference.apply(event);
  }

  #of(actor: Address): Reference | null {
    const known = this.#references.get(actor);
    if (known !== undefined) return known;
    const made = referenceOf(actor, this.#rules);
    this.#references.set(actor, made);
    return made;
  }
}

/** Each cast is true because an actor's kind is in its address, and doors and engine send a kind its own messages. */
function referenceOf(actor: Address, rules: Rules): Reference | null {
  switch (kindOf(actor)) {
    case 'schedule': {
      const schedule = new ScheduleReference(idOf(actor), rules);
      return {
        expect: (command, atMs) => schedule.expect(command as ScheduleCommand, atMs),
        apply: (event) => schedule.apply(event as ScheduleEvent),
        see: (query, atMs) => schedule.see(query as ScheduleQuery, atMs),
        tell: tellSchedule,
        answer: () => '',
        show: showSchedule,
      };
    }
    case 'wallet': {
      const wallet = new WalletReference(idOf(actor), rules.balanceMax);
      return {
        expect: (command) => wallet.expect(command as WalletCommand),
        apply: (event) => wallet.apply(event as WalletEvent),
        see: (query) => wallet.see(query as WalletQuery),
        tell: tellWallet,
        answer: walletAnswer,
        show: (view) => JSON.stringify(view),
      };
    }
    case 'admission': {
      const room = new RoomReference(rules);
      return {
        expect: (command, atMs) => room.expect(command as AdmissionCommand, atMs),
        apply: (event) => room.apply(event as AdmissionEvent),
        see: (query, atMs) => room.see(query as AdmissionQuery, atMs),
        tell: tellRoom,
        answer: () => '',
        show: showRoom,
      };
    }
    case 'line': {
      const line = new LineReference(rules.engineLineMax);
      return {
        expect: (command) => line.expect(command as LineCommand),
        apply: (event) => line.apply(event as LineEvent),
        see: (query) => line.see(query as LineQuery),
        tell: tellLine,
        answer: lineAnswer,
        show: (view) => JSON.stringify(view),
      };
    }
    default:
      // The catalog's few rules are judged by the auditor, from its events.
      return null;
  }
}

/** A state names its actor, but for the one catalog. */
function addressOf(kind: ErasedKind, state: unknown): Address {
  const named = state as { readonly id?: string; readonly userId?: string; readonly room?: string };
  return `${kind.kind}:${named.id ?? named.userId ?? named.room ?? 'main'}`;
}

/** Of a payment that was made before, what the reference can know. */
function withShortPayment(decision: Decision): Decision {
  if (decision.type !== 'rejected' || decision.code !== 'already_paid') return decision;
  const { id, amount, balance } = decision.details['payment'] as Record<string, unknown>;
  return { ...decision, details: { payment: `${String(id)} ${String(amount)} ${String(balance)}` } };
}

/** Sessions that end in one turn do so in no promised order, before whoever comes in. */
function canonical(verdict: string): string {
  if (!verdict.includes('SessionEnded')) return verdict;
  const events = verdict.slice('happened '.length).split('; ');
  const endings = events.filter((event) => event.startsWith('SessionEnded')).sort();
  return `happened ${[...endings, ...events.filter((event) => !event.startsWith('SessionEnded'))].join('; ')}`;
}

/** `some of …`, `but for endings …`: more are due than one turn ends, and which of them is not promised. */
function isAsExpected(actual: string, expected: string, expiriesMax: number): boolean {
  if (expected.startsWith('but for endings ')) {
    return actual.replaceAll(/SessionEnded [^;]*(?:; )?/g, '') === expected.slice('but for endings '.length);
  }
  if (!expected.startsWith('some of ')) return actual === expected;
  const due = new Set(expected.slice('some of '.length).split(' '));
  const events = actual.slice('happened '.length).split('; ');
  return (
    actual.startsWith('happened ') &&
    events.length === expiriesMax &&
    events.every((event) => /^(?:HoldExpired|SessionEnded) /.test(event) && due.delete(event.split(' ')[1] ?? ''))
  );
}

function showSchedule(view: unknown): string {
  if (view === null) return 'null';
  const { statuses, reservation, id, status } = view as {
    readonly statuses?: Uint8Array;
    readonly reservation?: { readonly id: string; readonly status: string };
    readonly id?: string;
    readonly status?: string;
  };
  if (statuses !== undefined) return statuses.join('');
  return reservation === undefined ? `${id} ${status}` : `${reservation.id} ${reservation.status}`;
}

function showRoom(view: unknown): string {
  if (view === null) return 'null';
  // Tokens have a status; what is left are sessions.
  const { status, position, expiresAt, epoch, place } = view as {
    readonly status?: string;
    readonly position?: number;
    readonly expiresAt?: number;
    readonly epoch?: string;
    readonly place?: number;
  };
  if (status === undefined) return `${epoch} ${place}`;
  const detail = position ?? expiresAt;
  return detail === undefined ? status : `${status} ${detail}`;
}
