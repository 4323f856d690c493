/**
 * People and services who want seats: they join, look, hold, pay, cancel and charge, over both doors, with and without
 * keys; they send again what got no answer, and sometimes what got one.
 */
import type { Answer } from '../../api/answers/answer.ts';
import type { Chance } from './chance.ts';
import type { DurableQueue } from './durable-queue.ts';
import type { History } from './history.ts';
import type { Judge } from './judge.ts';
import { askProgram, type Request, type Wish } from './request.ts';
import type { Settings } from './settings.ts';
import type { SimulatedNats } from './simulated-nats.ts';
import type { SimulatedProgram } from './simulated-program.ts';
import type { SimulatedWorld } from './simulated-world.ts';

export interface Crowd {
  readonly world: SimulatedWorld;
  readonly chance: Chance;
  readonly settings: Settings;
  readonly nats: SimulatedNats;
  readonly queue: DurableQueue;
  readonly judge: Judge;
  readonly history: History;
  readonly program: () => SimulatedProgram | null;
  readonly over: () => boolean;
}

/** What waits for nothing but the disk, and how long it may, ms: two batches, and timers that are late. */
const quick: ReadonlySet<Wish['type']> = new Set<Wish['type']>(['hold', 'charge', 'balance']);
const answerMaxMs = 1_000;
/** Requests remembered to be sent again. */
const rememberedMax = 12;
/** Minor units. */
export const seatPrice = 700;

export function namesOf(long: boolean): { readonly section: string; readonly row: string } {
  return long ? { section: 'Upper balcony 16', row: 'The very last 16' } : { section: 'A', row: '1' };
}

export const rooms = ['main', 'vip'] as const;

export class Person {
  readonly #crowd: Crowd;
  readonly userId: string;
  readonly #others: readonly string[];
  readonly #tokens: string[] = [];
  readonly #reservations: string[] = [];
  readonly #sent: Request[] = [];
  #keys = 0;

  constructor(crowd: Crowd, userId: string, others: readonly string[]) {
    this.#crowd = crowd;
    this.userId = userId;
    this.#others = others;
  }

  /** Acts again and again until the crowd is over. */
  live(): void {
    const { world, chance, settings, over } = this.#crowd;
    if (over()) return;
    const open = this.#crowd.program()?.ready === true;
    if (open || chance.of(5)) this.#act();
    // While nobody answers, time passes with fewer steps.
    const pauseMs = chance.delayMs(settings.pauseMaxMs) + (open ? 1 : chance.between(50, 300));
    world.after(pauseMs, world.around, () => this.live());
  }

  #act(): void {
    const { chance, queue, history } = this.#crowd;
    const again = this.#sent.length > 0 && chance.of(15) ? this.#again(chance.pick(this.#sent)) : null;
    const request = again ?? this.#wishFor();
    if (request === null) return;
    if (again === null && request.key !== null) {
      this.#sent.push(request);
      if (this.#sent.length > rememberedMax) this.#sent.shift();
    }
    if (request.door === 'do') {
      // Nobody waits for its outcome: in the history it stays unknown.
      if (queue.publish(request)) history.begin(request);
    } else this.#send(request);
  }

  /** The same once more, or, now and then, with the same key something that differs in its end only. */
  #again(request: Request): Request {
    const { wish } = request;
    const { chance, settings } = this.#crowd;
    if (wish.type !== 'hold' || !chance.of(20)) return request;
    const { section, row } = namesOf(settings.longNames);
    const other = `${section}-${row}-${chance.between(1, settings.seatsPerSchedule)}`;
    if (wish.seatIds.includes(other)) return request;
    return { ...request, wish: { ...wish, seatIds: [...wish.seatIds.slice(0, -1), other] } };
  }

  #wishFor(): Request | null {
    const { chance } = this.#crowd;
    const roll = chance.between(1, 100);
    if (this.#tokens.length === 0 ? roll <= 50 : roll <= 8) return this.#join();
    if (roll <= 16) return this.#plain('http', this.#ofToken('token'));
    if (roll <= 18) return this.#plain('http', this.#ofToken('leave'));
    if (roll <= 42) return this.#keyed(this.#hold());
    if (roll <= 58) return this.#keyed(this.#ofReservation('pay'));
    if (roll <= 66) return this.#keyed(this.#ofReservation('cancel'));
    if (roll <= 80)
      return this.#keyed({
        type: 'charge',
        amount: chance.of(50) ? seatPrice * chance.between(1, 2) : chance.between(1, 1_500),
      });
    if (roll <= 86) return this.#plain(chance.of(50) ? 'http' : 'cmd', { type: 'balance' });
    if (roll <= 92) return this.#plain(chance.of(50) ? 'http' : 'cmd', this.#ofReservation('reservation'));
    if (roll <= 97) return this.#plain(chance.of(50) ? 'http' : 'cmd', { type: 'seats', scheduleId: this.#schedule() });
    return this.#plain('http', { type: 'concerts' });
  }

  #join(): Request | null {
    const { chance, settings, nats } = this.#crowd;
    const room = chance.of(80) ? 'main' : 'vip';
    if (settings.line === 'stream' && nats.up && chance.of(25)) {
      this.#joinByPublishing(room);
      return null;
    }
    return this.#plain(chance.of(70) ? 'http' : 'cmd', { type: 'join', room });
  }

  /** Straight into the stream, as services may. What it acknowledges is a place. */
  #joinByPublishing(room: string): void {
    const { nats, judge } = this.#crowd;
    const stream = nats.streams.get(`ONSALE_LINE_${room}`);
    if (stream === undefined) return;
    const stored = stream.store(`onsale.v1.line.${room}.${this.userId}`, new Uint8Array());
    const epoch = stream.description.split('epoch ')[1] ?? '';
    if (stored.type === 'stored') judge.places.acknowledged({ room, epoch, place: stored.seq, userId: this.userId });
  }

  #hold(): Wish {
    const { chance, settings } = this.#crowd;
    const seats = new Set<string>();
    const count = chance.of(60) ? 1 : chance.between(2, Math.min(5, settings.seatsPerSchedule));
    // Now and then a seat that is not there.
    const last = settings.seatsPerSchedule + (chance.of(3) ? 1 : 0);
    const { section, row } = namesOf(settings.longNames);
    while (seats.size < count) seats.add(`${section}-${row}-${chance.between(1, last)}`);
    return { type: 'hold', scheduleId: this.#schedule(), seatIds: [...seats] };
  }

  #schedule(): string {
    const { chance, settings } = this.#crowd;
    return `s${chance.between(1, settings.schedules + (chance.of(2) ? 1 : 0))}`;
  }

  #ofToken(type: 'token' | 'leave'): Wish | null {
    return this.#tokens.length === 0 ? null : { type, token: this.#crowd.chance.pick(this.#tokens.slice(-3)) };
  }

  #ofReservation(type: 'pay' | 'cancel' | 'reservation'): Wish | null {
    const { chance, settings } = this.#crowd;
    // Mostly a recent one of one's own, now and then anyone's.
    if (this.#reservations.length > 0 && !chance.of(5)) {
      return { type, reservationId: chance.pick(this.#reservations.slice(chance.of(70) ? -2 : -20)) };
    }
    return { type, reservationId: `s${chance.between(1, settings.schedules)}.${chance.between(1, 20)}` };
  }

  #keyed(wish: Wish | null): Request | null {
    const { chance } = this.#crowd;
    if (wish === null) return null;
    const roll = chance.between(1, 100);
    const door = roll <= 55 ? 'http' : roll <= 80 ? 'cmd' : 'do';
    // Cancelling over HTTP takes no key: the second answer equals the first anyway.
    const takesKey = !(door === 'http' && wish.type === 'cancel');
    const wantsKey = takesKey && (door === 'do' || chance.of(60));
    // Now and then a key that was used before, for something else.
    const key = wantsKey ? `k${chance.of(5) ? chance.between(1, this.#keys + 1) : ++this.#keys}` : null;
    return this.#request(door, wish, key);
  }

  #plain(door: Request['door'], wish: Wish | null): Request | null {
    return wish === null ? null : this.#request(door, wish, null);
  }

  #request(door: Request['door'], wish: Wish, key: string | null): Request | null {
    const gated = ['hold', 'pay', 'cancel', 'reservation', 'seats', 'concerts'].includes(wish.type);
    const token = door === 'http' && gated ? (this.#tokens.at(-1) ?? null) : null;
    if (door === 'http' && gated && token === null) return null;
    // Over NATS anyone may be named: here it is now and then someone else.
    const { chance } = this.#crowd;
    const other = door === 'cmd' && key === null && chance.of(3) ? chance.pick(this.#others) : this.userId;
    return { door, userId: other, wish, token, key };
  }

  #send(request: Request): void {
    const { world, nats } = this.#crowd;
    world.after(nats.delayMs(), world.around, () => this.#arrive(request));
  }

  #arrive(request: Request): void {
    const program = this.#crowd.program();
    // A closed port: the request was never there.
    if (program === null || !program.ready) return;
    void this.#ask(program, request);
  }

  async #ask(program: SimulatedProgram, request: Request): Promise<void> {
    const { world, chance, judge, history, nats } = this.#crowd;
    const sinceMs = judge.arrived(request);
    const finish = history.begin(request);
    let answered = false;
    if (quick.has(request.wish.type) && chance.of(20)) {
      world.after(answerMaxMs, program.life, () => {
        if (!answered) judge.wrong(`${JSON.stringify(request)} has no answer after ${answerMaxMs} ms`);
      });
    }
    let answer: Answer;
    try {
      answer = await askProgram(program, request);
      answered = true;
    } catch (error) {
      if (program.life.alive) judge.wrong(`${JSON.stringify(request)} failed: ${stackOf(error)}`);
      return;
    }
    if (!program.life.alive) return;
    finish(answer);
    judge.told(request, answer, sinceMs, program.engine.nowMs());
    if (chance.of(nats.faults.lostPercent * 3)) return;
    world.after(nats.delayMs(), world.around, () => this.#learn(request, answer));
  }

  #learn({ wish, userId }: Request, answer: Answer): void {
    if (answer.status >= 300 || typeof answer.body !== 'string') return;
    const body = JSON.parse(answer.body) as {
      readonly id?: string;
      readonly token?: string;
      readonly expiresAt?: string | null;
    };
    if (wish.type === 'hold' && body.id !== undefined && userId === this.userId) {
      this.#reservations.push(body.id);
      this.#comeAtDeadline(body.id, Date.parse(body.expiresAt ?? ''), wish);
    }
    if (wish.type === 'join' && body.token !== undefined && userId === this.userId) this.#tokens.push(body.token);
  }

  /** At the very moment at which a hold ends, just before and just after, somebody wants something of it. */
  #comeAtDeadline(reservationId: string, expiresAt: number, wish: Extract<Wish, { type: 'hold' }>): void {
    const { world, chance, over } = this.#crowd;
    if (!chance.of(40)) return;
    const delayMs = expiresAt - world.wallMs() + chance.between(-1, 2);
    if (delayMs < 0) return;
    const wanted: Wish = chance.of(60)
      ? { type: chance.pick(['pay', 'cancel', 'reservation'] as const), reservationId }
      : wish;
    const request = this.#request('cmd', wanted, null);
    if (request === null) return;
    world.after(delayMs, world.around, () => {
      if (!over()) this.#arrive(request);
    });
  }
}

export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
