/**
 * The tables of the read model, `DATA_DIR/read-model.db`; `storage/schema.md` explains them.
 *
 * Keys of rows that are written per seat or per hold are integers given in the journal's order, so that these tables
 * grow at their end; users who came in together lie together in the index of reservations, whatever their names. Foreign keys are declared for whoever reads the schema and checked by a test, but not enforced
 * while projecting: the journal's order already guarantees them. Times are ms since the epoch, because a time as text
 * costs 24 bytes and half a microsecond each; the views `*_readable` show them as ISO 8601 and carry the text ids.
 */

export const readModelMigrations: readonly string[] = [
  `
  CREATE TABLE projection (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    journal_id TEXT    NOT NULL,
    through    INTEGER NOT NULL  -- number of the last batch whose rows are here
  ) STRICT;

  CREATE TABLE user (
    number           INTEGER PRIMARY KEY,
    id               TEXT    NOT NULL UNIQUE,
    first_seen_at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE asset (
    user_number   INTEGER PRIMARY KEY REFERENCES user (number),
    balance       INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE charge (
    id            TEXT    PRIMARY KEY,
    user_number   INTEGER NOT NULL REFERENCES user (number),
    amount        INTEGER NOT NULL,
    balance       INTEGER NOT NULL,  -- after it
    charged_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE concert (
    id            TEXT    PRIMARY KEY,
    name          TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE concert_schedule (
    number            INTEGER PRIMARY KEY,
    id                TEXT    NOT NULL UNIQUE,
    concert_id        TEXT    NOT NULL REFERENCES concert (id),
    venue             TEXT    NOT NULL,
    starts_at_ms      INTEGER NOT NULL,
    sales_open_at_ms  INTEGER NOT NULL,
    sales_close_at_ms INTEGER NOT NULL,
    seats_total       INTEGER NOT NULL,
    opened_at_ms      INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE seat_layout (
    schedule_number INTEGER PRIMARY KEY REFERENCES concert_schedule (number),
    sections        TEXT    NOT NULL  -- JSON, see SectionSpec in actors/schedule/messages.ts
  ) STRICT;

  CREATE TABLE concert_seat (
    schedule_number    INTEGER NOT NULL REFERENCES concert_schedule (number),
    position           INTEGER NOT NULL,  -- in layout order, from 0
    section            TEXT    NOT NULL,
    row                TEXT    NOT NULL,
    number             INTEGER NOT NULL,
    price              INTEGER NOT NULL,
    status             TEXT    NOT NULL,  -- available, held, sold
    reservation_number INTEGER REFERENCES reservation (number),  -- who holds or has it
    PRIMARY KEY (schedule_number, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE reservation (
    number          INTEGER PRIMARY KEY,  -- 1, 2, 3 … in the journal's order
    id              TEXT    NOT NULL UNIQUE,
    schedule_number INTEGER NOT NULL REFERENCES concert_schedule (number),
    user_number     INTEGER NOT NULL REFERENCES user (number),
    status          TEXT    NOT NULL,  -- held, paying, paid, expired, cancelled
    seats           INTEGER NOT NULL,
    total_price     INTEGER NOT NULL,
    held_at_ms      INTEGER NOT NULL,
    expires_at_ms   INTEGER NOT NULL,
    paid_at_ms      INTEGER,
    ended_at_ms     INTEGER  -- when it expired or was cancelled
  ) STRICT;

  -- The row's number follows in every entry, so one user's entries lie in the order of their reservations.
  CREATE INDEX reservation_by_user ON reservation (user_number);

  CREATE TABLE reservation_ticket (
    reservation_number INTEGER NOT NULL REFERENCES reservation (number),
    seat_position      INTEGER NOT NULL,
    schedule_number    INTEGER NOT NULL,
    price              INTEGER NOT NULL,
    PRIMARY KEY (reservation_number, seat_position),
    FOREIGN KEY (schedule_number, seat_position) REFERENCES concert_seat (schedule_number, position)
  ) STRICT, WITHOUT ROWID;

  -- A reservation is paid at most once, so its number is the key.
  CREATE TABLE payment (
    reservation_number INTEGER PRIMARY KEY REFERENCES reservation (number),
    id                 TEXT    NOT NULL UNIQUE,
    user_number        INTEGER NOT NULL REFERENCES user (number),
    amount             INTEGER NOT NULL,
    balance            INTEGER NOT NULL,  -- after it
    paid_at_ms         INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE waiting_token (
    room           TEXT    NOT NULL,
    epoch          TEXT    NOT NULL,
    place          INTEGER NOT NULL,
    user_number    INTEGER NOT NULL REFERENCES user (number),
    status         TEXT    NOT NULL,  -- active, ended
    admitted_at_ms INTEGER,           -- null: left the line before
    expires_at_ms  INTEGER,
    ended_at_ms    INTEGER,
    end_reason     TEXT,              -- expired, paid, left
    PRIMARY KEY (room, epoch, place)
  ) STRICT, WITHOUT ROWID;
  ` + readableViews(),
  `
  -- Charges and payments are found by user and by reservation; nobody asks for their ids, and to keep those apart cost
  -- each row a page of an index. A charge's number tells its place among all charges, so all is filled anew.
  DROP VIEW payment_readable;
  DROP VIEW charge_readable;
  DROP TABLE payment;
  DROP TABLE charge;
  DELETE FROM waiting_token;
  DELETE FROM reservation_ticket;
  DELETE FROM reservation;
  DELETE FROM concert_seat;
  DELETE FROM seat_layout;
  DELETE FROM concert_schedule;
  DELETE FROM concert;
  DELETE FROM asset;
  DELETE FROM user;
  UPDATE projection SET through = 0;

  CREATE TABLE charge (
    number        INTEGER PRIMARY KEY,  -- 1, 2, 3 … in the journal's order
    id            TEXT    NOT NULL,
    user_number   INTEGER NOT NULL REFERENCES user (number),
    amount        INTEGER NOT NULL,
    balance       INTEGER NOT NULL,  -- after it
    charged_at_ms INTEGER NOT NULL
  ) STRICT;

  -- A reservation is paid at most once, so its number is the key.
  CREATE TABLE payment (
    reservation_number INTEGER PRIMARY KEY REFERENCES reservation (number),
    id                 TEXT    NOT NULL,
    user_number        INTEGER NOT NULL REFERENCES user (number),
    amount             INTEGER NOT NULL,
    balance            INTEGER NOT NULL,  -- after it
    paid_at_ms         INTEGER NOT NULL
  ) STRICT;
  ` + moneyViews(),
  `
  CREATE VIEW user_readable AS
    SELECT number, id, ${iso('first_seen_at')}
    FROM user;

  CREATE VIEW concert_readable AS
    SELECT id, name, description, ${iso('created_at')}
    FROM concert;

  CREATE VIEW reservation_ticket_readable AS
    SELECT r.id AS reservation_id, s.id AS schedule_id, c.section || '-' || c.row || '-' || c.number AS seat_id,
           c.section, c.row, c.number, t.price
    FROM reservation_ticket t
    JOIN reservation r ON r.number = t.reservation_number
    JOIN concert_schedule s ON s.number = t.schedule_number
    JOIN concert_seat c ON c.schedule_number = t.schedule_number AND c.position = t.seat_position;
  `,
];

function readableViews(): string {
  return `
  CREATE VIEW concert_schedule_readable AS
    SELECT number, id, concert_id, venue, ${iso('starts_at')}, ${iso('sales_open_at')}, ${iso('sales_close_at')},
           seats_total, ${iso('opened_at')}
    FROM concert_schedule;

  CREATE VIEW concert_seat_readable AS
    SELECT s.id AS schedule_id, c.section || '-' || c.row || '-' || c.number AS id, c.section, c.row, c.number,
           c.price, c.status, r.id AS reservation_id
    FROM concert_seat c
    JOIN concert_schedule s ON s.number = c.schedule_number
    LEFT JOIN reservation r ON r.number = c.reservation_number;

  CREATE VIEW reservation_readable AS
    SELECT r.number, r.id, s.id AS schedule_id, s.concert_id, u.id AS user_id, r.status, r.seats, r.total_price,
           ${iso('held_at')}, ${iso('expires_at')}, ${iso('paid_at')}, ${iso('ended_at')}
    FROM reservation r
    JOIN concert_schedule s ON s.number = r.schedule_number
    JOIN user u ON u.number = r.user_number;

  CREATE VIEW asset_readable AS
    SELECT u.id AS user_id, a.balance, ${iso('changed_at')}
    FROM asset a
    JOIN user u ON u.number = a.user_number;

  ${moneyViews()}
  CREATE VIEW waiting_token_readable AS
    SELECT w.room, w.epoch, w.place, u.id AS user_id, w.status, ${iso('admitted_at')}, ${iso('expires_at')}, ${iso('ended_at')},
           end_reason
    FROM waiting_token w
    JOIN user u ON u.number = w.user_number;
  `;
}

function moneyViews(): string {
  return `
  CREATE VIEW payment_readable AS
    SELECT p.id, r.id AS reservation_id, u.id AS user_id, p.amount, p.balance, ${iso('paid_at', 'p.')}
    FROM payment p
    JOIN reservation r ON r.number = p.reservation_number
    JOIN user u ON u.number = p.user_number;

  CREATE VIEW charge_readable AS
    SELECT c.id, u.id AS user_id, c.amount, c.balance, ${iso('charged_at')}
    FROM charge c
    JOIN user u ON u.number = c.user_number;
  `;
}

function iso(name: string, table = ''): string {
  return `strftime('%Y-%m-%dT%H:%M:%fZ', ${table}${name}_ms / 1000.0, 'unixepoch') AS ${name}`;
}
