/** Faults in the read model: every column of every table changed, a row lost, and one too many. */
import type { DirectoryFault } from './directory-faults.ts';

/** Columns that say what a row is, and the ones that say how it stands; a row that there is. */
const tables: readonly {
  readonly table: string;
  readonly key: readonly string[];
  readonly columns: readonly string[];
  readonly row: string;
}[] = [
  { table: 'user', key: ['number'], columns: ['id', 'first_seen_at_ms'], row: "id = 'fay'" },
  { table: 'asset', key: ['user_number'], columns: ['balance', 'changed_at_ms'], row: 'balance > 0' },
  {
    table: 'charge',
    key: ['id'],
    columns: ['user_number', 'amount', 'balance', 'charged_at_ms'],
    row: "id = 'chg.eve.1'",
  },
  { table: 'concert', key: ['id'], columns: ['name', 'description', 'created_at_ms'], row: "id = 'd'" },
  {
    table: 'concert_schedule',
    key: ['number'],
    columns: [
      'id',
      'concert_id',
      'venue',
      'starts_at_ms',
      'sales_open_at_ms',
      'sales_close_at_ms',
      'seats_total',
      'opened_at_ms',
    ],
    row: 'number = 2',
  },
  { table: 'seat_layout', key: ['schedule_number'], columns: ['sections'], row: 'schedule_number = 2' },
  {
    table: 'concert_seat',
    key: ['schedule_number', 'position'],
    columns: ['section', 'row', 'number', 'price', 'status', 'reservation_number'],
    row: "status = 'sold' AND schedule_number = 1 AND position = 0",
  },
  {
    table: 'reservation',
    key: ['number'],
    columns: [
      'id',
      'schedule_number',
      'user_number',
      'status',
      'seats',
      'total_price',
      'held_at_ms',
      'expires_at_ms',
      'paid_at_ms',
      'ended_at_ms',
    ],
    row: 'number = 2',
  },
  {
    table: 'reservation_ticket',
    key: ['reservation_number', 'seat_position'],
    columns: ['schedule_number', 'price'],
    row: 'reservation_number = 2',
  },
  {
    table: 'payment',
    key: ['reservation_number'],
    columns: ['id', 'user_number', 'amount', 'balance', 'paid_at_ms'],
    row: 'reservation_number = 1',
  },
  {
    table: 'waiting_token',
    key: ['room', 'epoch', 'place'],
    columns: ['user_number', 'status', 'admitted_at_ms', 'expires_at_ms', 'ended_at_ms', 'end_reason'],
    row: "room = 'main' AND end_reason = 'paid' AND place = (SELECT min(place) FROM waiting_token WHERE end_reason = 'paid')",
  },
];

const file = 'read-model.db';

function changedOnce(sql: string): DirectoryFault['plant'] {
  return (db) => {
    const { changes } = db.prepare(sql).run();
    if (changes !== 1) throw new Error(`${changes} rows changed by ${sql}`);
  };
}

export const readModelFaults: readonly DirectoryFault[] = [
  ...tables.flatMap(({ table, columns, row }) =>
    columns.map((column): DirectoryFault => ({
      name: `another ${column} of a row of ${table}`,
      code: 'read-model-differs',
      where: new RegExp(`${table} `),
      file,
      // Text gets a letter more, a number is one more, and what is null becomes 1 or a letter.
      plant: changedOnce(
        `UPDATE ${table} SET ${column} = CASE typeof(${column}) WHEN 'text' THEN ${column} || 'x'
             WHEN 'integer' THEN ${column} + 1 ELSE 1 END WHERE ${row}`,
      ),
    })),
  ),
  ...tables.map(({ table, row }): DirectoryFault => ({
    name: `a lost row of ${table}`,
    code: 'read-model-missing',
    where: new RegExp(`${table} `),
    file,
    plant: changedOnce(`DELETE FROM ${table} WHERE ${row}`),
  })),
  ...tables.map(({ table, key, columns, row }): DirectoryFault => ({
    name: `a row too many in ${table}`,
    code: 'read-model-extra',
    where: new RegExp(`${table}\\b`),
    file,
    plant: changedOnce(
      `INSERT INTO ${table} (${[...key, ...columns].join()}) SELECT ${[
        ...key.map((column, index) => (index < key.length - 1 ? column : `'9999'`)),
        ...columns.map((column) => (column === 'id' ? "'other'" : column)),
      ].join()} FROM ${table} WHERE ${row}`,
    ),
  })),
];
