/**
 * "Answered means on disk", seen from outside: the system calls of the running program, by strace. A kill cannot show
 * it, because what was written and not yet synced survives the process.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { until } from '../until.ts';
import { Client } from './client.ts';
import { Program, temporaryDataDir } from './program.ts';
import * as sale from './sale.ts';
import { syncOrderOf } from './sync-order.ts';
import { type SystemCall, systemCallsIn } from './system-calls.ts';

const singles = 100;
const bursts = 10;
const burstSize = 20;

/** As long as the longest write of the log, escaped; a page has 4,096 bytes. */
const printedBytesMax = 65_536;

function straceArgs(traceFile: string): string[] {
  // -D: the tracer is the grandchild, so that signals and the end of the process are the program's own.
  const calls = 'trace=fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg';
  return [
    'strace',
    '-D',
    '-f',
    '--seccomp-bpf',
    '-ttt',
    '-y',
    '-s',
    String(printedBytesMax),
    '-e',
    calls,
    '-o',
    traceFile,
  ];
}

/** Why strace cannot be used here, or null. */
function missing(): string | null {
  const { error, status, stderr } = spawnSync('strace', ['-f', '--seccomp-bpf', '-o', '/dev/null', 'true'], {
    encoding: 'utf8',
  });
  if (error !== undefined) return `strace cannot be run: ${error.message}`;
  return status === 0 ? null : `strace may not trace here: ${stderr.trim()}`;
}

interface Traced {
  readonly calls: readonly SystemCall[];
  readonly markers: readonly string[];
  /** Batches in the journal that confirm one of the markers. */
  readonly batches: number;
}

/** All calls of a program that has been told to stop. */
async function callsOnceStopped(program: Program, traceFile: string): Promise<SystemCall[]> {
  await program.stop();
  const trace = await until('strace has written the end of the process', () => {
    const text = readFileSync(traceFile, 'latin1');
    return new RegExp(String.raw`^${program.pid} .*\+\+\+ exited`, 'm').test(text) ? text : null;
  });
  return systemCallsIn(trace);
}

/** Charges, each to a wallet whose user's name is its marker: one at a time, then many at once. */
async function traced(context: TestContext): Promise<Traced> {
  const dataDir = temporaryDataDir();
  context.after(() => dataDir.remove());
  const traceFile = join(dataDir.path, 'trace');
  const data = join(dataDir.path, 'data');
  const program = await Program.start(data, {}, 'api/main.ts', { under: straceArgs(traceFile) });
  context.after(() => program.kill());
  const client = new Client(program.port);
  context.after(() => client.close());

  const markers: string[] = [];
  const chargeMarked = async (): Promise<void> => {
    const marker = `marked-${String(markers.length).padStart(4, '0')}-user`;
    markers.push(marker);
    await sale.expecting(201, sale.charge(client, marker, 5));
  };
  for (let count = 0; count < singles; count++) await chargeMarked();
  for (let count = 0; count < bursts; count++) {
    await Promise.all(Array.from({ length: burstSize }, () => chargeMarked()));
  }
  const calls = await callsOnceStopped(program, traceFile);

  const journal = new Database(join(data, 'journal.db'), { readonly: true });
  // count() answers with one row.
  const { batches } = journal.prepare("SELECT count(*) AS batches FROM journal WHERE turns LIKE '%marked-%'").get() as {
    batches: number;
  };
  journal.close();
  return { calls, markers, batches };
}

describe('the system calls of the program', () => {
  const why = missing();

  test('show every confirmed batch synced before its replies are sent', { skip: why ?? false }, async (context) => {
    const { calls, markers, batches } = await traced(context);
    const { syncs, broken } = syncOrderOf(calls, markers);
    context.diagnostic(`${markers.length} replies, ${batches} batches, ${syncs} syncs of the journal`);
    assert.deepEqual(broken, []);
    assert.ok(batches >= singles + bursts, `${batches} batches: the charges were not the load that this test means`);
    assert.ok(batches < markers.length, 'no burst shared a batch');
    assert.ok(syncs >= batches, `${syncs} syncs for ${batches} batches`);

    // The same calls, with one thing wrong in each case: the check must see it.
    const [first = ''] = markers;
    const reply = calls.find(({ target, args }) => target.startsWith('socket:') && args.includes(first));
    const write = calls.find(({ target, args }) => target.endsWith('journal.db-wal') && args.includes(first));
    assert.ok(reply !== undefined && write !== undefined);
    const early = { ...reply, begins: write.ends + 0.5, ends: write.ends + 0.6 };
    const repliedEarly = calls.map((call) => (call === reply ? early : call));
    assert.equal(syncOrderOf(repliedEarly, markers).broken.length, 1);
    const neverSynced = calls.filter(({ name }) => name !== 'fsync' && name !== 'fdatasync');
    assert.equal(syncOrderOf(neverSynced, markers).broken.length, markers.length);
    const othersSynced = calls.map((call) => {
      return call.name === 'fsync' ? { ...call, target: call.target.replace('journal.db-wal', 'state.db-wal') } : call;
    });
    assert.equal(syncOrderOf(othersSynced, markers).broken.length, markers.length);
    const failed = calls.map((call) => (call.name === 'fsync' ? { ...call, result: -1 } : call));
    assert.equal(syncOrderOf(failed, markers).broken.length, markers.length);
  });

  test(
    'show what a killed process may not have synced synced before anything is told of it',
    { skip: why ?? false },
    async (context) => {
      const dataDir = temporaryDataDir();
      context.after(() => dataDir.remove());
      const data = join(dataDir.path, 'data');
      const killed = await Program.start(data);
      const charger = new Client(killed.port);
      await sale.expecting(201, sale.charge(charger, 'ann', 5));
      charger.close();
      await killed.kill();
      const traceFile = join(dataDir.path, 'trace');
      const program = await Program.start(data, {}, 'api/main.ts', { under: straceArgs(traceFile) });
      const calls = await callsOnceStopped(program, traceFile);
      const told = calls.find(({ args }) => args.includes('listening'));
      assert.ok(told !== undefined);
      const restsOn = calls.filter(({ name, target, result, ends }) => {
        return name === 'fsync' && /journal\.db(-wal)?$/.test(target) && result === 0 && ends < told.begins;
      });
      assert.deepEqual(
        new Set(restsOn.map(({ target }) => target.slice(data.length + 1))),
        new Set(['journal.db-wal', 'journal.db']),
      );
    },
  );

  test('are read from lines that other threads interrupt', () => {
    const trace = [
      '11 1.0 pwrite64(5</d/journal.db-wal>, "a \\"mark\\" 1", 10, 0) = 10',
      '11 1.1 fsync(5</d/journal.db-wal> <unfinished ...>',
      '10 1.2 writev(9<socket:[77]>, [{iov_base="mark", iov_len=4}], 1) = 4',
      '11 1.3 <... fsync resumed>) = 0',
      '10 1.4 +++ exited with 0 +++',
    ].join('\n');
    const calls = systemCallsIn(trace);
    assert.deepEqual(
      calls.map(({ name, target, begins, ends, result }) => [name, target, begins, ends, result]),
      [
        ['pwrite64', '/d/journal.db-wal', 0, 0, 10],
        ['fsync', '/d/journal.db-wal', 1, 3, 0],
        ['writev', 'socket:[77]', 2, 2, 4],
      ],
    );
    assert.equal(syncOrderOf(calls, ['mark']).broken.length, 1, 'a reply while the sync runs is too early');
  });
});
