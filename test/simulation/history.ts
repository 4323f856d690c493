/**
 * What everyone asked and was told, as a history whose order can be searched for (`test/linearizability`). Where two
 * answers of one key may differ by right, the clock jumps, or wallets have an engine of their own, no order is demanded:
 * then it records nothing.
 */
import type { Answer } from '../../api/answers/answer.ts';
import { checkHistory } from '../linearizability/check-history.ts';
import { reservationStatuses, type Recorded } from '../linearizability/recorded.ts';
import { fingerprintOfRequest, scopeOfRequest, type Request } from './request.ts';
import type { Settings } from './settings.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** Keys that are bound for a shorter time give a second effect later, by right. */
const keyTtlMinMs = 60 * 60 * 1000;
/** Tries of one search; what takes more is left unjudged. */
const searchStepsMax = 20_000;

/** Fills in what an operation came to; until then its outcome is unknown. */
export type Finish = (answer: Answer) => void;

const nothing: Finish = () => undefined;

/** A reservation as the journal has it. Times in ms since the epoch. */
export interface MadeReservation {
  readonly id: string;
  readonly userId: string;
  readonly seatIds: readonly string[];
  readonly totalPrice: number;
  readonly heldAt: number;
  readonly expiresAt: number;
  /** Of the key that is bound to it; null where there was none. */
  readonly scope: string | null;
}

type Asked = Pick<Recorded, 'door' | 'userId' | 'callMs'> & { readonly key?: string };

export class History {
  readonly #world: SimulatedWorld;
  readonly #settings: Settings;
  readonly #isKept: boolean;
  readonly #operations: Recorded[] = [];
  /** Whether an order was found for everything, or the search was given up for some of it. */
  readonly counts = { ordersFound: 0, ordersGivenUp: 0 };

  constructor(world: SimulatedWorld, settings: Settings) {
    this.#world = world;
    this.#settings = settings;
    // Between two engines a payment takes its time, and others see it: it is no single operation there.
    this.#isKept = settings.limits.keyTtlMs >= keyTtlMinMs && !settings.clockJumps && !settings.split;
  }

  /** A request has come to the program. */
  begin(request: Request): Finish {
    if (!this.#isKept) return nothing;
    const scope = scopeOfRequest(request);
    const asked: Asked = {
      door: request.door === 'http' ? 'http' : 'nats',
      userId: request.userId,
      callMs: this.#world.wallMs(),
      // Another command under the same key is no try of this one.
      ...(scope === null ? {} : { key: `${scope} ${fingerprintOfRequest(request)}` }),
    };
    const unknown = recorded(request, asked, Infinity, null);
    if (unknown === null) return nothing;
    const index = this.#operations.push(unknown) - 1;
    return (answer) => {
      const told = recorded(request, asked, this.#world.wallMs(), answer);
      if (told !== null) this.#operations[index] = told;
    };
  }

  /**
   * Why no order explains the history; null where one does, or none was searched for.
   *
   * @param made every reservation that the journal has. Of a hold whose answer got lost, people learn when they look.
   */
  problem(made: readonly MadeReservation[]): string | null {
    if (this.#operations.length === 0) return null;
    for (const reservation of made) if (!this.#knows(reservation)) return `nobody had asked for ${reservation.id}`;
    const { holdTtlMs } = this.#settings.rules;
    const verdict = checkHistory(this.#operations, { toleranceMs: 1, holdTtlMs, stepsMax: searchStepsMax });
    if (verdict.type === 'ok') this.counts.ordersFound += 1;
    if (verdict.type === 'unknown') this.counts.ordersGivenUp += 1;
    return verdict.type === 'violation' ? `no order explains what was told of ${verdict.object}: ${verdict.why}` : null;
  }

  /** Whether a hold gave it; one without an answer does when it asked for the same and can have given it. */
  #knows({ id, userId, seatIds, totalPrice, heldAt, expiresAt, scope }: MadeReservation): boolean {
    const seats = [...seatIds].sort().join();
    let unanswered: number | null = null;
    for (const [index, operation] of this.#operations.entries()) {
      if (operation.type !== 'hold' || operation.userId !== userId) continue;
      const { outcome } = operation;
      if (outcome.type === 'done' && outcome.reservationId === id) return true;
      const sameKey = scope === null ? operation.key === undefined : operation.key?.startsWith(`${scope} `) === true;
      if (!sameKey) continue;
      const asked = `${operation.scheduleId}.` === id.slice(0, id.lastIndexOf('.') + 1) && operation.callMs <= heldAt;
      if (outcome.type === 'unknown' && asked && [...operation.seatIds].sort().join() === seats) unanswered ??= index;
    }
    const operation = unanswered === null ? undefined : this.#operations[unanswered];
    if (unanswered === null || operation?.type !== 'hold') return false;
    const outcome = { type: 'done', reservationId: id, totalPrice, expiresAtMs: expiresAt } as const;
    this.#operations[unanswered] = { ...operation, outcome };
    return true;
  }
}

/** Null for what is no operation on seats, reservations or wallets. */
function recorded({ wish }: Request, asked: Asked, returnMs: number, answer: Answer | null): Recorded | null {
  const common = { ...asked, returnMs };
  if (typeof answer?.body !== 'string') return ended(wish, common, { type: 'unknown' });
  // Every answer with a text is JSON.
  const body = JSON.parse(answer.body) as Readonly<Record<string, unknown>>;
  if (answer.status >= 300) {
    const { code, seatIds, balance, required } = body as {
      readonly code: string;
      readonly seatIds?: readonly string[];
      readonly balance?: number;
      readonly required?: number;
    };
    const refused = {
      type: 'refused',
      code,
      ...(seatIds === undefined ? {} : { seatIds }),
      ...(balance === undefined ? {} : { balance }),
      ...(required === undefined ? {} : { required }),
    } as const;
    return ended(wish, common, refused);
  }
  switch (wish.type) {
    case 'hold':
      return {
        ...common,
        ...wish,
        outcome: {
          type: 'done',
          reservationId: String(body['id']),
          totalPrice: Number(body['totalPrice']),
          expiresAtMs: Date.parse(String(body['expiresAt'])),
        },
      };
    case 'pay':
      return {
        ...common,
        type: 'pay',
        reservationId: wish.reservationId,
        outcome: { type: 'done', amount: Number(body['amount']), balance: Number(body['balance']) },
      };
    case 'cancel':
      return { ...common, type: 'cancel', reservationId: wish.reservationId, outcome: { type: 'done' } };
    case 'reservation': {
      const status = reservationStatuses.find((one) => one === body['status']);
      if (status === undefined) throw new Error(`there is no status ${String(body['status'])}`);
      return { ...common, type: 'read', reservationId: wish.reservationId, outcome: { type: 'done', status } };
    }
    case 'charge':
      return {
        ...common,
        ...wish,
        outcome: { type: 'done', chargeId: String(body['id']), balance: Number(body['balance']) },
      };
    case 'balance':
      return { ...common, type: 'balance', outcome: { type: 'done', balance: Number(body['balance']) } };
    case 'join':
    case 'token':
    case 'leave':
    case 'seats':
    case 'concerts':
      return null;
  }
}

type Ended = Extract<Recorded['outcome'], { type: 'unknown' | 'refused' }>;

function ended(wish: Request['wish'], common: Asked & { readonly returnMs: number }, outcome: Ended): Recorded | null {
  switch (wish.type) {
    case 'hold':
    case 'charge':
    case 'balance':
      return { ...common, ...wish, outcome };
    case 'pay':
      return { ...common, type: 'pay', reservationId: wish.reservationId, outcome };
    case 'cancel':
      return { ...common, type: 'cancel', reservationId: wish.reservationId, outcome };
    case 'reservation':
      return { ...common, type: 'read', reservationId: wish.reservationId, outcome };
    case 'join':
    case 'token':
    case 'leave':
    case 'seats':
    case 'concerts':
      return null;
  }
}
