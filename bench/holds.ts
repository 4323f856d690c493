/** The holds of a run: each of a seat that is free, by somebody who is inside, with a key of its own. */
import type { Request } from 'autocannon';
import type { Client } from '../test/system/client.ts';
import * as sale from '../test/system/sale.ts';

export const schedules = 50;
const seatsPerRow = 100;
/** So many that nobody holds two seats of one date, as hardly anyone does in a sale. */
const users = 10_000;

/** Makes the concert, dates with together at least `seats` seats, and lets people in; gives back their tokens. */
export async function openSale(client: Client, seats: number): Promise<string[]> {
  await sale.putRoom(client, 'main', sale.openDoors);
  await sale.createConcert(client, 'bench');
  const rows = Math.ceil(seats / schedules / seatsPerRow);
  const size = { rows, seats: seatsPerRow, price: 10_000 };
  for (let date = 0; date < schedules; date++) await sale.createSchedule(client, 'bench', `bench-${date}`, size);
  return await sale.enterMany(client, 'bench-user-', users);
}

/**
 * Requests for `count` seats from the `first` one on, dealt out to the connections. Neighbouring seats are of different
 * dates and asked for by different people.
 */
export function holdRequests(
  tokens: readonly string[],
  first: number,
  count: number,
  connections: number,
): Request[][] {
  const lists: Request[][] = Array.from({ length: connections }, () => []);
  for (let seat = first; seat < first + count; seat++) {
    const inDate = Math.floor(seat / schedules);
    const seatId = `A-${Math.floor(inDate / seatsPerRow) + 1}-${(inDate % seatsPerRow) + 1}`;
    lists[seat % connections]?.push({
      method: 'POST',
      path: '/v1/reservations',
      headers: {
        'content-type': 'application/json',
        // Each time that everyone has asked once, all move on by one date: 10,000 is a multiple of the 50 dates.
        'queue-token': tokens[(seat + Math.floor(seat / tokens.length)) % tokens.length] ?? '',
        'idempotency-key': `bench-${seat}`,
      },
      body: JSON.stringify({ scheduleId: `bench-${seat % schedules}`, seatIds: [seatId] }),
    });
  }
  return lists;
}

/** Seats that the program itself says are no longer free. */
export async function seatsTaken(client: Client, token: string): Promise<number> {
  const { body } = await sale.expecting(200, client.send('GET', '/v1/concerts/bench/schedules', { token }));
  // The shape is that of the API.
  const items = body['items'] as { seatsTotal: number; seatsAvailable: number }[];
  return items.reduce((sum, { seatsTotal, seatsAvailable }) => sum + seatsTotal - seatsAvailable, 0);
}
