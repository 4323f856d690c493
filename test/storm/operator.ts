/** Who runs the sale: makes rooms and dates, and changes the pace of the room with a line while people come. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../system/client.ts';
import * as sale from '../system/sale.ts';
import type { Random } from '../system/seeded.ts';
import type { Ledger } from './ledger.ts';
import { patienceMs } from './patience.ts';

export const lineRoom = 'line';
const concertId = 'storm';
const onSaleAtOnce = 3;
const size = { rows: 20, seats: 30, price: 100 };
/** A date with fewer free seats than this makes way for a new one. */
const freeMin = 200;
const retryMs = 20;

export class Operator {
  readonly #client: Client;
  readonly #ledger: Ledger;
  readonly #random: Random;
  /** Dates on sale, oldest first. */
  readonly onSale: string[] = [];
  /** What the room with a line was last told, with a yes. */
  policy: sale.RoomPolicyBody | null = null;

  constructor(client: Client, ledger: Ledger, random: Random) {
    this.#client = client;
    this.#ledger = ledger;
    this.#random = random;
  }

  async prepare(): Promise<void> {
    await insist(() => sale.putRoom(this.#client, 'main', { ...sale.openDoors, sessionSeconds: 60 }));
    await insist(() => sale.createConcert(this.#client, concertId));
    while (this.onSale.length < onSaleAtOnce) await this.#open();
    await this.changePace();
  }

  /** New dates for those that have sold out. */
  async refill(): Promise<void> {
    const sold = new Map<string, number>();
    for (const { scheduleId, seatIds, paid } of this.#ledger.reservations.values()) {
      if (paid) sold.set(scheduleId, (sold.get(scheduleId) ?? 0) + seatIds.length);
    }
    const seats = size.rows * size.seats;
    for (const id of this.onSale.filter((date) => seats - (sold.get(date) ?? 0) < freeMin)) {
      this.onSale.splice(this.onSale.indexOf(id), 1);
      await this.#open();
    }
  }

  /** Settled when it resolves: a policy has no key, but told again it is the same. */
  async changePace(): Promise<void> {
    const policy = {
      admitPerSecond: 5 + this.#random.below(60),
      maxActive: 5 + this.#random.below(40),
      sessionSeconds: 1,
      maxSessionSeconds: 2,
    };
    await insist(() => sale.putRoom(this.#client, lineRoom, policy));
    this.policy = policy;
  }

  async #open(): Promise<void> {
    const id = `s${this.#ledger.schedules.size + 1}`;
    this.#ledger.schedules.add(id);
    await insist(() =>
      sale.createSchedule(this.#client, concertId, id, size).catch((error: unknown) => {
        // It was made by a try whose answer was lost: nobody else makes dates here.
        if (!String(error).includes('already_exists')) throw error;
      }),
    );
    this.onSale.push(id);
  }

  /** Seats of which many want the same ones: half of all wishes fall on the first two rows. */
  seats(): { readonly scheduleId: string; readonly seatIds: readonly string[] } {
    const random = this.#random;
    const row = 1 + random.below(random.below(2) === 0 ? 2 : size.rows);
    const count = 1 + random.below(4);
    const first = 1 + random.below(size.seats - count);
    const scheduleId = this.onSale[random.below(this.onSale.length)] ?? 's1';
    return { scheduleId, seatIds: Array.from({ length: count }, (_, index) => `A-${row}-${first + index}`) };
  }
}

/** Until it is answered with a yes: whoever is away comes back. Throws what stood in the way, when it stands too long. */
export async function insist<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(retryMs);
    }
  }
}
