/**
 * Holds what the program tells against what is durable, at the moment at which it is told: everything that an answer says
 * must rest on batches that are on disk (invariant 3), and a bound key gives the answer that it gave before (invariant 6).
 * What is durable is known from the auditor, which replays each batch when it reaches the disk.
 */
import type { ScheduleEvent, SeatsHeld } from '../../actors/schedule/messages.ts';
import type { WalletEvent } from '../../actors/wallet/messages.ts';
import type { Answer } from '../../api/http/answer.ts';
import { idOf, kindOf } from '../../engine/actor.ts';
import type { JournaledEvent, StoredBatch } from '../../engine/ports.ts';
import { Auditor } from '../../storage/audit/auditor.ts';
import type { FindingCode } from '../../storage/audit/findings.ts';
import type { MadeReservation } from './history.ts';
import { fingerprintOfRequest, scopeOfRequest, type Request } from './request.ts';
import type { Settings } from './settings.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** What stands in the batches of two journals that are judged as one, and is right there. */
const splitCodes: ReadonlySet<FindingCode> = new Set<FindingCode>(['time-back']);

interface ToldKey {
  readonly fingerprint: string;
  readonly body: string;
  readonly status: number;
  /** Stamped time at which it was bound, ms. */
  readonly atMs: number;
}

/** A place in line that its user knows of. */
export interface ToldPlace {
  readonly userId: string;
  readonly room: string;
  readonly epoch: string;
  readonly place: number;
}

/** A value that a durable state had, until `untilMs` of the simulation's clock. */
interface Held<Value> {
  readonly value: Value;
  untilMs: number;
}

type Body = Readonly<Record<string, unknown>>;

export class Judge {
  readonly auditor: Auditor;
  /** The first is what the run fails with. */
  readonly problems: string[] = [];
  readonly counts = { told: 0, replays: 0, refusals: 0, batches: 0 };
  /** Scopes of durable commands that the journal has an outcome for. */
  readonly carriedOut = new Set<string>();
  readonly #world: SimulatedWorld;
  readonly #settings: Settings;
  readonly #keys = new Map<string, ToldKey>();
  readonly #charges = new Map<string, string>();
  readonly #balances = new Map<string, Held<number>[]>();
  /** Until when a seat was taken, by schedule and seat, ms; for those that are free now. */
  readonly #freedAtMs = new Map<string, number>();
  /** Places told to their users, by room, epoch and place. */
  readonly #places = new Map<string, ToldPlace>();
  /** Scopes of keys by the reservation that is bound to them. */
  readonly #heldUnder = new Map<string, string>();
  /** Stamped time at which a key was bound last, ms. */
  readonly #boundAtMs = new Map<string, number>();
  readonly #unansweredSinceMs = new Map<string, number>();
  #findingsSeen = 0;

  constructor(world: SimulatedWorld, settings: Settings) {
    const { holdTtlMs, seatsPerReservationMax, seatsPerUserMax, balanceMax, endedReservationsMax } = settings.rules;
    this.#world = world;
    this.#settings = settings;
    this.auditor = new Auditor({
      holdTtlMs,
      seatsPerReservationMax,
      seatsPerUserMax,
      balanceMax,
      endedReservationsMax,
      keyTtlMs: settings.limits.keyTtlMs,
      overdueMaxMs: 1_000,
      pauseMaxMs: 250,
    });
  }

  readonly wrong = (what: string): void => {
    this.problems.push(what);
  };

  /** A batch is on disk. */
  durable(batch: StoredBatch): void {
    this.counts.batches += 1;
    this.auditor.batch({ ...batch, number: this.counts.batches });
    for (const turn of batch.turns) {
      for (const journaled of turn.events) this.#note(journaled);
      if (turn.binding === undefined) continue;
      const { scope } = turn.binding;
      this.#boundAtMs.set(scope, turn.atMs);
      if (scope.startsWith('do|')) this.carriedOut.add(scope);
      for (const { event } of turn.events) {
        // True: only schedules have events of this name.
        if (event.type === 'SeatsHeld') this.#heldUnder.set((event as SeatsHeld).reservation.id, scope);
      }
    }
    this.heedFindings();
  }

  heedFindings(): void {
    const { findings } = this.auditor;
    for (; this.#findingsSeen < findings.length; this.#findingsSeen += 1) {
      const finding = findings[this.#findingsSeen];
      if (finding === undefined || (this.#settings.split && splitCodes.has(finding.code))) continue;
      this.wrong(`the auditor finds ${finding.code} in ${finding.where}: ${finding.what}`);
    }
  }

  /**
   * A request comes to the program. Since when its answer may speak of what was: now, or, behind an unanswered one with
   * the same key, whose refusal it shares, since that came, maybe to the process before.
   */
  arrived(request: Request): number {
    const nowMs = this.#world.monotonicMs();
    const scope = scopeOfRequest(request);
    if (scope === null) return nowMs;
    const sinceMs = this.#unansweredSinceMs.get(scope) ?? nowMs;
    this.#unansweredSinceMs.set(scope, sinceMs);
    return sinceMs;
  }

  /** The program answers. `sinceMs`: see `arrived`. */
  told(request: Request, answer: Answer, sinceMs: number, stampMs: number): void {
    this.counts.told += 1;
    this.#unansweredSinceMs.delete(scopeOfRequest(request) ?? '');
    const text = answer.body === null ? '' : typeof answer.body === 'string' ? answer.body : 'bytes';
    const body: Body = text.startsWith('{') ? (JSON.parse(text) as Body) : {};
    const isReplay = answer.headers.some(([name]) => name === 'Idempotency-Replayed');
    if (answer.status === 500) this.wrong(`an internal error: ${text}`);
    this.#judgeKey(request, answer, text, isReplay, stampMs);
    const why =
      answer.status < 300
        ? this.#unfounded(request, body, sinceMs, isReplay)
        : this.#unfoundedRefusal(request, body, sinceMs);
    if (why !== null) this.wrong(`${JSON.stringify(request)} was told ${answer.status} ${text}: ${why}`);
  }

  /** A place that JetStream has acknowledged to someone who joined without the program. */
  toldPlace(room: string, epoch: string, place: number, userId: string): void {
    // Whoever is inside has the session's token already: a place drawn beside it promises nothing, and is given up.
    if (this.auditor.sessions(room).has(userId)) return;
    this.#placeTold(room, epoch, place, userId);
  }

  /** Every reservation that the journal has. */
  reservations(): MadeReservation[] {
    return this.auditor.schedules.model.reservations.map(
      ({ id, userId, seats, schedule, totalPrice, heldAt, expiresAt }) => {
        const seatIds = seats.map((index) => schedule.hall.seatAt(index).id);
        return { id, userId, seatIds, totalPrice, heldAt, expiresAt, scope: this.#heldUnder.get(id) ?? null };
      },
    );
  }

  /** Everyone who was told a place and is neither inside, nor was, nor left, nor lost with the line. */
  stillWaiting(): ToldPlace[] {
    return [...this.#places.values()].filter(({ room, epoch, place }) => {
      const line = this.auditor.rooms.rooms.get(room)?.lines.get(epoch);
      return line === undefined || (!line.lost && place > line.takenThrough && !line.left.has(place));
    });
  }

  #judgeKey(request: Request, answer: Answer, text: string, isReplay: boolean, stampMs: number): void {
    const scope = scopeOfRequest(request);
    if (scope === null) {
      if (isReplay) this.wrong(`${JSON.stringify(request)} has no key and was told a replay`);
      return;
    }
    if (isReplay) this.counts.replays += 1;
    const fingerprint = fingerprintOfRequest(request);
    const before = this.#keys.get(scope);
    const bound = before !== undefined && stampMs < before.atMs + this.#settings.limits.keyTtlMs - 1_000;
    const { code } = answer;
    if (code === 'overloaded' || code === 'draining' || code === 'queue_unavailable') return;
    if (bound && before.fingerprint !== fingerprint) {
      if (code !== 'idempotency_key_reused') this.wrong(`${scope} is bound to another command, and was told ${text}`);
    } else if (bound) {
      if (!isReplay) this.wrong(`${scope} is bound, and was told as new: ${text}`);
      if (text !== before.body || answer.status !== before.status) {
        this.wrong(`${scope} was told ${before.body} first, and then ${text}`);
      }
    } else if (answer.status < 300 && before === undefined) {
      const atMs = this.#boundAtMs.get(scope) ?? stampMs;
      this.#keys.set(scope, { fingerprint, body: text, status: answer.status, atMs });
    } else if (answer.status < 300) this.#keys.delete(scope);
  }

  /** Why what a success says is not so; null when it is. */
  #unfounded(request: Request, body: Body, sinceMs: number, isReplay: boolean): string | null {
    const { wish, userId } = request;
    switch (wish.type) {
      case 'hold': {
        const there = this.auditor.reservation(String(body['id']));
        const seats = (body['seats'] as { readonly id: string }[]).map(({ id }) => id);
        if (there === undefined) return 'the reservation is not on disk';
        const same =
          there.userId === userId &&
          there.seatIds.join() === seats.join() &&
          [...seats].sort().join() === [...wish.seatIds].sort().join() &&
          there.totalPrice === body['totalPrice'] &&
          there.expiresAt === Date.parse(String(body['expiresAt']));
        return same ? null : `the disk has ${JSON.stringify(there)}`;
      }
      case 'pay': {
        const there = this.auditor.reservation(wish.reservationId);
        if (there?.status !== 'paid') return `on disk it is ${there?.status}`;
        return there.totalPrice === body['amount'] && there.userId === userId ? null : 'the disk has another payment';
      }
      case 'cancel': {
        const there = this.auditor.reservation(wish.reservationId);
        return there?.status === 'cancelled' ? null : `on disk it is ${there?.status}`;
      }
      case 'reservation':
        return this.#unfoundedStatus(wish.reservationId, String(body['status']));
      case 'charge': {
        const told = `${userId} ${String(body['amount'])} ${String(body['balance'])}`;
        return this.#charges.get(String(body['id'])) === told ? null : 'no such charge is on disk';
      }
      case 'balance':
        return isReplay || this.#hadBalance(userId, Number(body['balance']), sinceMs)
          ? null
          : 'no such balance was on disk';
      case 'join':
      case 'token': {
        const [, room = '', epoch = '', place = ''] = String(body['token']).split('.');
        return this.#unfoundedToken(room, epoch, Number(place), String(body['userId']), String(body['status']));
      }
      case 'leave':
      case 'seats':
      case 'concerts':
        return null;
    }
  }

  #unfoundedStatus(id: string, status: string): string | null {
    const there = this.auditor.reservation(id);
    if (there === undefined) return 'the reservation is not on disk';
    // It may have gone on since; back it never goes, but from `paying`.
    const possible: Record<string, readonly string[]> = {
      held: ['held', 'paying', 'paid', 'expired', 'cancelled'],
      paying: ['held', 'paying', 'paid', 'expired', 'cancelled'],
      paid: ['paid'],
      cancelled: ['cancelled'],
      // Past its deadline it reads so before its end is journaled.
      expired: ['held', 'expired'],
    };
    return possible[status]?.includes(there.status) === true ? null : `on disk it is ${there.status}`;
  }

  #unfoundedToken(room: string, epoch: string, place: number, userId: string, status: string): string | null {
    const there = this.auditor.rooms.rooms.get(room);
    const line = there?.lines.get(epoch);
    const session = there?.sessions.get(userId);
    this.#placeTold(room, epoch, place, userId);
    if (status === 'active' && session === undefined && (line?.takenThrough ?? 0) < place)
      return 'on disk it is not let in';
    if (
      status === 'expired' &&
      line !== undefined &&
      !line.lost &&
      place > line.takenThrough &&
      !line.left.has(place)
    ) {
      return 'on disk it still waits';
    }
    return null;
  }

  #placeTold(room: string, epoch: string, place: number, userId: string): void {
    const name = `${room}|${epoch}|${place}`;
    const before = this.#places.get(name);
    // A line that lost power draws places again that nobody knows to have been told.
    if (before !== undefined && before.userId !== userId && !this.#settings.powerLoss) {
      this.wrong(`place ${place} of ${room} was told to ${before.userId} and to ${userId}`);
    }
    if (before?.userId === userId) return;
    // Who is inside and joins by publishing draws a place beside the session; what the door tells is the session's.
    const inside = this.auditor.rooms.rooms.get(room)?.sessions.get(userId)?.place === place;
    for (const other of inside || this.#settings.powerLoss ? [] : this.stillWaiting()) {
      if (other.userId === userId && other.room === room && other.epoch === epoch) {
        this.wrong(`${userId} waits at place ${other.place} of ${room}, and was told place ${place}`);
      }
    }
    this.#places.set(name, { userId, room, epoch, place });
  }

  /** Why a refusal says what is not so; null when it does not, or nothing is known of it. */
  #unfoundedRefusal({ wish, userId }: Request, body: Body, sinceMs: number): string | null {
    this.counts.refusals += 1;
    switch (body['code']) {
      case 'seat_unavailable': {
        if (wish.type !== 'hold') return 'no seat was asked for';
        const owners = this.auditor.seatOwners(wish.scheduleId);
        const free = (body['seatIds'] as string[]).filter(
          (seat) => !owners.has(seat) && (this.#freedAtMs.get(`${wish.scheduleId}/${seat}`) ?? -1) < sinceMs,
        );
        return free.length === 0 ? null : `on disk ${free.join(', ')} was free all the time`;
      }
      case 'insufficient_balance':
        return this.#hadBalance(userId, Number(body['balance']), sinceMs) ? null : 'no such balance was on disk';
      case 'already_paid': {
        const status = 'reservationId' in wish ? this.auditor.reservation(wish.reservationId)?.status : undefined;
        return status === 'paid' ? null : `on disk it is ${status}`;
      }
      case 'reservation_cancelled': {
        const status = 'reservationId' in wish ? this.auditor.reservation(wish.reservationId)?.status : undefined;
        return status === 'cancelled' ? null : `on disk it is ${status}`;
      }
      case 'hold_expired':
        return 'reservationId' in wish ? this.#unfoundedStatus(wish.reservationId, 'expired') : 'nothing was held';
      default:
        return null;
    }
  }

  #hadBalance(userId: string, balance: number, sinceMs: number): boolean {
    if (this.auditor.balanceOf(userId) === balance) return true;
    return (this.#balances.get(userId) ?? []).some(({ value, untilMs }) => value === balance && untilMs >= sinceMs);
  }

  #note({ actor, event }: JournaledEvent): void {
    switch (kindOf(actor)) {
      case 'wallet':
        // True, here and below: an actor's events are journaled only after its own kind has decided them.
        return this.#noteWallet(idOf(actor), event as WalletEvent);
      case 'schedule':
        return this.#noteSchedule(idOf(actor), event as ScheduleEvent);
    }
  }

  #noteWallet(userId: string, event: WalletEvent): void {
    const nowMs = this.#world.monotonicMs();
    const before = this.#balances.get(userId) ?? [{ value: 0, untilMs: nowMs }];
    const last = before.at(-1);
    if (last !== undefined) last.untilMs = nowMs;
    const balance = event.type === 'WalletCharged' ? event.charge.balance : event.balance;
    before.push({ value: balance, untilMs: Infinity });
    this.#balances.set(userId, before);
    if (event.type !== 'WalletCharged') return;
    const { id, amount } = event.charge;
    this.#charges.set(id, `${userId} ${amount} ${balance}`);
  }

  #noteSchedule(scheduleId: string, event: ScheduleEvent): void {
    if (event.type !== 'HoldCancelled' && event.type !== 'HoldExpired') return;
    for (const { id } of event.reservation.seats) this.#freedAtMs.set(`${scheduleId}/${id}`, this.#world.monotonicMs());
  }
}
