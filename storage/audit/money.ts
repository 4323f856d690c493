/** Wallets: every balance follows from the one before, and no money comes from or goes to nowhere. */
import type { WalletEvent } from '../../actors/wallet/messages.ts';
import type { AuditRules } from './audit-rules.ts';
import type { Findings } from './findings.ts';
import type { AuditedReservation } from './schedule-model.ts';

/** Debits and credits whose answer a wallet remembers; part of the format of its snapshots. */
const rememberedMovesMax = 256;

export interface AuditedWallet {
  balance: number;
  charges: number;
  changedAt: number;
  /** The newest movements, oldest first: `-<id>` is a debit, `+<id>` a credit, with the balance after it. */
  moves: (readonly [id: string, balance: number])[] | null;
}

/** Money that has left a wallet and has not yet arrived. */
interface OpenDebit {
  readonly userId: string;
  readonly amount: number;
  readonly balance: number;
  readonly reservationId: string;
}

interface PaidDebit {
  readonly id: string;
  readonly userId: string;
  readonly amount: number;
  readonly balance: number;
}

type Moved = Extract<WalletEvent, { type: 'WalletDebited' | 'WalletCredited' }>;

export class MoneyAudit {
  readonly wallets = new Map<string, AuditedWallet>();
  readonly #findings: Findings;
  readonly #rules: AuditRules;
  readonly #reservation: (id: string) => AuditedReservation | undefined;
  readonly #openDebits = new Map<string, OpenDebit>();
  /** Charges less debits plus credits. Whole numbers of any size. */
  #total = 0n;

  constructor(findings: Findings, rules: AuditRules, reservation: (id: string) => AuditedReservation | undefined) {
    this.#findings = findings;
    this.#rules = rules;
    this.#reservation = reservation;
  }

  event(userId: string, event: WalletEvent, atMs: number): void {
    const wallet = this.#wallet(userId);
    switch (event.type) {
      case 'WalletCharged': {
        const { charge } = event;
        wallet.charges += 1;
        if (charge.id !== `chg.${userId}.${wallet.charges}`) {
          this.#findings.add('charge-order', `${charge.id} is charge ${wallet.charges} of ${userId}`);
        }
        if (!(charge.amount > 0)) this.#findings.add('amount-wrong', `${charge.id} charges ${charge.amount}`);
        this.#moved(userId, wallet, charge.userId, charge.amount, charge.amount, charge.balance);
        return this.#at(wallet, charge.chargedAt, atMs);
      }
      case 'WalletDebited':
        this.#debited(event);
        this.#remember(wallet, `-${event.id}`, event.balance);
        this.#moved(userId, wallet, event.userId, event.amount, -event.amount, event.balance);
        return this.#at(wallet, event.at, atMs);
      case 'WalletCredited':
        this.#credited(event);
        this.#remember(wallet, `+${event.id}`, event.balance);
        this.#moved(userId, wallet, event.userId, event.amount, event.amount, event.balance);
        return this.#at(wallet, event.at, atMs);
    }
  }

  /** A reservation has been paid with this debit, which is settled by it. */
  paid({ id, userId, amount, balance }: PaidDebit): void {
    const debit = this.#openDebits.get(id);
    if (debit === undefined)
      return this.#findings.add('payment-debit', `${id} is paid, but nothing was debited for it`);
    this.#openDebits.delete(id);
    if (debit.userId === userId && debit.amount === amount && debit.balance === balance) return;
    const was = `${debit.amount} of ${debit.userId}, leaving ${debit.balance}`;
    this.#findings.add(
      'payment-debit',
      `${id} is paid with ${amount} of ${userId}, leaving ${balance}; debited: ${was}`,
    );
  }

  /** At the end of the journal. */
  finish(): void {
    for (const [id, { userId, amount, reservationId }] of this.#openDebits) {
      const reservation = this.#reservation(reservationId);
      if (reservation?.status === 'paying' && id === `${reservationId}#${reservation.attempt}`) continue;
      const what = `${amount} were debited from ${userId} for ${reservationId}, which is ${reservation?.status ?? 'unknown'}`;
      this.#findings.addAt('debit-unsettled', `debit ${id}`, what);
    }
    let balances = 0n;
    for (const { balance } of this.wallets.values()) balances += wholeOf(balance);
    if (balances === this.#total) return;
    const what = `charges less debits plus credits are ${this.#total}, the balances together ${balances}`;
    this.#findings.addAt('money-total', 'all wallets', what);
  }

  #debited({ id, userId, amount, balance, reservationId }: Moved): void {
    if (this.#openDebits.has(id)) return this.#findings.add('debit-twice', `${id} is debited again`);
    const reservation = this.#reservation(reservationId);
    const asked =
      reservation?.status === 'paying' &&
      id === `${reservationId}#${reservation.attempt}` &&
      reservation.userId === userId &&
      reservation.totalPrice === amount;
    if (!asked) {
      const status = reservation === undefined ? 'unknown' : `${reservation.status}, attempt ${reservation.attempt}`;
      const what = `${id} debits ${amount} from ${userId} for ${reservationId}, which is ${status}`;
      // A debit of the attempt that has just been paid is the same debit once more.
      const again = reservation?.status === 'paid' && id === `${reservationId}#${reservation.attempt}`;
      this.#findings.add(again ? 'debit-twice' : 'debit-unexplained', what);
    }
    this.#openDebits.set(id, { userId, amount, balance, reservationId });
  }

  #credited({ id, userId, amount }: Moved): void {
    const debit = this.#openDebits.get(id);
    if (debit !== undefined && debit.userId === userId && debit.amount === amount) this.#openDebits.delete(id);
    else this.#findings.add('credit-unexplained', `${id} gives ${userId} ${amount} back, which were not debited so`);
  }

  #moved(address: string, wallet: AuditedWallet, userId: string, amount: number, by: number, balance: number): void {
    if (userId !== address) this.#findings.add('event-address', `it moves money of ${userId}`);
    if (!Number.isSafeInteger(amount) || amount < 0) this.#findings.add('amount-wrong', `it moves ${amount}`);
    if (balance !== wallet.balance + by) {
      this.#findings.add('balance-wrong', `${wallet.balance} moved by ${by} give ${balance}`);
    }
    if (!(balance >= 0)) this.#findings.add('balance-negative', `${userId} has ${balance}`);
    const { balanceMax } = this.#rules;
    if (balanceMax !== null && balance > balanceMax) this.#findings.add('balance-limit', `${userId} has ${balance}`);
    wallet.balance = balance;
    this.#total += wholeOf(by);
  }

  #at(wallet: AuditedWallet, eventMs: number, atMs: number): void {
    if (eventMs !== atMs) this.#findings.add('event-time', `it says ${eventMs}, its turn ${atMs}`);
    wallet.changedAt = eventMs;
  }

  #remember(wallet: AuditedWallet, id: string, balance: number): void {
    wallet.moves ??= [];
    wallet.moves.push([id, balance]);
    if (wallet.moves.length > rememberedMovesMax) wallet.moves.shift();
  }

  #wallet(userId: string): AuditedWallet {
    const known = this.wallets.get(userId);
    if (known !== undefined) return known;
    const wallet: AuditedWallet = { balance: 0, charges: 0, changedAt: 0, moves: null };
    this.wallets.set(userId, wallet);
    return wallet;
  }
}

/** What is no whole number has been found already; here it counts as 0. */
function wholeOf(amount: number): bigint {
  return Number.isInteger(amount) ? BigInt(amount) : 0n;
}
