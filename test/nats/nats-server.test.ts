/** The private server: started, kept, moved, guarded, ended, and never mistaken for somebody else's. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { findOrInstallServer, findServer, projectFolder } from '../../api/nats/install-server.ts';
import { findLeftovers } from '../../api/nats/nats-server-leftover.ts';
import { PrivateServer } from '../../api/nats/nats-server.ts';
import { createLog } from '../../api/log.ts';
import { openNats } from '../../api/nats/open-nats.ts';
import { Client } from '../system/client.ts';
import { adminKey, Program, temporaryDataDir } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { connected, linkTo, silentLog } from './link-stage.ts';
import { NatsUnderTest, serverProgram } from './nats-under-test.ts';
import { until } from '../until.ts';

const waitMs = 10_000;
let binary: string;
let directory: string;

before(async () => {
  binary = await serverProgram();
  directory = mkdtempSync(join(tmpdir(), 'onsale-private-'));
});
after(() => rmSync(directory, { recursive: true, force: true }));

function start(home: string, token: string | null = null, urls: string[] = []): Promise<PrivateServer> {
  const options = { binary, directory: home, token, log: silentLog, onListening: (url: string) => void urls.push(url) };
  return PrivateServer.start(options, waitMs);
}

/** Processes whose configuration lies in this data directory. */
function serversOf(dataDir: string): number[] {
  const home = join(dataDir, 'nats');
  return findLeftovers({ directory: home, configFile: join(home, 'nats-server.conf') }, null);
}

/** Whether this is a running server of that directory; a process that ended but was not yet waited for is none. */
function runs(home: string, pid: number | null): boolean {
  const configFile = join(home, 'nats-server.conf');
  return pid !== null && findLeftovers({ directory: home, configFile }, null).includes(pid);
}

describe('a private server', () => {
  it('listens on loopback, keeps its port, comes back when it dies, and ends when it is stopped', async () => {
    const home = join(directory, 'keeps');
    const urls: string[] = [];
    const server = await start(home, null, urls);
    const { pid, port } = server;
    assert.ok(pid !== null && port !== null);
    assert.deepEqual(JSON.parse(readFileSync(join(home, 'nats-server.json'), 'utf8')), {
      pid,
      port,
      store: join(home, 'store'),
    });
    const link = linkTo(`nats://127.0.0.1:${port}`);
    await connected(link);
    process.kill(pid, 'SIGKILL');
    await until('another process serves', () => server.pid !== null && server.pid !== pid && urls.length === 2);
    await connected(link);
    assert.equal(server.port, port);
    await link.close();
    // Else it would be a share of what is free on the disk, and the feed be refused on a small one.
    assert.match(readFileSync(join(home, 'nats-server.log'), 'utf8'), /Max Storage: +1\.00 PB/);
    const last = server.pid;
    await server.stop();
    assert.ok(last !== null && !runs(home, last));
    const again = await start(home);
    assert.equal(again.port, port, 'also after a stop');
    await again.stop();
  });

  it('is tried again where its files cannot be written for a while', async () => {
    const home = join(directory, 'full');
    const said: string[] = [];
    const log = createLog('warn', { write: (line) => void said.push(line) });
    const server = await PrivateServer.start(
      { binary, directory: home, token: null, log, onListening: () => undefined },
      waitMs,
    );
    const { pid } = server;
    assert.ok(pid !== null);
    const config = join(home, 'nats-server.conf');
    rmSync(config);
    mkdirSync(config);
    process.kill(pid, 'SIGKILL');
    await until('two attempts have failed', () => said.length >= 3);
    assert.match(said[2] ?? '', /nats-server\.conf.*it is started again/);
    rmSync(config, { recursive: true });
    await until('another process serves', () => server.listens && server.pid !== pid);
    await server.stop();
  });

  it('moves when somebody else has its port, and leaves that one alone', async () => {
    const home = join(directory, 'moves');
    const stranger = createServer((socket) => socket.end('INFO {"server_id":"a stranger"}\r\n'));
    stranger.listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const address = stranger.address();
    assert.ok(typeof address === 'object' && address !== null);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'nats-server.json'), JSON.stringify({ pid: process.pid, port: address.port }));
    const server = await start(home);
    assert.ok(server.port !== null && server.port !== address.port);
    assert.ok(stranger.listening);
    await server.stop();
    stranger.close();
  });

  it('ends the leftover of its own directory and no other', async () => {
    const other = await NatsUnderTest.start();
    const neighbour = await start(join(directory, 'neighbour'));
    const home = join(directory, 'own');
    await (await start(home)).stop();
    const leftover = spawn(binary, ['-c', join(home, 'nats-server.conf')], { cwd: home, stdio: 'ignore' });
    await until('the leftover runs', () => runs(home, leftover.pid ?? null));
    const gone = once(leftover, 'exit');
    const server = await start(home);
    await gone;
    assert.ok(runs(home, server.pid));
    assert.ok(runs(join(directory, 'neighbour'), neighbour.pid));
    await (await other.connect()).close();
    await Promise.all([server.stop(), neighbour.stop(), other.close()]);
  });

  it('demands its token where there is one', async () => {
    const server = await start(join(directory, 'guarded'), 'a-token-of-the-tests');
    const servers = `127.0.0.1:${server.port}`;
    await assert.rejects(connect({ servers, reconnect: false }), /Authorization Violation/i);
    await assert.rejects(connect({ servers, token: 'another', reconnect: false }), /Authorization Violation/i);
    await (await connect({ servers, token: 'a-token-of-the-tests' })).close();
    await server.stop();
  });
});

/** A start whose port is taken by another program between its first look at it and its listening; all that it said. */
async function failAfterTheServer(path: string, env: Readonly<Record<string, string>>): Promise<string> {
  const port = await freePort();
  // Whoever is quicker has it: a test process that was kept waiting tries again.
  for (let tries = 0; tries < 5; tries += 1) {
    const taken = createServer();
    const onLine = (line: string): void => {
      if (line.includes('private nats-server listens')) taken.listen(port, '127.0.0.1').on('error', () => undefined);
    };
    try {
      const program = await Program.start(path, { ...env, PORT: String(port) }, 'api/main.ts', { onLine });
      await program.stop();
    } catch (error) {
      return String(error);
    } finally {
      taken.close();
    }
  }
  throw new Error('the program was always quicker');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  server.close();
  return address.port;
}

describe('the program with its own server', () => {
  const dataDir = temporaryDataDir();
  const env = { NATS_URL: '' };
  const programs: Program[] = [];
  const startProgram = async (more: Readonly<Record<string, string>> = {}): Promise<Program> => {
    const program = await Program.start(dataDir.path, { ...env, ...more });
    programs.push(program);
    return program;
  };
  after(async () => {
    await Promise.all(programs.map((program) => program.kill()));
    for (const pid of serversOf(dataDir.path)) process.kill(pid, 'SIGKILL');
    dataDir.remove();
  });

  it('reuses what a kill -9 left behind: store, port and line', async () => {
    const first = await startProgram();
    let client = new Client(first.port);
    const shut = { ...sale.openDoors, admitPerSecond: 0 };
    await sale.putRoom(client, 'main', shut);
    const ann = await sale.expecting(201, client.send('POST', '/v1/queue/tokens', { body: { userId: 'ann' } }));
    const before = (await client.send('GET', '/v1/admin/overview', { bearer: adminKey })).body['nats'];
    client.close();
    await first.kill();
    const [leftover] = serversOf(dataDir.path);
    assert.ok(leftover !== undefined, 'the server outlives a killed engine');

    const second = await startProgram();
    const [running, ...more] = serversOf(dataDir.path);
    assert.ok(running !== undefined && running !== leftover && more.length === 0);
    client = new Client(second.port);
    assert.deepEqual((await client.send('GET', '/v1/admin/overview', { bearer: adminKey })).body['nats'], before);
    assert.match(JSON.stringify(before), /^\{"url":"nats:\/\/127\.0\.0\.1:\d+","state":"connected"\}$/);
    const again = await sale.expecting(200, client.send('POST', '/v1/queue/tokens', { body: { userId: 'ann' } }));
    assert.equal(again.body['token'], ann.body['token']);
    const metrics = await fetch(`http://127.0.0.1:${second.port}/metrics`).then((answer) => answer.text());
    assert.match(metrics, /^onsale_people_waiting\{room="main"\} 1$/m);
    assert.match(metrics, /^onsale_nats_connected 1$/m);
    client.close();
    assert.equal((await second.stop()).code, 0);
    assert.deepEqual(serversOf(dataDir.path), [], 'and ends with the engine');
  });

  it('takes it along when it ends by a fatal error', async () => {
    const output = await failAfterTheServer(dataDir.path, env);
    assert.match(output, /private nats-server listens.*EADDRINUSE/s);
    await until('the server has gone', () => serversOf(dataDir.path).length === 0);
  });

  it('guards it with a token of mode 0600 when callers must prove who they are', async () => {
    const program = await startProgram({ AUTH_JWT_SECRET: 'x'.repeat(32) });
    try {
      const file = join(dataDir.path, 'nats', 'token');
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal(statSync(join(dataDir.path, 'nats', 'nats-server.conf')).mode & 0o777, 0o600);
      const token = readFileSync(file, 'utf8').trim();
      const overview = await sale.expecting(
        200,
        new Client(program.port, 1).send('GET', '/v1/admin/overview', { bearer: adminKey }),
      );
      const servers = /nats:\/\/([^"]+)/.exec(JSON.stringify(overview.body['nats']))?.[1];
      assert.ok(servers !== undefined);
      await assert.rejects(connect({ servers, reconnect: false }), /Authorization Violation/i);
      await (await connect({ servers, token })).close();
      assert.ok(!program.output.includes(token));
    } finally {
      assert.equal((await program.stop()).code, 0);
    }
  });
});

describe('the program nats-server', () => {
  it('is found on the PATH before the project’s own folder', async () => {
    const folder = join(directory, 'folder');
    mkdirSync(folder);
    writeFileSync(join(folder, 'nats-server'), '#!/bin/sh\n', { mode: 0o755 });
    assert.equal(findServer(`/nowhere:${folder}`, projectFolder), join(folder, 'nats-server'));
    assert.equal(findServer('/nowhere', folder), join(folder, 'nats-server'));
    assert.equal(findServer('/nowhere', '/nowhere'), null);
  });

  it('that is not to be had leaves the line to the engine, and is not tried for at every start', async () => {
    const folder = join(directory, 'without');
    mkdirSync(folder);
    writeFileSync(join(folder, 'not-installed.txt'), 'there is no network\n');
    const found = await findOrInstallServer('', folder);
    assert.match(found.type === 'none' ? found.reason : '', /there is no network; npm run nats:install tries again/);
    const nats = await openNats({
      choice: { type: 'private' },
      dataDir: directory,
      guarded: false,
      log: silentLog,
      searchPath: '',
      serverFolder: folder,
    });
    assert.equal(nats.link, null);
    assert.deepEqual(nats.overview(), { url: null, state: 'off' });
    assert.deepEqual(nats.degraded(), []);
  });
});
