/** More commands than the program can take: it says so at once, stays quick for those it takes, and gets over it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.ts';
import { offer } from './pipelined-load.ts';
import { Program, temporaryDataDir } from './program.ts';
import * as sale from './sale.ts';

const loadMs = 20_000;
const connections = 1_000;
/** Twice as many commands under way as connections, which is more than the engine lets wait. */
const depth = 2;
const acceptedP99MaxMs = 250;
const residentMaxBytes = 900 * 1024 * 1024;
const users = 5_000;

const dataDir = temporaryDataDir();
let program: Program;

before(async () => {
  program = await Program.start(dataDir.path);
});
after(async () => {
  await program.stop();
  dataDir.remove();
});

const body = '{"amount":1}';

function chargeRequest(user: number): Buffer {
  const head = ['Host: localhost', 'Content-Type: application/json', `Content-Length: ${body.length}`];
  return Buffer.from(`POST /v1/users/u${user}/charges HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${body}`);
}

test('1,000 connections that offer more than it can take', async (context) => {
  const requests = Array.from({ length: users }, (_, user) => chargeRequest(user));
  let turn = 0;
  const resident: number[] = [];
  const sampler = setInterval(() => resident.push(program.residentBytes() ?? 0), 500);
  const load = await offer({
    port: program.port,
    connections,
    depth,
    next: () => requests[turn++ % users] ?? Buffer.alloc(0),
    until: sleep(loadMs),
  });
  clearInterval(sampler);

  const accepted = load.answers.get(201) ?? 0;
  const refused = load.answers.get(503) ?? 0;
  const p99Ms = load.acceptedUs.percentile(99) / 1000;
  const residentMax = Math.max(...resident);
  context.diagnostic(
    `${accepted} accepted, ${refused} refused, p99 ${p99Ms.toFixed(0)} ms, ${Math.round(residentMax / 2 ** 20)} MiB`,
  );
  assert.deepEqual(
    [...load.answers.keys()].sort((a, b) => a - b),
    [201, 503],
  );
  assert.equal(load.wrongRefusals, 0, 'every refusal is overloaded and has a Retry-After');
  assert.equal(load.brokenConnections, 0);
  assert.ok(accepted > 0 && refused > 0);
  assert.ok(p99Ms < acceptedP99MaxMs, `p99 of the accepted was ${p99Ms} ms`);
  assert.ok(residentMax < residentMaxBytes, `${residentMax} bytes resident`);

  const client = new Client(program.port, 20);
  const startedAt = performance.now();
  await sale.expecting(201, sale.charge(client, 'after', 1));
  assert.ok(performance.now() - startedAt < acceptedP99MaxMs, 'recovers by itself');
  await sale.expecting(200, client.send('GET', '/health/ready'));
  const balances = await Promise.all(Array.from({ length: users }, (_, user) => sale.balanceOf(client, `u${user}`)));
  assert.equal(
    balances.reduce((sum, balance) => sum + balance, 0),
    accepted,
    'what was accepted is there, and what was refused is not',
  );
  client.close();
});
