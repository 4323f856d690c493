/** `npm run import` into a running program: a season of 1,000 dates, twice. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client } from './client.ts';
import { adminKey, Program, temporaryDataDir } from './program.ts';
import * as sale from './sale.ts';

const root = new URL('../..', import.meta.url).pathname;
const dataDir = temporaryDataDir();
const files = temporaryDataDir();
const schedules = 1_000;
const hourMs = 60 * 60 * 1000;
const now = Date.now();
let program: Program;
let client: Client;

before(async () => {
  program = await Program.start(dataDir.path);
  client = new Client(program.port);
});
after(async () => {
  client.close();
  await program.stop();
  dataDir.remove();
  files.remove();
});

async function runImport(content: string): Promise<{ code: number | null; report: string }> {
  const file = join(files.path, 'season.jsonl');
  writeFileSync(file, content);
  const url = `http://127.0.0.1:${program.port}`;
  const child = spawn(process.execPath, ['api/import.ts', file, '--url', url, '--key', adminKey], {
    cwd: root,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let report = '';
  child.stdout.on('data', (chunk) => (report += String(chunk)));
  await once(child, 'close');
  return { code: child.exitCode, report };
}

function scheduleLine(index: number, price: number): string {
  const rows = Array.from({ length: 20 }, (_, row) => ({ name: String(row + 1), seats: 50 }));
  const schedule = {
    concertId: `tour-${index % 10}`,
    id: `date-${index}`,
    venue: 'Hall',
    startsAt: new Date(now + 48 * hourMs).toISOString(),
    salesOpenAt: new Date(now - hourMs).toISOString(),
    salesCloseAt: new Date(now + 24 * hourMs).toISOString(),
    sections: [{ name: 'A', price, rows }],
  };
  return JSON.stringify({ schedule });
}

const season = [
  ...Array.from({ length: schedules }, (_, index) => scheduleLine(index, 100)),
  ...Array.from({ length: 10 }, (_, index) => JSON.stringify({ concert: { id: `tour-${index}`, name: 'Tour' } })),
].join('\n');

describe('a season of 1,000 dates of 1,000 seats', () => {
  test('is imported, and every seat of it is on sale', async () => {
    const { code, report } = await runImport(season);
    assert.match(report, /^1010 imported, 0 skipped, 0 bad/);
    assert.equal(code, 0);
    await sale.putRoom(client, 'main', sale.openDoors);
    const token = await sale.enter(client, 'ann');
    const { body } = await sale.expecting(200, client.send('GET', '/v1/concerts?available=true', { token }));
    const items = body['items'] as { schedules: number; seatsAvailable: number }[];
    assert.deepEqual(
      items.map((concert) => [concert.schedules, concert.seatsAvailable]),
      Array.from({ length: 10 }, () => [100, 100_000]),
    );
    const seats = await sale.seatStatuses(client, token, 'date-999');
    assert.equal(seats.size, 1_000);
    await sale.expecting(201, sale.hold(client, token, 'date-999', ['A-20-50']));
  });

  test('is skipped line by line when it is imported again, also after a kill -9', async () => {
    client.close();
    await program.kill();
    program = await Program.start(dataDir.path);
    client = new Client(program.port);
    const { code, report } = await runImport(season);
    assert.match(report, /^0 imported, 1010 skipped, 0 bad/);
    assert.equal(code, 0);
  });

  test('is reported by line where it contradicts what is there, or is wrong', async () => {
    const { code, report } = await runImport(
      [
        scheduleLine(3, 200),
        scheduleLine(4, 100),
        '{"schedule":{"concertId":"tour-1","id":"new","venue":""}}',
        '{"schedule":',
        scheduleLine(10_000, 100).replace('tour-0', 'no-such-tour'),
      ].join('\n'),
    );
    assert.match(report, /^line 1: schedule date-3: already_exists/m);
    assert.match(report, /^line 3: schedule new: invalid_request/m);
    assert.match(report, /^line 4: not JSON/m);
    assert.match(report, /^line 5: schedule date-10000: concert_not_found/m);
    assert.match(report, /^0 imported, 1 skipped, 4 bad/m);
    assert.equal(code, 1);
  });
});
