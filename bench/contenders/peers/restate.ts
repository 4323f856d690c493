/** A Restate server of our own on unix sockets; its log is synced before it acts on what is in there. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningStore, Store } from './peer.ts';
import type { StoredHold } from './reservation.ts';
import { posts } from './restate/http-socket.ts';
import { startStore } from './store-process.ts';

const installed = join(import.meta.dirname, 'restate/node_modules/@restatedev');
const binary = join(installed, `restate-server-${process.platform}-${process.arch}/bin/restate-server`);
const nodeName = 'n1';

/** What was tried is in README.md. */
const settings: Readonly<Record<string, string>> = {
  RESTATE_DISABLE_TELEMETRY: 'true',
  RESTATE_LOG_FILTER: 'warn',
  RESTATE_DEFAULT_NUM_PARTITIONS: '1',
};

export const restate: Store = {
  missing: async () =>
    existsSync(binary) && existsSync(join(installed, 'restate-sdk'))
      ? null
      : 'Restate is missing (200 MB): npm ci --prefix bench/contenders/peers/restate',

  start: async (parent) => {
    const directory = join(parent, 'restate');
    const env = {
      RESTATE_INGRESS: join(directory, nodeName, 'ingress.sock'),
      RESTATE_ADMIN: join(directory, nodeName, 'admin.sock'),
    };
    const query = posts(env.RESTATE_ADMIN);
    const server = await startStore({
      command: binary,
      args: ['--no-logo', '--listen-mode', 'unix', '--node-name', nodeName, '--base-dir', directory],
      env: settings,
      endSignal: 'SIGKILL',
      probe: async () => void (await rowsOf(query, 'SELECT count(*) AS seats FROM state')),
    });
    return {
      env,
      processes: () => [{ name: 'restate', pid: server.pid }],
      seatsHeld: () => seatsHeld(query),
      stop: () => server.end(),
    } satisfies RunningStore;
  },
};

/** Each object says whose its seat is; all seats of one reservation must say the same. */
async function seatsHeld(query: ReturnType<typeof posts>): Promise<number> {
  const rows = await rowsOf(query, "SELECT service_key, value_utf8 FROM state WHERE service_name = 'Seat'");
  const holds = new Map(
    // Only our own handlers write these.
    rows.map((row) => [String(row['service_key']), JSON.parse(String(row['value_utf8'])) as StoredHold]),
  );
  let held = 0;
  for (const [key, { id, scheduleId, seatIds, expiresAt }] of holds) {
    if (Date.parse(expiresAt) <= Date.now()) continue;
    held++;
    const keys = seatIds.map((seatId) => `${scheduleId}.${seatId}`);
    if (!keys.includes(key) || keys.some((other) => holds.get(other)?.id !== id)) {
      throw new Error(`A seat of reservation ${id} has two owners.`);
    }
  }
  return held;
}

async function rowsOf(query: ReturnType<typeof posts>, sql: string): Promise<readonly Record<string, unknown>[]> {
  const { status, text } = await query('/query', { query: sql });
  if (status !== 200) throw new Error(`Restate answers ${status}: ${text}`);
  // The admin API's shape.
  return (JSON.parse(text) as { rows: Record<string, unknown>[] }).rows;
}
