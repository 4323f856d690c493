/** A Redis of our own on a unix socket. Without an append-only file it forgets everything when it is killed. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import type { RunningStore, Store } from './peer.ts';
import type { StoredHold } from './reservation.ts';
import { findExecutable, startStore } from './store-process.ts';

/** `always`: an answer leaves after fsync; all commands of one turn of its loop share one. */
export type AppendFsync = 'always' | 'off';

const keysPerScan = 1_000;

export function redis(appendFsync: AppendFsync): Store {
  const files = appendFsync === 'off' ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--appendfsync', appendFsync];
  return {
    missing: async () =>
      findExecutable('redis-server') === null ? 'Redis is missing: apt-get install -y redis-server' : null,

    start: async (parent) => {
      const directory = join(parent, 'redis');
      mkdirSync(directory, { recursive: true });
      const path = join(directory, 'socket');
      const server = await startStore({
        command: 'redis-server',
        args: [
          '--port',
          '0',
          '--unixsocket',
          path,
          '--unixsocketperm',
          '700',
          '--dir',
          directory,
          '--save',
          '',
          ...files,
        ],
        endSignal: 'SIGKILL',
        probe: () => withClient(path, async (client) => void (await client.ping())),
      });
      return {
        env: { REDIS_SOCKET: path },
        processes: () => [{ name: 'redis', pid: server.pid }],
        seatsHeld: () => withClient(path, seatsHeld),
        stop: () => server.end(),
      } satisfies RunningStore;
    },
  };
}

/** Keys of seats vanish when the hold's time is over; those of reservations stay for a day, for their answers. */
async function seatsHeld(client: RedisClient): Promise<number> {
  const owners = await valuesOf(client, 'seat:*');
  const reserved = new Set<string>();
  for (const value of (await valuesOf(client, 'reservation:*')).values()) {
    // Only the servers of the peers write these.
    const { id, scheduleId, seatIds, expiresAt } = JSON.parse(value) as StoredHold;
    if (Date.parse(expiresAt) <= Date.now()) continue;
    for (const seatId of seatIds) {
      const key = `seat:${scheduleId}:${seatId}`;
      if (reserved.has(key) || owners.get(key) !== id) throw new Error(`${key} has two owners.`);
      reserved.add(key);
    }
  }
  if (reserved.size !== owners.size) {
    throw new Error(`${owners.size} seats are marked as held, but reservations have ${reserved.size}.`);
  }
  return owners.size;
}

async function valuesOf(client: RedisClient, pattern: string): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for await (const keys of client.scanIterator({ MATCH: pattern, COUNT: keysPerScan })) {
    if (keys.length === 0) continue;
    for (const [index, value] of (await client.mGet(keys)).entries()) {
      const key = keys[index];
      if (key !== undefined && value !== null) values.set(key, value);
    }
  }
  return values;
}

type RedisClient = Awaited<ReturnType<typeof connect>>;

async function connect(path: string) {
  // Whoever probes asks again; a client that is connected throws from its next command.
  const client = createClient({ socket: { path, tls: false, reconnectStrategy: false } });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function withClient<Result>(path: string, work: (client: RedisClient) => Promise<Result>): Promise<Result> {
  const client = await connect(path);
  try {
    return await work(client);
  } finally {
    client.destroy();
  }
}
