/** What the scripts of this folder share: dates to hold seats of, and words with whoever started them. */
import type { OnsaleEngine } from '../../../api/protocols.ts';
import { Client } from '../../../test/system/client.ts';
import * as sale from '../../../test/system/sale.ts';
import { seatsPerRow } from '../../contender.ts';
import type { FromChild } from '../child.ts';

/** What the script was given; it knows the shape, because it and its measure are written together. */
export const given: unknown = JSON.parse(process.argv[2] ?? '{}');

export function tellProgress(done: number, of: number, what: string): void {
  send({ type: 'progress', done, of, what });
}

/** After this the process waits to be killed. */
export function tellFound(found: unknown): void {
  send({ type: 'found', found });
  setInterval(() => {}, 1_000);
}

function send(message: FromChild): void {
  if (process.send === undefined) process.stdout.write(`${JSON.stringify(message)}\n`);
  else process.send(message);
}

/** Dates `s0` …, of so many rows. */
export async function openDates(port: number, dates: number, rows: number): Promise<void> {
  const client = new Client(port, 8);
  await sale.createConcert(client, 'growth');
  const size = { rows, seats: seatsPerRow, price: 10_000 };
  await forEachIndex(dates, 8, (date) => sale.createSchedule(client, 'growth', `s${date}`, size));
  client.close();
}

/** Of these dates, as their actors say. */
export function seatsTaken(engine: OnsaleEngine, dates: number): number {
  let taken = 0;
  for (let date = 0; date < dates; date++) {
    const view = engine.view<'schedule', 'seats'>(`schedule:s${date}`, { type: 'seats' });
    if (view === null) throw new Error(`date s${date} is missing`);
    taken += view.seatsTotal - view.seatsAvailable;
  }
  return taken;
}

/** Runs `work` for every index, so many under way at once. */
export async function forEachIndex(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}
