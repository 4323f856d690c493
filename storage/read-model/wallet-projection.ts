/** Events of wallets to rows: balances and charges. */
import type { Statement } from 'better-sqlite3';
import type { WalletEvent } from '../../actors/wallet/messages.ts';
import type { Connection } from '../database.ts';
import type { KnownUsers } from './known-users.ts';

export class WalletProjection {
  readonly #users: KnownUsers;
  readonly #setBalance: Statement<[number, number, number]>;
  readonly #insertCharge: Statement<[string, number, number, number, number]>;

  constructor(db: Connection, users: KnownUsers) {
    this.#users = users;
    this.#setBalance = db.prepare(
      `INSERT INTO asset (user_number, balance, changed_at_ms) VALUES (?, ?, ?)
       ON CONFLICT (user_number) DO UPDATE SET balance = excluded.balance, changed_at_ms = excluded.changed_at_ms`,
    );
    this.#insertCharge = db.prepare(
      'INSERT INTO charge (id, user_number, amount, balance, charged_at_ms) VALUES (?, ?, ?, ?, ?)',
    );
  }

  /** `atMs` is the stamped time of the event's turn. */
  apply(event: WalletEvent, atMs: number): void {
    switch (event.type) {
      case 'WalletCharged': {
        const { charge } = event;
        const user = this.#users.numberOf(charge.userId, atMs);
        this.#insertCharge.run(charge.id, user, charge.amount, charge.balance, charge.chargedAt);
        this.#setBalance.run(user, charge.balance, charge.chargedAt);
        return;
      }
      // What a debit paid for is in `payment`; a credit gives back a debit that paid for nothing.
      case 'WalletDebited':
      case 'WalletCredited':
        this.#setBalance.run(this.#users.numberOf(event.userId, atMs), event.balance, event.at);
        return;
    }
  }
}
