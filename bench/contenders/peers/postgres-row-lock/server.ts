/** Holds as a transaction: lock the seats' rows, look, write, commit. */
import { Pool, type PoolClient } from 'pg';
import { serveHolds } from '../door.ts';
import { connections } from '../postgres-connections.ts';
import { earlierHold, isRefusal, queryOf, valuesOf } from '../postgres-statements.ts';
import type { StoredHold } from '../reservation.ts';

const pool = new Pool({ max: connections, pipeline: true });

const lockSeats = {
  name: 'lock-seats',
  text: `SELECT id FROM seats
    WHERE schedule_id = $1 AND id = ANY ($2::text[]) AND held_until <= $3 ORDER BY id FOR UPDATE`,
};
const takeSeats = {
  name: 'take-seats',
  text: 'UPDATE seats SET reservation_id = $1, held_until = $2 WHERE schedule_id = $3 AND id = ANY ($4::text[])',
};
const storeReservation = {
  name: 'store-reservation',
  text: 'INSERT INTO reservations VALUES ($1, $2, $3, $4, $5, $6, cardinality($4::text[]))',
};

/** Null when not all of the seats are free. What belongs together is sent together: two round trips in all. */
async function hold(client: PoolClient, asked: StoredHold): Promise<StoredHold | null> {
  const { id, scheduleId, seatIds, heldAt, expiresAt } = asked;
  const query = queryOf(client);
  const [, free] = await Promise.all([
    client.query('BEGIN'),
    query({ ...lockSeats, values: [scheduleId, seatIds, heldAt] }),
  ]);
  if (free.rowCount !== seatIds.length) {
    await client.query('ROLLBACK');
    return null;
  }
  // When the reservation cannot be stored, this COMMIT takes back what went before.
  const [, stored] = await Promise.allSettled([
    query({ ...takeSeats, values: [id, expiresAt, scheduleId, seatIds] }),
    query({ ...storeReservation, values: valuesOf(asked) }),
    client.query('COMMIT'),
  ]);
  if (stored.status === 'fulfilled') return asked;
  if (isRefusal(stored.reason)) return null;
  throw stored.reason;
}

serveHolds(async (asked) => {
  const client = await pool.connect();
  try {
    return (await hold(client, asked)) ?? (await earlierHold(queryOf(client), asked.id));
  } finally {
    client.release();
  }
});
