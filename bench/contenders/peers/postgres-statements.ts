/** What the servers over Postgres share: their statements, each prepared once a connection because it has a name. */
import { DatabaseError, type ClientBase, type QueryResult } from 'pg';
import type { StoredHold } from './reservation.ts';

/** Sends a statement over a connection of the caller's choice. */
export type Query = (statement: {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}) => Promise<QueryResult>;

export function queryOf(client: ClientBase): Query {
  return ({ name, text, values }) => client.query({ name, text, values: [...values] });
}

/** In the order of the parameters of all statements that write. */
export function valuesOf({ id, scheduleId, userId, seatIds, heldAt, expiresAt }: StoredHold): readonly unknown[] {
  return [id, scheduleId, userId, seatIds, heldAt, expiresAt];
}

const holdOne = {
  name: 'hold-one',
  text: `WITH taken AS (
    UPDATE seats SET reservation_id = $1, held_until = $6
    WHERE schedule_id = $2 AND id = ($4::text[])[1] AND held_until <= $5 RETURNING id
  )
  INSERT INTO reservations SELECT $1, $2, $3, $4, $5, $6, 1 FROM taken`,
};

/** The locks are taken in the order of the ids, against deadlocks. The check `all_or_none` undoes a part. */
const holdSeveral = {
  name: 'hold-several',
  text: `WITH free AS (
    SELECT schedule_id, id FROM seats
    WHERE schedule_id = $2 AND id = ANY ($4::text[]) AND held_until <= $5 ORDER BY id FOR UPDATE
  ), taken AS (
    UPDATE seats SET reservation_id = $1, held_until = $6 FROM free
    WHERE seats.schedule_id = free.schedule_id AND seats.id = free.id RETURNING seats.id
  )
  INSERT INTO reservations SELECT $1, $2, $3, $4, $5, $6, count(*) FROM taken HAVING count(*) > 0`,
};

/** One round trip for a hold of seats that are free; a second one, for the key, only when they are not. */
export async function holdInOneStatement(query: Query, asked: StoredHold): Promise<StoredHold | null> {
  try {
    const statement = asked.seatIds.length === 1 ? holdOne : holdSeveral;
    const { rowCount } = await query({ ...statement, values: valuesOf(asked) });
    if (rowCount === 1) return asked;
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  return await earlierHold(query, asked.id);
}

/** The key was used before, or not all of the seats were free. */
export function isRefusal(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '23505' || error.code === '23514');
}

interface Row {
  readonly id: string;
  readonly schedule_id: string;
  readonly user_id: string;
  readonly seat_ids: string[];
  readonly held_at: Date;
  readonly expires_at: Date;
}

/** What the key was answered before; null when it was not. */
export async function earlierHold(query: Query, id: string): Promise<StoredHold | null> {
  const text = 'SELECT id, schedule_id, user_id, seat_ids, held_at, expires_at FROM reservations WHERE id = $1';
  const { rows } = await query({ name: 'earlier-hold', text, values: [id] });
  // The columns are those of the statement.
  const row = rows[0] as Row | undefined;
  if (row === undefined) return null;
  return {
    id: row.id,
    scheduleId: row.schedule_id,
    userId: row.user_id,
    seatIds: row.seat_ids,
    heldAt: row.held_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  };
}
