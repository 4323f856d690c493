/**
 * `npm run bench`: durable holds through the whole door, against a handler that does nothing. See README.md beside this.
 * `npm run bench -- nats`: what services get over NATS.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from '../test/system/client.ts';
import { Program, temporaryDataDir } from '../test/system/program.ts';
import { benchNats } from './nats/main.ts';
import { holdRequests, openSale, schedules, seatsTaken } from './holds.ts';
import { machine, ratesOf, report, type Side } from './report.ts';
import { runRound, type RoundResult } from './round.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    connections: { type: 'string', default: '64' },
  },
});
const connections = Number(options.connections);
const rounds = options.quick ? 3 : 5;
const holdsPerRound = options.quick ? 12_800 : 64_000;

function printRound(name: string, round: number, { created, others, seconds }: RoundResult): void {
  const unwanted = Object.entries(others).map(([status, count]) => `${count} × ${status}`);
  const note = unwanted.length === 0 ? '' : `, not counted: ${unwanted.join(', ')}`;
  const rate = Math.round(created / seconds).toLocaleString('en');
  process.stdout.write(`round ${round}  ${name.padEnd(14)}${rate.padStart(8)}/s  ${created} × 201${note}\n`);
}

async function measure(nullServer: Program, program: Program, client: Client): Promise<void> {
  const nullSide: Side & { rounds: RoundResult[] } = { name: 'null handler', rounds: [] };
  const durable: Side & { rounds: RoundResult[] } = { name: 'durable holds', rounds: [] };
  // Round 0 warms both up and is not counted.
  const tokens = await openSale(client, holdsPerRound * (rounds + 1));
  let created = 0;
  for (let round = 0; round <= rounds; round++) {
    for (const [side, { port }] of [[nullSide, nullServer] as const, [durable, program] as const]) {
      const requests = holdRequests(tokens, round * holdsPerRound, holdsPerRound, connections);
      const result = await runRound({ port, connections, requests });
      if (side === durable) created += result.created;
      if (round === 0) continue;
      side.rounds.push(result);
      printRound(side.name, round, result);
    }
  }
  const taken = await seatsTaken(client, tokens[0] ?? '');
  if (taken !== created) throw new Error(`${created} holds were answered 201, but ${taken} seats are taken.`);
  const text = report(nullSide, durable, connections);
  process.stdout.write(`\n${text}\n${taken.toLocaleString('en')} seats of ${schedules} dates are held, as answered.\n`);
  keep({
    machine: machine(),
    connections,
    holdsPerRound,
    nullHandler: ratesOf(nullSide),
    durableHolds: ratesOf(durable),
  });
}

function keep(result: object): void {
  const directory = join(import.meta.dirname, 'results');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'latest.json'), `${JSON.stringify(result, null, 2)}\n`);
}

async function benchHolds(): Promise<void> {
  const dataDir = temporaryDataDir();
  const running: Program[] = [];
  try {
    running.push(await Program.start(dataDir.path, {}, 'bench/null-server.ts'));
    running.push(
      await Program.start(dataDir.path, { MAX_SEATS_PER_USER: '1000000', HOLD_TTL_SECONDS: '3600', LOG_LEVEL: 'info' }),
    );
    const [nullServer, program] = running;
    if (nullServer === undefined || program === undefined) throw new Error('A server did not start.');
    const client = new Client(program.port);
    await measure(nullServer, program, client);
    client.close();
  } finally {
    await Promise.all(running.map((program) => program.kill()));
    dataDir.remove();
  }
}

if (positionals[0] === 'nats') await benchNats({ quick: options.quick });
else await benchHolds();
