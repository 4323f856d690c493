/**
 * Every effect in the journal is one that somebody asked for, and every acknowledged command has exactly the effects that
 * its answer tells: the journal, as `npm run export` prints it, against the ledger. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import { bodyOf, type Entry } from './entry.ts';
import type { KnownReservation } from './known.ts';
import type { Ledger } from './ledger.ts';
import type { ToldEvent } from './told-event.ts';

export class EffectBook {
  readonly #ledger: Ledger;
  /** By room: the last place that was let in. */
  readonly #admitted = new Map<string, number>();
  readonly #admittedPlaces = new Set<string>();
  #judged = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  wasAdmitted(room: string, place: number): boolean {
    return this.#admittedPlaces.has(`${room}/${place}`);
  }

  /** Enters one event; in the order of the journal. */
  take(event: ToldEvent): void {
    switch (event.type) {
      case 'schedule.opened':
        if (!this.#ledger.schedules.has(String(event.data['id']))) this.#ghost(event, 'a date that nobody made');
        return;
      case 'schedule.seats-held':
        return this.#held(event);
      case 'schedule.hold-cancelled':
        return this.#cancelled(event);
      case 'schedule.hold-expired':
        return this.#expired(event);
      case 'schedule.reservation-paid':
        return this.#paid(event);
      case 'wallet.charged':
        return this.#charged(event);
      case 'wallet.debited':
        return this.#debited(event);
      case 'admission.admitted':
        return this.#letIn(event);
      case 'admission.session-ended':
        return;
      case 'command.rejected':
        return this.#rejected(event);
      default:
        this.#ghost(event, 'an event of no known kind');
    }
  }

  /**
   * Compares what was asked with what was done. All commands must be settled and all durable ones carried out; what
   * was judged once is not judged again, but its key stays known, so that a second effect is still seen.
   */
  judge(): void {
    for (; this.#judged < this.#ledger.entries.length; this.#judged++) {
      const entry = this.#ledger.entries[this.#judged];
      if (entry !== undefined) this.#judgeEntry(entry);
    }
  }

  #judgeEntry(entry: Entry): void {
    const { command, state, door, effects, rejections } = entry;
    if (command.type === 'join' || command.type === 'leave') return;
    const wanted = this.#wanted(entry);
    const found = effects + rejections;
    if (wanted === 'any' || found === wanted) return;
    const what = `${command.type} through ${door}, ${state}: ${effects} effects and ${rejections} refusals in the journal`;
    if (found < wanted) this.#ledger.find('lost-ack', what, entry);
    else this.#ledger.find(state === 'unsent' || state === 'refused' ? 'ghost-effect' : 'double-effect', what, entry);
  }

  #wanted(entry: Entry): 0 | 1 | 'any' {
    const { command, door, key, state, effects, rejections } = entry;
    if (state === 'unsent' || state === 'refused') return 0;
    // Without a key: taken from those that may have made a reservation, at most once.
    if (state === 'unknown') return key === null && effects <= 1 ? 'any' : 1;
    if (command.type !== 'cancel') return 1;
    // One that was cancelled already is cancelled again without an event.
    const told = this.#ledger.reservations.get(command.reservationId)?.told.cancelled ?? 0;
    if (door === 'do' && rejections === 1 && effects === 0) return 1;
    return told === 1 && effects <= 1 && rejections === 0 ? 'any' : 1;
  }

  #held(event: ToldEvent): void {
    const id = String(event.data['id']);
    const entry = this.#askedBy(event) ?? this.#ledger.reservations.get(id)?.madeBy ?? this.#maybe(event);
    if (entry === null) return this.#ghost(event, 'a hold that nobody asked for');
    const { command } = entry;
    this.#effectOf(entry, event);
    // By its command: a durable one, or one whose outcome the ledger does not know.
    const known = this.#ledger.reservations.get(id) ?? this.#ledger.know(entry, event.data);
    known.told.held += 1;
    const asked = command.type === 'hold' ? [command.userId, command.scheduleId, [...command.seatIds].sort()] : null;
    const made = [event.data['userId'], event.data['scheduleId'], seatIdsIn(event)];
    if (!isDeepStrictEqual(asked, made)) {
      this.#ledger.find('wrong-reservation', `${id} is not what was asked for: ${JSON.stringify(event.data)}`, entry);
    }
    if (entry.answer !== null && entry.door !== 'do' && bodyOf(entry.answer)['id'] !== id) {
      this.#ledger.find('double-effect', `the hold was answered otherwise, the journal has ${id} too`, entry);
    }
  }

  #maybe({ data, ...event }: ToldEvent): Entry | null {
    return this.#ledger.takeMaybe(String(data['userId']), String(data['scheduleId']), seatIdsIn({ ...event, data }));
  }

  #cancelled(event: ToldEvent): void {
    const reservation = this.#reservation(event, event.data['id']);
    if (reservation === null) return;
    reservation.told.cancelled += 1;
    this.#endsOnce(reservation, event);
    if (reservation.cancelsSent === 0) this.#ghost(event, 'a cancellation that nobody asked for');
    const entry = this.#askedBy(event);
    // Over HTTP a cancellation has no key, and is the same however often it is asked for.
    if (entry === null) return;
    this.#effectOf(entry, event);
    if (entry.door === 'do') reservation.cancelled = true;
  }

  #expired(event: ToldEvent): void {
    const reservation = this.#reservation(event, event.data['id']);
    if (reservation === null) return;
    reservation.told.expired += 1;
    this.#endsOnce(reservation, event);
    if (event.atMs < reservation.expiresAtMs) {
      this.#ledger.find('wrong-reservation', `${reservation.id} expired before its deadline`, event);
    }
  }

  #paid(event: ToldEvent): void {
    const { reservation: body, payment } = event.data;
    const reservation = this.#reservation(event, memberOf(body, 'id'));
    const entry = this.#askedBy(event);
    if (reservation === null || entry === null) return this.#ghost(event, 'a payment that nobody asked for');
    this.#effectOf(entry, event);
    reservation.told.paid += 1;
    this.#endsOnce(reservation, event);
    if (memberOf(payment, 'amount') !== reservation.totalPrice) {
      this.#ledger.find('wrong-balance', `${reservation.id} costs ${reservation.totalPrice}`, event);
    }
    if (entry.door !== 'do') return;
    reservation.paid = true;
    this.#ledger.move(reservation.userId, -reservation.totalPrice);
  }

  /** One that was judged already is seen here: a second effect, or one of a command that was refused. */
  #effectOf(entry: Entry, event: ToldEvent): void {
    entry.effects += 1;
    if (entry.effects > 1) this.#ledger.find('double-effect', `${event.id} is effect number ${entry.effects}`, entry);
    const was = entry.state;
    if (entry.number <= this.#judged && (was === 'refused' || was === 'unsent')) {
      this.#ledger.find('ghost-effect', `${event.id} is of a command that was ${was}`, entry);
    }
  }

  #endsOnce({ id, told }: KnownReservation, event: ToldEvent): void {
    if (told.paid + told.cancelled + told.expired > 1) {
      this.#ledger.find('double-effect', `${id} ended twice: ${JSON.stringify(told)}`, event);
    }
  }

  #charged(event: ToldEvent): void {
    const entry = this.#askedBy(event);
    const command = entry?.command;
    const { userId, amount } = event.data;
    if (entry === null || command?.type !== 'charge' || command.userId !== userId || command.amount !== amount) {
      return this.#ghost(event, 'a charge that nobody asked for');
    }
    this.#effectOf(entry, event);
    if (entry.door === 'do') this.#ledger.move(command.userId, command.amount);
  }

  #debited(event: ToldEvent): void {
    const reservation = this.#reservation(event, event.data['reservationId']);
    if (reservation === null) return;
    reservation.told.debited += 1;
    if (reservation.told.debited > 1) this.#ledger.find('double-effect', `${reservation.id} was debited twice`, event);
  }

  /** Places of a room are let in once and in their order. */
  #letIn(event: ToldEvent): void {
    const room = event.subject.slice('admission/'.length);
    const place = Number(event.data['place']);
    const last = this.#admitted.get(room) ?? 0;
    if (place <= last) this.#ledger.find('double-effect', `place ${place} of ${room} was let in after ${last}`, event);
    this.#admitted.set(room, Math.max(last, place));
    this.#admittedPlaces.add(`${room}/${place}`);
    const owner = this.#ledger.placesByNumber.get(`${room}/${place}`);
    if (owner !== undefined && owner !== event.data['userId']) {
      this.#ledger.find('swapped-place', `place ${place} of ${room} is ${owner}'s`, event);
    }
  }

  #rejected(event: ToldEvent): void {
    const entry = this.#ledger.byKey.get(String(event.data['key']));
    if (entry?.door !== 'do') return this.#ghost(event, 'a refusal of a command that nobody gave');
    entry.rejections += 1;
  }

  #askedBy({ commandId }: ToldEvent): Entry | null {
    return this.#ledger.byKey.get(commandId) ?? null;
  }

  #reservation(event: ToldEvent, id: unknown): KnownReservation | null {
    const found = this.#ledger.reservations.get(String(id));
    if (found === undefined || found.told.held === 0) this.#ghost(event, `${String(id)} was never held`);
    return found ?? null;
  }

  #ghost(event: ToldEvent, what: string): void {
    this.#ledger.find('ghost-effect', what, event);
  }
}

function seatIdsIn({ data }: ToldEvent): string[] {
  const seats = data['seats'] as readonly { readonly id: string }[]; // The API's shape; a wrong one throws here.
  return seats.map(({ id }) => id).sort();
}

function memberOf(value: unknown, name: string): unknown {
  // True: only one member is read, whatever it is.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
