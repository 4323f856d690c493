/** A wallet as anyone would keep one: a sum, and what was answered to each debit. */
import type { Event } from '../../../engine/actor.ts';
import type { WalletCommand, WalletEvent, WalletQuery } from '../../../actors/wallet/messages.ts';
import { happened, refused, unchanged } from './verdict.ts';

/** Debits and credits whose answer a wallet must still know. */
const movesMax = 256;

export class WalletReference {
  readonly #userId: string;
  readonly #balanceMax: number;
  #balance = 0;
  #charges = 0;
  readonly #moves: { readonly id: string; readonly balance: number }[] = [];

  constructor(userId: string, balanceMax: number) {
    this.#userId = userId;
    this.#balanceMax = balanceMax;
  }

  expect(command: WalletCommand): string {
    const { amount } = command;
    switch (command.type) {
      case 'ChargeWallet':
        if (this.#balance + amount > this.#balanceMax) {
          return refused('balance_limit_exceeded', { limit: this.#balanceMax });
        }
        return happened([`charge chg.${this.#userId}.${this.#charges + 1} ${amount} ${this.#balance + amount}`]);
      case 'DebitWallet': {
        const before = this.#moves.find(({ id }) => id === `-${command.id}`);
        if (before !== undefined) return unchanged(`moved ${before.balance}`);
        if (this.#balance < amount) {
          return refused('insufficient_balance', { balance: this.#balance, required: amount });
        }
        return happened([`WalletDebited ${command.id} ${amount} ${this.#balance - amount} ${command.reservationId}`]);
      }
      case 'CreditWallet': {
        const before = this.#moves.find(({ id }) => id === `+${command.id}`);
        if (before !== undefined) return unchanged(`moved ${before.balance}`);
        return happened([`WalletCredited ${command.id} ${amount} ${this.#balance + amount} ${command.reservationId}`]);
      }
    }
  }

  apply(event: WalletEvent): void {
    if (event.type === 'WalletCharged') {
      this.#balance += event.charge.amount;
      this.#charges += 1;
      return;
    }
    const sign = event.type === 'WalletDebited' ? -1 : 1;
    this.#balance += sign * event.amount;
    this.#moves.push({ id: `${sign < 0 ? '-' : '+'}${event.id}`, balance: this.#balance });
    if (this.#moves.length > movesMax) this.#moves.shift();
  }

  /** A view as text; null for one that is not judged. */
  see(_query: WalletQuery): string {
    return JSON.stringify({ userId: this.#userId, balance: this.#balance });
  }
}

export function tellWallet(event: Event): string {
  // True: only a wallet decides events under its address.
  const told = event as WalletEvent;
  if (told.type === 'WalletCharged') {
    const { id, amount, balance } = told.charge;
    return `charge ${id} ${amount} ${balance}`;
  }
  return `${told.type} ${told.id} ${told.amount} ${told.balance} ${told.reservationId}`;
}

export function walletAnswer(reply: unknown): string {
  return typeof reply === 'object' && reply !== null && 'balance' in reply ? `moved ${String(reply.balance)}` : '';
}
