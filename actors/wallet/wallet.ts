/** The wallet of one user: its balance is never negative and never above its limit. */
import type { ActorKind, Decision } from '../../engine/actor.ts';
import { accepted, rejected, unchanged } from '../decision.ts';
import type { Rules } from '../rules.ts';
import { asItIs, upcaster } from '../upcast.ts';
import type { WalletCode, WalletCommand, WalletEvent, WalletProtocol, WalletReply } from './messages.ts';

/**
 * Debits and credits whose answer a wallet remembers, the newest. Whoever asked may ask again under the same id until it
 * has the answer, and a user's unanswered payments are far fewer than this. *Fixed*: part of what a replay must give.
 */
const rememberedMovesMax = 256;

export interface WalletState {
  readonly userId: string;
  balance: number;
  /** Charges ever made; the last one's id ends in this number. */
  charges: number;
  /** The balance after each remembered movement, oldest first; `-<id>` is a debit, `+<id>` a credit. */
  readonly moves: Map<string, number>;
}

export function createWallet(rules: Rules): ActorKind<WalletState, WalletProtocol> {
  return {
    kind: 'wallet',
    initial: (id) => ({ userId: id, balance: 0, charges: 0, moves: new Map() }),
    decide: (state, command, atMs) => decide(state, command, atMs, rules.balanceMax),
    evolve,
    reply,
    view: (state) => ({ userId: state.userId, balance: state.balance }),
    nextDeadline: () => Infinity,
    openQuestions: () => [],
    summary: () => null,
    upcast,
    encode: ({ balance, charges, moves }) =>
      new TextEncoder().encode(JSON.stringify({ format: 1, balance, charges, moves: [...moves] })),
    decode,
  };
}

function decide(
  state: WalletState,
  command: WalletCommand,
  atMs: number,
  balanceMax: number,
): Decision<WalletEvent, WalletReply, WalletCode> {
  const { userId, balance } = state;
  const { amount } = command;
  // The doors refuse such amounts, so here they are a bug; from here on every sum is a safe integer.
  if (!Number.isSafeInteger(amount) || amount < 0) throw new Error(`wallet ${userId}: ${amount} is no amount`);

  switch (command.type) {
    case 'ChargeWallet': {
      if (amount > balanceMax - balance) return rejected('balance_limit_exceeded', { limit: balanceMax });
      const id = `chg.${userId}.${state.charges + 1}`;
      const charge = { id, userId, amount, balance: balance + amount, chargedAt: atMs };
      return accepted([{ type: 'WalletCharged', v: 1, charge }]);
    }
    case 'DebitWallet': {
      const { id, reservationId } = command;
      const before = state.moves.get(`-${id}`);
      if (before !== undefined) return unchanged({ type: 'moved', balance: before });
      if (amount > balance) return rejected('insufficient_balance', { balance, required: amount });
      const event = { v: 1, id, userId, amount, balance: balance - amount, reservationId, at: atMs } as const;
      return accepted([{ type: 'WalletDebited', ...event }]);
    }
    case 'CreditWallet': {
      const { id, reservationId } = command;
      const before = state.moves.get(`+${id}`);
      if (before !== undefined) return unchanged({ type: 'moved', balance: before });
      if (amount > balanceMax - balance) return rejected('balance_limit_exceeded', { limit: balanceMax });
      const event = { v: 1, id, userId, amount, balance: balance + amount, reservationId, at: atMs } as const;
      return accepted([{ type: 'WalletCredited', ...event }]);
    }
  }
}

function evolve(state: WalletState, event: WalletEvent): WalletState {
  switch (event.type) {
    case 'WalletCharged':
      state.balance = event.charge.balance;
      state.charges++;
      return state;
    case 'WalletDebited':
      state.balance = event.balance;
      remember(state.moves, `-${event.id}`, event.balance);
      return state;
    case 'WalletCredited':
      state.balance = event.balance;
      remember(state.moves, `+${event.id}`, event.balance);
      return state;
  }
}

function remember(moves: Map<string, number>, id: string, balance: number): void {
  moves.set(id, balance);
  if (moves.size <= rememberedMovesMax) return;
  // A Map iterates in order of insertion, so its first key is the oldest.
  const oldest = moves.keys().next();
  if (!oldest.done) moves.delete(oldest.value);
}

function reply(events: readonly WalletEvent[]): WalletReply {
  const event = events.at(-1);
  if (event === undefined) throw new Error('no event of this turn answers anyone');
  switch (event.type) {
    case 'WalletCharged':
      return { type: 'charge', charge: event.charge };
    case 'WalletDebited':
    case 'WalletCredited':
      return { type: 'moved', balance: event.balance };
  }
}

const upcast = upcaster<WalletEvent>('wallet', {
  WalletCharged: { 1: asItIs },
  WalletDebited: { 1: asItIs },
  WalletCredited: { 1: asItIs },
});

/** Throws on bytes that `encode` did not make; their checksum is the store's affair. */
function decode(id: string, bytes: Uint8Array): WalletState {
  // What `encode` wrote: the store has checked that these are its bytes.
  const { format, balance, charges, moves } = JSON.parse(new TextDecoder().decode(bytes)) as {
    readonly format: number;
    readonly balance: number;
    readonly charges: number;
    readonly moves: readonly (readonly [id: string, balance: number])[];
  };
  if (format !== 1) throw new Error(`wallet ${id}: unknown snapshot format ${format}`);
  return { userId: id, balance, charges, moves: new Map(moves) };
}
