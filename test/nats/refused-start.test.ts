/** A start that is refused lets nobody in and takes nobody from the line: whoever waits does not lose the turn to it. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { JournalReader } from '../../storage/journal-reader.ts';
import { runToEnd, type Ended } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { until } from '../until.ts';
import { historyOf } from './admissions.ts';
import { join, lineInfo, tokenOf } from './line-people.ts';
import { ProgramStage } from './program-stage.ts';

/** So slow that people wait for seconds, so quick that each start has somebody to let in. */
const slowly = { ...sale.openDoors, admitPerSecond: 5 };
const room = 'slow';

let stage: ProgramStage;
const copies = mkdtempSync(path(tmpdir(), 'onsale-journals-'));

before(async () => {
  stage = await ProgramStage.start();
});
after(async () => {
  await stage.close();
  rmSync(copies, { recursive: true });
});

function isOneOf(files: readonly string[]): (name: string) => boolean {
  return (name) => files.some((file) => name === file || name.startsWith(`${file}-`));
}

function copyFiles(from: string, to: string, files: readonly string[]): void {
  for (const name of readdirSync(from).filter(isOneOf(files))) cpSync(path(from, name), path(to, name));
}

function removeFiles(files: readonly string[]): void {
  const directory = stage.dataDir.path;
  for (const name of readdirSync(directory).filter(isOneOf(files))) rmSync(path(directory, name));
}

function journalEnd(): number {
  const reader = new JournalReader(path(stage.dataDir.path, 'journal.db'));
  try {
    return reader.end().batch;
  } finally {
    reader.close();
  }
}

async function joinAll(prefix: string, count: number): Promise<string[]> {
  const joins = Array.from({ length: count }, (_, i) => join(stage.client, `${prefix}${i}`, room));
  return (await Promise.all(joins)).map(({ body }) => String(body['token']));
}

async function untilAdmitted(count: number): Promise<void> {
  const { path: directory } = stage.dataDir;
  await until(`${count} are inside`, () => historyOf(directory, room).admissions.length >= count);
}

async function waitingOf(tokens: readonly string[]): Promise<string[]> {
  const found = await Promise.all(tokens.map(async (token) => [token, await tokenOf(stage.client, token)] as const));
  return found.filter(([, { status }]) => status === 'waiting').map(([token]) => token);
}

/** Where the line's stream begins and ends, and what it has. */
async function lineNow(): Promise<unknown> {
  const { state, created } = await lineInfo(stage.nats, room);
  return { created, first: state.first_seq, last: state.last_seq, messages: state.messages };
}

async function refusedStart(environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const ended = await runToEnd(stage.dataDir.path, { NATS_URL: stage.nats.url, ...environment });
  assert.equal(ended.code, 1, ended.output);
  return ended;
}

describe('a start on a port that another program has', () => {
  let other: Server;
  after(() => void other.close());

  it('changes neither the journal nor the line', async () => {
    await sale.putRoom(stage.client, room, slowly);
    await joinAll('ann', 40);
    await untilAdmitted(2);
    await stage.killProgram();
    const [end, line] = [journalEnd(), await lineNow()];
    other = createServer();
    await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address with a port.
    const { port } = other.address() as AddressInfo;
    const { output } = await refusedStart({ PORT: String(port) });
    assert.match(output, /EADDRINUSE/);
    assert.equal(journalEnd(), end);
    assert.deepEqual(await lineNow(), line);
    await stage.startProgram();
  });
});

describe('a start with an older journal', () => {
  it('leaves the line as it is, whether feed.db tells or the stream of events', async () => {
    const directory = stage.dataDir.path;
    await untilAdmitted(5);
    await stage.killProgram();
    const older = path(copies, 'older');
    const right = path(copies, 'right');
    copyFiles(directory, older, ['journal.db']);
    await stage.startProgram();
    const tokens = await joinAll('bob', 20);
    await untilAdmitted(10);
    const { client } = stage;
    await until('the feed has everything', async () => {
      const overview = await client.send('GET', '/v1/admin/overview', { bearer: 'system-test-admin-key' });
      return JSON.stringify(overview.body['feed']) === '{"lag":0}';
    });
    await sale.putRoom(client, room, { ...slowly, admitPerSecond: 0 });
    const waiting = await waitingOf(tokens);
    assert.ok(waiting.length > 10);
    // Remembered a second later at most.
    await stage.program.stop();
    await stage.killProgram();
    copyFiles(directory, right, ['journal.db', 'feed.db']);
    const line = await lineNow();
    for (const forgotten of [[], ['feed.db']]) {
      removeFiles(['journal.db', 'state.db', 'read-model.db', ...forgotten]);
      copyFiles(older, directory, ['journal.db']);
      const { output } = await refusedStart();
      assert.match(output, /confirmed batches are missing/);
      assert.match(output, forgotten.length === 0 ? /feed\.db/ : /ONSALE_EVENTS/);
      assert.deepEqual(await lineNow(), line);
    }
    removeFiles(['journal.db', 'state.db', 'read-model.db', 'feed.db']);
    copyFiles(right, directory, ['journal.db', 'feed.db']);
    await stage.startProgram();
    assert.deepEqual(await waitingOf(tokens), waiting);
  });
});
