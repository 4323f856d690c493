/** The program itself as `npm start` runs it, without and with NATS. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { findOrInstallServer } from '../../api/nats/install-server.ts';
import { readModelFileName } from '../../storage/read-model/projector.ts';
import { until } from '../../test/until.ts';
import { Client } from '../../test/system/client.ts';
import { adminKey, Program, temporaryDataDir } from '../../test/system/program.ts';
import * as sale from '../../test/system/sale.ts';
import { type Catalogue, type Contender, type Lag, type RunningContender, seatsPerRow } from '../contender.ts';

export const onsale: Contender = {
  name: 'onsale',
  label: 'Onsale',
  durable: true,
  missing: () => Promise.resolve(null),
  start: (catalogue) => startOnsale(catalogue, 'off'),
};

export const onsaleNats: Contender = {
  name: 'onsale-nats',
  label: 'Onsale with NATS',
  durable: true,
  async missing() {
    const found = await findOrInstallServer(process.env['PATH'] ?? '');
    return found.type === 'none' ? `needs a nats-server: ${found.reason}` : null;
  },
  // An empty address counts as unset: it starts a private server, as `npm start` does.
  start: (catalogue) => startOnsale(catalogue, ''),
};

/** Nothing expires and nobody has too many seats while it is measured. */
export const benchSettings = { MAX_SEATS_PER_USER: '1000000', HOLD_TTL_SECONDS: '3600' } as const;

async function startOnsale(catalogue: Catalogue, natsUrl: string): Promise<RunningContender> {
  const dataDir = temporaryDataDir();
  const program = await Program.start(dataDir.path, { ...benchSettings, NATS_URL: natsUrl });
  const client = new Client(program.port);
  const stop = async (): Promise<void> => {
    client.close();
    // Not killed: a private nats-server would outlive it.
    await program.stop();
    dataDir.remove();
  };
  try {
    await until('nothing is degraded', async () => {
      const { body } = await client.send('GET', '/health/ready');
      return body['status'] === 'ok';
    });
    const tokens = await openSale(client, catalogue);
    const clerk = await enter(client, 'bench-clerk');
    const lag = (): Promise<Lag> => lagOf(client);
    return {
      port: program.port,
      tokens,
      processes: () => [{ name: 'onsale', pid: program.pid }],
      async seatsHeld() {
        await until('the read model has everything', async () => (await lag()).readModel === 0, 60_000);
        const taken = await seatsTaken(client, clerk);
        const told = ticketsIn(join(dataDir.path, readModelFileName));
        if (taken !== told) throw new Error(`${taken} seats are taken, but the read model has ${told} tickets`);
        return taken;
      },
      lag,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Puts the catalogue on sale, lets its people in, and gives their tokens. */
export async function openSale(client: Client, { schedules, rowsPerSchedule, users }: Catalogue): Promise<string[]> {
  await sale.putRoom(client, 'main', sale.openDoors);
  await sale.createConcert(client, 'bench');
  const size = { rows: rowsPerSchedule, seats: seatsPerRow, price: 10_000 };
  for (let date = 0; date < schedules; date++) await sale.createSchedule(client, 'bench', `bench-${date}`, size);
  return await Promise.all(Array.from({ length: users }, (_, user) => enter(client, `bench-user-${user}`)));
}

const busyMs = 50;

/** As `sale.enter`, but a program that says it is busy is asked again: letting people in is not what is measured. */
async function enter(client: Client, userId: string): Promise<string> {
  for (;;) {
    const { status, body } = await client.send('POST', '/v1/queue/tokens', { body: { userId, room: 'main' } });
    if (body['status'] === 'active') return String(body['token']);
    if (status !== 503 && status !== 201 && status !== 200) throw new Error(`a join was answered ${status}`);
    await sleep(busyMs);
  }
}

/** Of all concerts, as the engine tells it. */
export async function seatsTaken(client: Client, token: string): Promise<number> {
  const concerts = await sale.expecting(200, client.send('GET', '/v1/concerts?limit=500', { token }));
  let taken = 0;
  // The shapes are those of the API.
  for (const { id } of concerts.body['items'] as { id: string }[]) {
    const dates = await sale.expecting(200, client.send('GET', `/v1/concerts/${id}/schedules`, { token }));
    for (const { seatsTotal, seatsAvailable } of dates.body['items'] as {
      seatsTotal: number;
      seatsAvailable: number;
    }[]) {
      taken += seatsTotal - seatsAvailable;
    }
  }
  return taken;
}

/** Seats of live reservations; throws when a seat is in two of them. */
function ticketsIn(readModelFile: string): number {
  const db = new Sqlite(readModelFile, { readonly: true });
  try {
    const perSeat = db
      .prepare<[], { seats: number; tickets: number }>(
        `SELECT count(*) AS seats, coalesce(sum(tickets), 0) AS tickets FROM (
           SELECT count(*) AS tickets FROM reservation_ticket t JOIN reservation r ON r.number = t.reservation_number
           WHERE r.status IN ('held', 'paying', 'paid') GROUP BY t.schedule_number, t.seat_position)`,
      )
      .get();
    const { seats = 0, tickets = 0 } = perSeat ?? {};
    if (seats !== tickets) throw new Error(`${tickets} tickets for ${seats} seats: a seat is sold twice`);
    return seats;
  } finally {
    db.close();
  }
}

async function lagOf(client: Client): Promise<Lag> {
  const { body } = await sale.expecting(200, client.send('GET', '/v1/admin/overview', { bearer: adminKey }));
  // The shape is that of the API.
  const { readModel, feed } = body as { readModel: { lag: number }; feed: { lag: number | null } };
  return { readModel: readModel.lag, feed: feed.lag };
}
