/**
 * What the program has confirmed, kept by its client alone: who has which seats, who has how much money, who is inside
 * and who stands where in line. After a crash the program must agree with it to the last entry.
 */
import assert from 'node:assert/strict';
import type { Client, Reply } from './client.ts';
import * as sale from './sale.ts';

/** A command without an answer: the connection broke. Sent again with its key it gets one. */
export type Command =
  | { readonly type: 'charge'; readonly amount: number; readonly key: string }
  | { readonly type: 'hold'; readonly seatIds: readonly string[]; readonly key: string }
  | { readonly type: 'pay'; readonly reservationId: string; readonly key: string }
  | { readonly type: 'cancel'; readonly reservationId: string };

export interface HeldReservation {
  readonly id: string;
  readonly seatIds: readonly string[];
  readonly totalPrice: number;
  status: 'held' | 'paid' | 'cancelled';
}

export class Person {
  readonly userId: string;
  token = '';
  /** Whether the token's session lives; paying ends it. */
  inside = false;
  balance = 0;
  readonly reservations: HeldReservation[] = [];
  /** Commands with a key that were confirmed, with the answer that they must give for ever. */
  readonly confirmed: { readonly command: Command; readonly body: unknown }[] = [];
  unanswered: Command | null = null;

  constructor(userId: string) {
    this.userId = userId;
  }

  /** Sends a command and enters its outcome. Rejects when the connection breaks; then the command is `unanswered`. */
  async give(client: Client, scheduleId: string, command: Command): Promise<Reply> {
    this.unanswered = command;
    const reply = await send(client, this, scheduleId, command);
    this.unanswered = null;
    this.#enter(command, reply);
    return reply;
  }

  #enter(command: Command, { status, body }: Reply): void {
    if (status !== 200 && status !== 201) return;
    if (command.type !== 'cancel') this.confirmed.push({ command, body });
    switch (command.type) {
      case 'charge':
        this.balance += command.amount;
        assert.equal(body['balance'], this.balance, 'the balance after a charge');
        return;
      case 'hold':
        this.reservations.push({
          id: String(body['id']),
          seatIds: [...command.seatIds],
          totalPrice: Number(body['totalPrice']),
          status: 'held',
        });
        return;
      case 'pay': {
        const paid = this.#reservation(command.reservationId);
        paid.status = 'paid';
        this.balance -= paid.totalPrice;
        this.inside = false;
        assert.equal(body['balance'], this.balance, 'the balance after a payment');
        return;
      }
      case 'cancel':
        this.#reservation(command.reservationId).status = 'cancelled';
        return;
    }
  }

  #reservation(id: string): HeldReservation {
    const found = this.reservations.find((reservation) => reservation.id === id);
    assert.ok(found, `a reservation ${id} that ${this.userId} never made`);
    return found;
  }
}

async function send(client: Client, person: Person, scheduleId: string, command: Command): Promise<Reply> {
  switch (command.type) {
    case 'charge':
      return await sale.charge(client, person.userId, command.amount, command.key);
    case 'hold':
      return await sale.hold(client, person.token, scheduleId, command.seatIds, command.key);
    case 'pay':
      return await sale.pay(client, person.token, command.reservationId, command.key);
    case 'cancel':
      return await client.send('DELETE', `/v1/reservations/${command.reservationId}`, { token: person.token });
  }
}

/** Somebody who waits in a room that lets nobody in. */
export interface Waiter {
  readonly userId: string;
  readonly token: string;
  readonly place: number;
}

export class Ledger {
  readonly people: Person[];
  readonly waiters: Waiter[] = [];
  readonly #scheduleId: string;

  constructor(people: Person[], scheduleId: string) {
    this.people = people;
    this.#scheduleId = scheduleId;
  }

  /** Sends again what had no answer, so that nothing is unknown any more. */
  async settle(client: Client): Promise<void> {
    for (const person of this.people) {
      if (person.unanswered !== null) await person.give(client, this.#scheduleId, person.unanswered);
    }
  }

  /** Every seat as the ledger has it. */
  async assertSeats(client: Client, token: string): Promise<void> {
    const expected = new Map<string, string>();
    for (const { reservations } of this.people) {
      for (const { seatIds, status } of reservations) {
        if (status === 'cancelled') continue;
        for (const id of seatIds) {
          assert.ok(!expected.has(id), `seat ${id} was confirmed twice`);
          expected.set(id, status === 'paid' ? 'sold' : 'held');
        }
      }
    }
    for (const [id, status] of await sale.seatStatuses(client, token, this.#scheduleId)) {
      assert.equal(status, expected.get(id) ?? 'available', `seat ${id}`);
    }
  }

  /** Balance, session, and the newest `newest` reservations of a person. */
  async assertPerson(client: Client, person: Person, newest: number): Promise<void> {
    const { userId, token, balance, reservations } = person;
    assert.equal(await sale.balanceOf(client, userId), balance, `the balance of ${userId}`);
    // Killed before the first answer to joining: there is no token to ask with.
    if (token === '') return;
    const current = await sale.expecting(200, client.send('GET', '/v1/queue/tokens/current', { token }));
    assert.equal(current.body['status'], person.inside ? 'active' : 'expired', `the session of ${userId}`);
    for (const { id, seatIds, status, totalPrice } of reservations.slice(-newest)) {
      const { body } = await sale.expecting(200, client.send('GET', `/v1/reservations/${id}`, { token }));
      const seats = (body['seats'] as { id: string }[]).map((seat) => seat.id);
      assert.deepEqual(
        { status: body['status'], seats: seats.sort(), totalPrice: body['totalPrice'] },
        { status, seats: [...seatIds].sort(), totalPrice },
        `reservation ${id} of ${userId}`,
      );
    }
  }

  /** A confirmed command sent again gives its first answer, and changes nothing. */
  async assertRepeats(client: Client, person: Person, index: number): Promise<void> {
    const entry = person.confirmed[index];
    if (entry === undefined) return;
    const reply = await send(client, person, this.#scheduleId, entry.command);
    assert.equal(reply.status, 201, JSON.stringify(reply.body));
    assert.equal(reply.headers['idempotency-replayed'], 'true');
    assert.deepEqual(reply.body, entry.body);
  }

  async assertWaiter(client: Client, { userId, token, place }: Waiter, room: string): Promise<void> {
    const current = await sale.expecting(200, client.send('GET', '/v1/queue/tokens/current', { token }));
    assert.deepEqual([current.body['status'], current.body['place']], ['waiting', place], userId);
    const again = await sale.expecting(200, client.send('POST', '/v1/queue/tokens', { body: { userId, room } }));
    assert.deepEqual([again.body['token'], again.body['place']], [token, place], userId);
  }
}
