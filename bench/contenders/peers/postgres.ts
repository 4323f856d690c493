/** A Postgres of our own, tuned for many short transactions, and durable: fsync and synchronous_commit are on. */
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { seatsPerRow, type Catalogue } from '../../contender.ts';
import type { RunningStore, Store } from './peer.ts';
import { findExecutable, forksOf, startStore } from './store-process.ts';

const debianFolders = '/usr/lib/postgresql/*/bin';

/** What was tried of these is in README.md. */
const settings: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '512MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  wal_buffers: '64MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
  max_connections: '200',
  jit: 'off',
  recovery_init_sync_method: 'syncfs',
  listen_addresses: '',
  unix_socket_permissions: '0700',
};

/** A seat's row is updated in its page, because no index has the columns that change and each page is half empty. */
const schema = `
CREATE TABLE seats (
  schedule_id text NOT NULL,
  id text NOT NULL,
  reservation_id uuid,
  held_until timestamptz NOT NULL DEFAULT '-infinity',
  PRIMARY KEY (schedule_id, id)
) WITH (fillfactor = 50);
CREATE TABLE reservations (
  id uuid PRIMARY KEY,
  schedule_id text NOT NULL,
  user_id text NOT NULL,
  seat_ids text[] NOT NULL,
  held_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  seats_taken int NOT NULL,
  CONSTRAINT all_or_none CHECK (seats_taken = cardinality(seat_ids))
);`;

/** Of the holds that have not expired: seats, and the seats that two of them name or that say to be another's. */
const heldNow = `
WITH held AS (
  SELECT id AS reservation_id, schedule_id, unnest(seat_ids) AS seat_id FROM reservations WHERE expires_at > now()
)
SELECT count(DISTINCT (held.schedule_id, seat_id))::int AS seats,
  (count(*) - count(DISTINCT (held.schedule_id, seat_id))
    + count(*) FILTER (WHERE seats.reservation_id IS DISTINCT FROM held.reservation_id))::int AS wrong,
  (SELECT count(*)::int FROM seats WHERE held_until > now()) AS marked
FROM held LEFT JOIN seats ON seats.schedule_id = held.schedule_id AND seats.id = held.seat_id`;

export const postgres: Store = {
  missing: async () =>
    findExecutable('postgres', debianFolders) === null || findExecutable('initdb', debianFolders) === null
      ? 'Postgres is missing: apt-get install -y postgresql'
      : null,

  start: async (parent, catalogue) => {
    const directory = join(parent, 'postgres');
    const data = join(directory, 'data');
    const env = { PGHOST: directory, PGUSER: 'onsale', PGDATABASE: 'postgres' };
    const connection = { host: directory, user: env.PGUSER, database: env.PGDATABASE };
    const user = otherUser();
    const fresh = !existsSync(directory);
    if (fresh) await initialise(parent, directory, data, user);
    const options = { ...settings, unix_socket_directories: directory };
    const server = await startStore({
      command: findExecutable('postgres', debianFolders) ?? 'postgres',
      args: ['-D', data, ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      // Ends all backends at once and frees their shared memory, which SIGKILL does not.
      endSignal: 'SIGQUIT',
      user,
      probe: () => withClient(connection, async () => {}),
    });
    try {
      if (fresh) await withClient(connection, (client) => fill(client, catalogue));
    } catch (error) {
      await server.end();
      throw error;
    }
    const named = { name: 'postgres', pid: server.pid };
    return {
      env,
      processes: () => [named, ...forksOf(named)],
      seatsHeld: () => withClient(connection, seatsHeld),
      stop: () => server.end(),
    } satisfies RunningStore;
  },
};

async function initialise(parent: string, directory: string, data: string, user: User | undefined): Promise<void> {
  mkdirSync(directory);
  if (user !== undefined) {
    // So that it reaches its own directory through ours.
    chmodSync(parent, 0o711);
    chownSync(directory, user.uid, user.gid);
  }
  const args = ['-D', data, '-A', 'trust', '-U', 'onsale', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await promisify(execFile)(findExecutable('initdb', debianFolders) ?? 'initdb', args, { cwd: '/', ...user });
}

async function fill(client: Client, { schedules, rowsPerSchedule }: Catalogue): Promise<void> {
  await client.query(schema);
  await client.query(
    `INSERT INTO seats (schedule_id, id)
     SELECT 'bench-' || schedule, 'A-' || line || '-' || seat
     FROM generate_series(0, $1::int - 1) schedule, generate_series(1, $2::int) line, generate_series(1, $3::int) seat`,
    [schedules, rowsPerSchedule, seatsPerRow],
  );
  await client.query('VACUUM ANALYZE seats');
  await client.query('CHECKPOINT');
}

async function seatsHeld(client: Client): Promise<number> {
  const { rows } = await client.query<{ seats: number; wrong: number; marked: number }>(heldNow);
  const { seats, wrong, marked } = rows[0] ?? { seats: 0, wrong: 0, marked: 0 };
  if (wrong > 0) throw new Error(`${wrong} seats have two owners.`);
  if (marked !== seats) throw new Error(`${marked} seats are marked as held, but reservations have ${seats}.`);
  return seats;
}

type User = { readonly uid: number; readonly gid: number };

/** Postgres refuses to run as root. */
function otherUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('Postgres does not run as root, and there is no user "postgres" or "nobody" to run it.');
}

async function withClient<Result>(
  connection: { readonly host: string; readonly user: string; readonly database: string },
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client(connection);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
