/** A small sale for the tests of the checks: what a client was answered, and what the journal tells of it. */
import { EffectBook } from './effect-book.ts';
import type { Answer, Command, Door, Entry, Sent } from './entry.ts';
import type { FindingCode } from './finding.ts';
import { Ledger } from './ledger.ts';
import { toldEvent, type ToldEvent } from './told-event.ts';

export const soon = Date.now() + 60_000;
export const now = { fromMs: Date.now(), toMs: Date.now() };

export function ok(body: object, status = 201, replayed = false): Answer {
  return { status, code: null, text: JSON.stringify(body), replayed };
}

export function refusal(code: string): Answer {
  return { status: 409, code, text: JSON.stringify({ code }), replayed: false };
}

export function answered(answer: Answer): Sent {
  return { type: 'answered', answer };
}

export const acked = answered({ status: 202, code: null, text: '{"seq":1}', replayed: false });
export const broken: Sent = { type: 'broken' };

export function hold(userId: string, ...seatIds: string[]): Extract<Command, { type: 'hold' }> {
  return { type: 'hold', userId, scheduleId: 's1', seatIds };
}

/** Reservation `s1.<n>` of these seats at 100 each, as a door answers it and the journal tells it. */
export function reservation(n: number, userId: string, ...seatIds: string[]) {
  const seats = seatIds.map((id) => ({ id }));
  const times = { heldAt: new Date().toISOString(), expiresAt: new Date(soon).toISOString() };
  return { id: `s1.${n}`, userId, scheduleId: 's1', status: 'held', seats, totalPrice: seats.length * 100, ...times };
}

export class ToldSale {
  readonly ledger = new Ledger();
  readonly effects = new EffectBook(this.ledger);
  readonly told: ToldEvent[] = [];
  #batch = 0;

  give(door: Door, command: Command, keyed: boolean, ...sent: readonly Sent[]): Entry {
    const entry = this.ledger.begin(1, door, command, keyed);
    this.ledger.enter(entry, ...sent);
    return entry;
  }

  /** A keyed hold over HTTP that was answered 201, and the journal's event of it. */
  held(n: number, userId: string, ...seatIds: string[]): Entry {
    const body = reservation(n, userId, ...seatIds);
    const entry = this.give('http', hold(userId, ...seatIds), true, answered(ok(body)));
    this.tell('schedule', 's1', 'seats-held', entry.key, body);
    return entry;
  }

  charged(userId: string, amount: number): Entry {
    const entry = this.give('cmd', { type: 'charge', userId, amount }, true, answered(ok({ userId, amount }, 200)));
    this.tell('wallet', userId, 'charged', entry.key, { userId, amount });
    return entry;
  }

  paid(n: number, userId: string, amount: number): Entry {
    const reservationId = `s1.${n}`;
    const payment = { reservationId, amount };
    const entry = this.give('http', { type: 'pay', userId, reservationId }, true, answered(ok(payment)));
    this.tellPaid(entry, n, userId, amount);
    return entry;
  }

  tellPaid({ key }: Entry, n: number, userId: string, amount: number): void {
    this.tell('wallet', userId, 'debited', key, { userId, amount, reservationId: `s1.${n}` });
    const data = { reservation: { id: `s1.${n}` }, payment: { amount } };
    this.tell('schedule', 's1', 'reservation-paid', key, data);
  }

  joined(userId: string, place: number, door: Door = 'http'): Entry {
    const body = { room: 'line', place, userId, token: tokenOf(userId, place), status: 'waiting', expiresAt: null };
    return this.give(door, { type: 'join', userId, room: 'line' }, false, answered(ok(body)));
  }

  admitted(userId: string, place: number): void {
    this.tell('admission', 'line', 'admitted', null, { userId, place });
  }

  /** One event of the journal, in a batch of its own, as the export prints it. */
  tell(kind: string, id: string, name: string, key: string | null, data: object): ToldEvent {
    this.#batch += 1;
    const event = toldEvent(
      JSON.stringify({
        id: `j-${this.#batch}-0`,
        type: `onsale.v1.${kind}.${name}`,
        subject: `${kind}/${id}`,
        time: new Date().toISOString(),
        commandid: key ?? `${this.#batch}-0`,
        data,
      }),
    );
    this.told.push(event);
    return event;
  }

  /** Everything told so far against everything asked; the codes of what is found. */
  judge(): FindingCode[] {
    for (const event of this.told.splice(0)) this.effects.take(event);
    this.effects.judge();
    return this.found();
  }

  found(): FindingCode[] {
    return this.ledger.findings.map(({ code }) => code);
  }
}

export function tokenOf(userId: string, place: number): string {
  return `1.line.epoch.${place}.${userId}.mac`;
}
