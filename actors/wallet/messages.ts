/** What the wallet of one user understands, records and answers. Money is whole minor units. */
import type { BusinessCode } from '../codes.ts';

export interface Charge {
  readonly id: string;
  readonly userId: string;
  readonly amount: number;
  /** The balance after it. */
  readonly balance: number;
  readonly chargedAt: number;
}

export type WalletCommand =
  | { readonly type: 'ChargeWallet'; readonly amount: number }
  /** `id` is the payment's question, `<reservationId>#<attempt>`. */
  | { readonly type: 'DebitWallet'; readonly id: string; readonly amount: number; readonly reservationId: string }
  | { readonly type: 'CreditWallet'; readonly id: string; readonly amount: number; readonly reservationId: string };

export type WalletEvent =
  | { readonly type: 'WalletCharged'; readonly v: 1; readonly charge: Charge }
  | {
      readonly type: 'WalletDebited' | 'WalletCredited';
      readonly v: 1;
      readonly id: string;
      readonly userId: string;
      readonly amount: number;
      readonly balance: number;
      readonly reservationId: string;
      readonly at: number;
    };

export type WalletReply =
  | { readonly type: 'charge'; readonly charge: Charge }
  | { readonly type: 'moved'; readonly balance: number };

/** `insufficient_balance` carries `{balance, required}`, `balance_limit_exceeded` carries `{limit}`. */
export type WalletCode = Extract<BusinessCode, 'insufficient_balance' | 'balance_limit_exceeded'>;

export type WalletQuery = { readonly type: 'balance' };

export interface WalletViews {
  readonly balance: { readonly userId: string; readonly balance: number };
}

export interface WalletProtocol {
  readonly command: WalletCommand;
  readonly event: WalletEvent;
  readonly reply: WalletReply;
  readonly code: WalletCode;
  readonly query: WalletQuery;
  readonly views: WalletViews;
}
