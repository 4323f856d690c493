/**
 * Holds what the program tells against what is durable, at the moment at which it is told: everything that an answer says
 * must rest on batches that are on disk (invariant 3), and a bound key gives the answer that it gave before (invariant 6).
 * What is durable is known from the auditor, which replays each batch when it reaches the disk.
 */
import type { ScheduleEvent } from '../../actors/schedule/messages.ts';
import type { WalletEvent } from '../../actors/wallet/messages.ts';
import type { Answer } from '../../api/answers/answer.ts';
import { idOf, kindOf } from '../../engine/actor.ts';
import type { JournaledEvent, StoredBatch } from '../../engine/ports.ts';
import { Auditor } from '../../storage/audit/auditor.ts';
import type { FindingCode } from '../../storage/audit/findings.ts';
import type { MadeReservation } from './history.ts';
import { KeyJudge } from './key-judge.ts';
import { PlaceJudge } from './place-judge.ts';
import type { Request } from './request.ts';
import type { Settings } from './settings.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** What stands in the batches of two journals that are judged as one, and is right there. */
const splitCodes: ReadonlySet<FindingCode> = new Set<FindingCode>(['time-back']);

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
  readonly places: PlaceJudge;
  readonly #world: SimulatedWorld;
  readonly #settings: Settings;
  readonly #keys: KeyJudge;
  readonly #charges = new Map<string, string>();
  readonly #balances = new Map<string, Held<number>[]>();
  /** Until when a seat was taken, by schedule and seat, ms; for those that are free now. */
  readonly #freedAtMs = new Map<string, number>();
  #findingsSeen = 0;

  constructor(world: SimulatedWorld, settings: Settings) {
    const { holdTtlMs, seatsPerReservationMax, seatsPerUserMax, balanceMax, endedReservationsMax } = settings.rules;
    this.#world = world;
    this.#settings = settings;
    this.#keys = new KeyJudge(settings.limits.keyTtlMs);
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
    this.places = new PlaceJudge(this.auditor, settings.powerLoss, this.wrong);
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
      this.#keys.bound(turn);
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

  /** A request comes to the program: since when its answer may speak of what was, ms of the simulation's clock. */
  arrived(request: Request): number {
    return this.#keys.arrived(request, this.#world.monotonicMs());
  }

  /** The program answers. `sinceMs`: see `arrived`. */
  told(request: Request, answer: Answer, sinceMs: number, stampMs: number): void {
    this.counts.told += 1;
    const text = answer.body === null ? '' : typeof answer.body === 'string' ? answer.body : 'bytes';
    const body: Body = text.startsWith('{') ? (JSON.parse(text) as Body) : {};
    const isReplay = answer.headers.some(([name]) => name === 'Idempotency-Replayed');
    if (answer.status === 500) this.wrong(`an internal error: ${text}`);
    if (isReplay) this.counts.replays += 1;
    for (const problem of this.#keys.told(request, {
      answer,
      text,
      isReplay,
      stampMs,
      sinceMs,
      nowMs: this.#world.monotonicMs(),
    }))
      this.wrong(problem);
    const why =
      answer.status < 300
        ? this.#unfounded(request, body, sinceMs, isReplay)
        : this.#unfoundedRefusal(request, body, sinceMs);
    if (why !== null) this.wrong(`${JSON.stringify(request)} was told ${answer.status} ${text}: ${why}`);
  }

  /** Whether the journal has an outcome for a durable command. */
  isCarriedOut(scope: string): boolean {
    return this.#keys.isBound(scope);
  }

  /** Every reservation that the journal has. */
  reservations(): MadeReservation[] {
    return this.auditor.schedules.model.reservations.map(
      ({ id, userId, seats, schedule, totalPrice, heldAt, expiresAt }) => {
        const seatIds = seats.map((index) => schedule.hall.seatAt(index).id);
        return { id, userId, seatIds, totalPrice, heldAt, expiresAt, scope: this.#keys.scopeOf(id) };
      },
    );
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
    this.places.told({ room, epoch, place, userId });
    const isInside = session?.epoch === epoch && session.place === place;
    if (status === 'active' && !isInside && (line?.takenThrough ?? 0) < place) return 'on disk it is not let in';
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
      case 'already_paid':
      case 'reservation_cancelled': {
        const status = 'reservationId' in wish ? this.auditor.reservation(wish.reservationId)?.status : undefined;
        const fitting = status === 'paid' ? 'already_paid' : `reservation_${status}`;
        return body['code'] === fitting ? null : `on disk it is ${status}`;
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
      case 'admission':
        // What a stream has acknowledged goes with the power and with nothing else.
        if (event.type === 'LineLost' && !this.#settings.powerLoss) this.wrong(`${actor} gave a whole line up`);
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
