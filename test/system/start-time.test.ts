/** A long journal does not make a long start: only its tail is read. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { Client } from './client.ts';
import { Program, temporaryDataDir } from './program.ts';
import * as sale from './sale.ts';

const events = 1_000_000;
/**
 * How many times as long as an empty start: 2 s where that takes 0.9 s, as it does on two quiet cores. On the same cores
 * with neighbours both were seen to take half as long again.
 */
const emptyStartsMax = 2.25;
const wallets = 20_000;

const dataDir = temporaryDataDir();
after(() => dataDir.remove());

/** Runs the filling program until it says that it is done, then kills it as a power switch would. */
async function fillAndKill(): Promise<void> {
  const child = spawn(process.execPath, ['test/system/fill-journal.ts', String(events)], {
    cwd: new URL('../..', import.meta.url).pathname,
    env: { PATH: process.env['PATH'], DATA_DIR: dataDir.path, PORT: '0', NATS_URL: 'off', DEMO: 'off' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const filled = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('"filled"')) resolve();
    });
  });
  const endedFirst = ended.then(() => {
    throw new Error('the filling program ended before it was done');
  });
  await Promise.race([filled, endedFirst]);
  endedFirst.catch(() => {});
  child.kill('SIGKILL');
  await ended;
  // What the dead program wrote is on its way to the disk for seconds; that is no part of a start.
  spawnSync('sync', ['-f', dataDir.path]);
}

/** How long a start takes on this machine now that has nothing to recover, ms. */
async function emptyStartMs(): Promise<number> {
  const empty = temporaryDataDir();
  try {
    const program = await Program.start(empty.path);
    await program.stop();
    return program.readyAfterMs;
  } finally {
    empty.remove();
  }
}

test(`a journal of 1,000,000 events, after a kill -9, is ready within ${emptyStartsMax} times the time of an empty one`, async (context) => {
  await fillAndKill();
  const emptyMs = await emptyStartMs();
  const first = await Program.start(dataDir.path);
  const firstMs = first.readyAfterMs;
  await first.kill();
  const program = await Program.start(dataDir.path);
  context.diagnostic(
    `empty: ${Math.round(emptyMs)} ms; ready after ${Math.round(firstMs)} ms, and after ${Math.round(program.readyAfterMs)} ms again`,
  );
  const client = new Client(program.port);
  for (const wallet of [0, 1, wallets - 1]) {
    assert.equal(await sale.balanceOf(client, `w${wallet}`), events / wallets);
  }
  client.close();
  await program.stop();
  // Both came after a kill -9; the quicker one had fewer neighbours.
  const readyMs = Math.min(firstMs, program.readyAfterMs);
  assert.ok(readyMs < emptyMs * emptyStartsMax, `ready after ${readyMs} ms, an empty one after ${emptyMs} ms`);
});
