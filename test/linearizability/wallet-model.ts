/** The balance of one user: 0 at first, never negative. */
import type { Model } from './search.ts';

export type WalletOperation =
  /** `balance`: what was left, null where nobody was told. */
  | { readonly type: 'charge' | 'debit'; readonly amount: number; readonly balance: number | null }
  | { readonly type: 'read'; readonly balance: number }
  | { readonly type: 'refused-debit'; readonly balance: number; readonly required: number };

export const walletModel: Model<number, WalletOperation> = {
  initial: 0,
  step(balance, operation) {
    switch (operation.type) {
      case 'charge':
        return moved(balance + operation.amount, operation.balance);
      case 'debit':
        return moved(balance - operation.amount, operation.balance);
      case 'read':
        return balance === operation.balance ? [balance] : [];
      case 'refused-debit':
        return balance === operation.balance && balance < operation.required ? [balance] : [];
    }
  },
  key: String,
};

function moved(to: number, told: number | null): readonly number[] {
  return to >= 0 && (told === null || told === to) ? [to] : [];
}
