/**
 * What the storm knows by itself: every command that it sent, every acknowledgement that it got, and what follows from
 * them. It lives in a process that nobody kills, and shares no code with the program.
 */
import {
  bodyOf,
  isOutcome,
  isSuccess,
  together,
  type Answer,
  type Command,
  type Door,
  type Entry,
  type Sent,
} from './entry.ts';
import type { Finding, FindingCode } from './finding.ts';
import { knownReservation, tellStatus, type KnownPlace, type KnownReservation } from './known.ts';

export class Ledger {
  readonly findings: Finding[] = [];
  readonly entries: Entry[] = [];
  readonly byKey = new Map<string, Entry>();
  readonly reservations = new Map<string, KnownReservation>();
  /** Places drawn by publishing, whose token nobody has seen: by `<room>/<place>`. */
  readonly placesByNumber = new Map<string, string>();
  readonly tokens = new Map<string, KnownPlace>();
  /** By user. */
  readonly latestToken = new Map<string, string>();
  readonly schedules = new Set<string>();
  readonly #money = new Map<string, number>();
  /** Holds without a key whose outcome is unknown: each may have made one reservation. */
  readonly #maybe = new Map<string, Entry[]>();

  begin(round: number, door: Door, command: Command, keyed: boolean): Entry {
    const number = this.entries.length + 1;
    const key = keyed ? `k${number}` : null;
    const entry: Entry = {
      number,
      round,
      door,
      command,
      key,
      attempts: 0,
      state: 'unsent',
      wasUnknown: false,
      answer: null,
      effects: 0,
      rejections: 0,
    };
    this.entries.push(entry);
    if (key !== null) this.byKey.set(key, entry);
    return entry;
  }

  /** Enters what one sending, or several at once, came to. */
  enter(entry: Entry, ...sent: readonly Sent[]): void {
    entry.attempts += sent.filter(({ type }) => type !== 'unsent').length;
    const { command } = entry;
    if (command.type === 'cancel') {
      const reservation = this.reservations.get(command.reservationId);
      if (reservation !== undefined) reservation.cancelsSent += 1;
    }
    this.#compare(entry, sent);
    const one = together(sent);
    switch (one.type) {
      case 'unsent':
        return;
      case 'broken':
        this.#becameUnknown(entry);
        return;
      case 'answered':
        this.#answered(entry, one.answer, sent.length);
        return;
    }
  }

  find(code: FindingCode, what: string, entry?: unknown): void {
    this.findings.push({ code, what, entry });
  }

  balanceOf(userId: string): number {
    return this.#money.get(userId) ?? 0;
  }

  get users(): Iterable<string> {
    return this.#money.keys();
  }

  move(userId: string, amount: number): void {
    this.#money.set(userId, this.balanceOf(userId) + amount);
  }

  /** The command without a key that may have made this reservation; it is taken, because it can have made one only. */
  takeMaybe(userId: string, scheduleId: string, seatIds: readonly string[]): Entry | null {
    return this.#maybe.get(maybeName(userId, scheduleId, seatIds))?.pop() ?? null;
  }

  know(madeBy: Entry, reservation: Readonly<Record<string, unknown>>): KnownReservation {
    const known = knownReservation(madeBy, reservation);
    this.reservations.set(known.id, known);
    return known;
  }

  #compare(entry: Entry, sent: readonly Sent[]): void {
    const texts = new Set<string>();
    for (const one of sent) {
      if (one.type !== 'answered') continue;
      if (isSuccess(one.answer) && entry.door !== 'do') texts.add(one.answer.text);
      if (one.answer.code === 'internal') this.find('broken-answer', one.answer.text, entry);
    }
    if (texts.size > 1 && entry.key !== null) {
      this.find('changed-answer', `two answers to ${entry.key}: ${[...texts].join(' and ')}`, entry);
    }
  }

  #becameUnknown(entry: Entry): void {
    if (entry.state === 'unknown') return;
    entry.state = 'unknown';
    entry.wasUnknown = true;
    const { command, key } = entry;
    if (command.type === 'leave') {
      const place = this.tokens.get(command.token);
      if (place !== undefined) place.endSent = true;
    }
    if (command.type !== 'hold' || key !== null) return;
    const name = maybeName(command.userId, command.scheduleId, command.seatIds);
    this.#maybe.set(name, [...(this.#maybe.get(name) ?? []), entry]);
  }

  #answered(entry: Entry, answer: Answer, atOnce: number): void {
    if (!isOutcome(answer)) return;
    entry.answer = answer;
    if (!isSuccess(answer)) {
      entry.state = 'refused';
      return;
    }
    entry.state = 'done';
    if (answer.replayed && entry.attempts === 1 && atOnce === 1) {
      this.find('changed-answer', `the first sending of ${entry.key} was answered as a repetition`, entry);
    }
    if (entry.door !== 'do') this.#done(entry, answer);
  }

  #done(entry: Entry, answer: Answer): void {
    const { command } = entry;
    const body = answer.text === '' ? {} : bodyOf(answer);
    switch (command.type) {
      case 'charge':
        this.move(command.userId, command.amount);
        return;
      case 'hold': {
        const id = String(body['id']);
        if (this.reservations.has(id)) this.find('double-effect', `two holds were answered with ${id}`, entry);
        else this.know(entry, body);
        return;
      }
      case 'pay':
        this.#paid(entry, Number(body['amount']), command.reservationId);
        return;
      case 'cancel': {
        const reservation = this.reservations.get(command.reservationId);
        if (reservation !== undefined) reservation.cancelled = true;
        return;
      }
      case 'join':
        this.#joined(entry, body);
        return;
      case 'leave': {
        const place = this.tokens.get(command.token);
        if (place !== undefined) place.left = true;
        return;
      }
    }
  }

  #paid(entry: Entry, amount: number, reservationId: string): void {
    this.move(entry.command.userId, -amount);
    const reservation = this.reservations.get(reservationId);
    if (reservation === undefined) return;
    if (reservation.paid) this.find('double-effect', `${reservationId} was paid twice`, entry);
    if (amount !== reservation.totalPrice) {
      this.find('wrong-balance', `${reservationId} costs ${reservation.totalPrice}, ${amount} was paid`, entry);
    }
    reservation.paid = true;
  }

  #joined(entry: Entry, body: Readonly<Record<string, unknown>>): void {
    const { userId } = entry.command;
    const { room, place, token } = body;
    // JetStream's own ack names the place only.
    const byNumber = `${String(room)}/${String(place)}`;
    const owner = this.placesByNumber.get(byNumber);
    if (owner !== undefined && owner !== userId) {
      this.find('swapped-place', `place ${byNumber} of ${owner} was given to ${userId}`, entry);
    }
    this.placesByNumber.set(byNumber, userId);
    if (typeof token !== 'string') return;
    if (body['userId'] !== userId) this.find('swapped-place', `${userId} got the token ${token}`, entry);
    this.latestToken.set(userId, token);
    const before = this.tokens.get(token);
    if (before !== undefined) return tellStatus(before, body);
    const known: KnownPlace = {
      room: String(room),
      epoch: token.split('.')[2] ?? '',
      place: Number(place),
      userId,
      token,
      left: false,
      endSent: false,
      status: 'waiting',
      expiresAtMs: null,
    };
    tellStatus(known, body);
    this.tokens.set(token, known);
  }
}

function maybeName(userId: string, scheduleId: string, seatIds: readonly string[]): string {
  return [userId, scheduleId, ...[...seatIds].sort()].join(' ');
}
