/** People who came once cost nothing at rest: their wallets leave memory, and are right when asked again. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../api/limits.ts';
import { offer } from './pipelined-load.ts';
import { Program, temporaryDataDir } from './program.ts';

const wallets = 100_000;
const settleMs = 30_000;
/** Actors that are never idle: the catalog, a room, its line. */
const residentsMax = 10;

const dataDir = temporaryDataDir();
let program: Program;

before(async () => {
  program = await Program.start(dataDir.path);
});
after(async () => {
  await program.stop();
  dataDir.remove();
});

async function actorsInMemory(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${program.port}/metrics`);
  const value = /^onsale_actors_in_memory (\d+)/m.exec(await response.text())?.[1];
  assert.ok(value !== undefined, 'the metric onsale_actors_in_memory is missing');
  return Number(value);
}

/** Sends one request a wallet, few enough at once that none is refused, and gives back how many were answered how. */
async function forEachWallet(
  request: (wallet: number) => string,
  onAnswer: (answer: Buffer) => void,
): Promise<ReadonlyMap<number, number>> {
  let sent = 0;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const { answers } = await offer({
    port: program.port,
    connections: 50,
    depth: 4,
    next() {
      // A wallet past the last one may be asked for before the load has stopped; it is like the others.
      const wallet = sent++;
      if (sent >= wallets) resolve();
      return Buffer.from(request(wallet));
    },
    until: all,
    onAnswer,
  });
  return answers;
}

test('100,000 wallets that were charged once', async (context) => {
  const body = '{"amount":7}';
  const head = `Host: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  const charged = await forEachWallet(
    (wallet) => `POST /v1/users/w${wallet}/charges HTTP/1.1\r\n${head}\r\n\r\n${body}`,
    () => {},
  );
  assert.deepEqual([...charged.keys()], [201]);
  assert.ok((charged.get(201) ?? 0) >= wallets);

  const deadline = performance.now() + settleMs;
  let left = await actorsInMemory();
  while (left > limits.idleActorsMax + residentsMax && performance.now() < deadline) {
    await sleep(100);
    left = await actorsInMemory();
  }
  context.diagnostic(`${left} actors in memory, ${Math.round((program.residentBytes() ?? 0) / 2 ** 20)} MiB resident`);
  assert.ok(left <= limits.idleActorsMax + residentsMax, `${left} actors are still in memory`);

  let right = 0;
  const read = await forEachWallet(
    (wallet) => `GET /v1/users/w${wallet}/balance HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    (answer) => {
      if (/"userId":"w\d+","balance":7\}$/.test(answer.toString('latin1'))) right += 1;
    },
  );
  assert.deepEqual([...read.keys()], [200]);
  assert.ok(right >= wallets, `${right} balances are right`);
  assert.ok((await actorsInMemory()) <= limits.idleActorsMax + residentsMax, 'reading does not fill memory again');
});
