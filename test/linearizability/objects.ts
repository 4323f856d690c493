/** Deals the operations of a history out to the objects that they touched: seats, reservations, wallets. */
import type {
  Recorded,
  RecordedCancel,
  RecordedHold,
  RecordedPay,
  RecordedRead,
  ReservationStatus,
} from './recorded.ts';
import type { ReservationOperation, ReservationState } from './reservation-model.ts';
import type { Entry } from './search.ts';
import type { SeatOperation } from './seat-model.ts';
import type { WalletOperation } from './wallet-model.ts';

type Confirmed = Extract<RecordedHold['outcome'], { type: 'done' }>;

interface OneReservation {
  readonly hold: RecordedHold;
  readonly confirmed: Confirmed;
  readonly entries: Entry<ReservationOperation>[];
}

type OfReservation = RecordedCancel | RecordedPay | RecordedRead;

export class Objects {
  readonly seats = new Map<string, Entry<SeatOperation>[]>();
  readonly reservations = new Map<string, OneReservation>();
  readonly wallets = new Map<string, Entry<WalletOperation>[]>();
  /** What no order of operations can explain. */
  readonly broken: string[] = [];
  /** Refusals that say nothing of any object. */
  passedOver = 0;

  constructor(history: readonly Recorded[]) {
    for (const recorded of history) if (recorded.type === 'hold') this.#hold(recorded);
    for (const recorded of history) {
      switch (recorded.type) {
        case 'hold':
          break;
        case 'cancel':
        case 'pay':
        case 'read':
          this.#ofReservation(recorded);
          break;
        case 'charge':
          this.#charge(recorded);
          break;
        case 'balance':
          if (recorded.outcome.type !== 'done') break;
          this.#wallet(recorded, { type: 'read', balance: recorded.outcome.balance });
          break;
      }
    }
  }

  #hold(hold: RecordedHold): void {
    const { outcome, scheduleId, seatIds } = hold;
    switch (outcome.type) {
      case 'unknown':
        for (const seatId of seatIds) this.#seat(hold, scheduleId, seatId, { type: 'hold-untold' });
        return;
      case 'refused': {
        if (outcome.code !== 'seat_unavailable') {
          this.passedOver += 1;
          return;
        }
        const taken = new Set(outcome.seatIds);
        for (const seatId of seatIds) {
          this.#seat(hold, scheduleId, seatId, { type: taken.delete(seatId) ? 'sees-taken' : 'sees-free' });
        }
        if (taken.size > 0 || outcome.seatIds?.length === 0) {
          this.broken.push(`${hold.userId} was refused ${seatIds.join()} because of ${outcome.seatIds?.join()}`);
        }
        return;
      }
      case 'done': {
        const { reservationId, expiresAtMs } = outcome;
        if (this.reservations.has(reservationId)) {
          this.broken.push(`two holds were answered with the reservation ${reservationId}`);
        }
        this.reservations.set(reservationId, { hold, confirmed: outcome, entries: [entry(hold, { type: 'hold' })] });
        for (const seatId of seatIds)
          this.#seat(hold, scheduleId, seatId, { type: 'hold', reservationId, expiresAtMs });
      }
    }
  }

  #ofReservation(recorded: OfReservation): void {
    const { reservationId, userId, outcome } = recorded;
    const found = this.reservations.get(reservationId);
    if (found === undefined || found.hold.userId !== userId) {
      if (outcome.type === 'done') this.broken.push(`${userId} has ${reservationId}, which no hold had given them`);
      else this.passedOver += 1;
      return;
    }
    const seen = stateSeen(recorded);
    if (seen !== null) {
      found.entries.push(entry(recorded, { type: 'sees', state: seen }));
      const as = seen === 'held' ? 'held' : seen === 'paid' ? 'sold' : 'over';
      if (seen !== 'none') this.#seatsOf(found, recorded, { type: 'sees-reservation', reservationId, as });
    } else if (outcome.type === 'refused') {
      this.passedOver += 1;
    } else if (recorded.type !== 'read') {
      found.entries.push(entry(recorded, { type: recorded.type }));
      this.#seatsOf(found, recorded, { type: recorded.type, reservationId });
    }
    if (recorded.type === 'pay') this.#payment(recorded, found.confirmed.totalPrice);
  }

  #payment(pay: RecordedPay, price: number): void {
    const { outcome } = pay;
    switch (outcome.type) {
      case 'unknown':
        this.#wallet(pay, { type: 'debit', amount: price, balance: null });
        return;
      case 'done':
        if (outcome.amount !== price) {
          this.broken.push(`${pay.reservationId} was paid with ${outcome.amount}, its price is ${price}`);
        }
        this.#wallet(pay, { type: 'debit', amount: outcome.amount, balance: outcome.balance });
        return;
      case 'refused': {
        const { code, balance, required } = outcome;
        if (code !== 'insufficient_balance' || balance === undefined || required === undefined) return;
        this.#wallet(pay, { type: 'refused-debit', balance, required });
      }
    }
  }

  #charge(charge: Extract<Recorded, { type: 'charge' }>): void {
    const { amount, outcome } = charge;
    if (outcome.type === 'refused') {
      this.passedOver += 1;
      return;
    }
    this.#wallet(charge, { type: 'charge', amount, balance: outcome.type === 'done' ? outcome.balance : null });
  }

  #seatsOf({ hold }: OneReservation, recorded: Recorded, operation: SeatOperation): void {
    for (const seatId of hold.seatIds) this.#seat(recorded, hold.scheduleId, seatId, operation);
  }

  #seat(recorded: Recorded, scheduleId: string, seatId: string, operation: SeatOperation): void {
    pushTo(this.seats, `${scheduleId}/${seatId}`, entry(recorded, operation));
  }

  #wallet(recorded: Recorded, operation: WalletOperation): void {
    pushTo(this.wallets, recorded.userId, entry(recorded, operation));
  }
}

/** What an answer said of a reservation without changing it; null where it said nothing, or changed it. */
function stateSeen({ type, outcome }: OfReservation): ReservationState | null {
  switch (outcome.type) {
    case 'unknown':
      return null;
    case 'done':
      return type === 'read' && 'status' in outcome ? stateOf(outcome.status) : null;
    case 'refused':
      return Object.hasOwn(statesByRefusal, outcome.code) ? (statesByRefusal[outcome.code] ?? null) : null;
  }
}

/** A reservation that is being paid still holds its seats, and ends as held or paid. */
function stateOf(status: ReservationStatus): ReservationState {
  return status === 'paying' ? 'held' : status;
}

const statesByRefusal: Readonly<Record<string, ReservationState>> = {
  reservation_not_found: 'none',
  already_paid: 'paid',
  reservation_cancelled: 'cancelled',
  hold_expired: 'expired',
  payment_in_progress: 'held',
  insufficient_balance: 'held',
};

function entry<Operation>({ callMs, returnMs, outcome }: Recorded, operation: Operation): Entry<Operation> {
  return { callMs, returnMs: outcome.type === 'unknown' ? Infinity : returnMs, operation };
}

function pushTo<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
