/** A private server that runs and does not answer is ended, so that another one takes its place. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PrivateServer } from '../../api/nats/nats-server.ts';
import { watchServer } from '../../api/nats/server-watch.ts';
import { connected, linkTo, silentLog } from './link-stage.ts';
import { serverProgram } from './nats-under-test.ts';
import { until } from '../until.ts';

const waitMs = 10_000;
let directory: string;
let server: PrivateServer;

before(async () => {
  const binary = await serverProgram();
  directory = mkdtempSync(join(tmpdir(), 'onsale-watched-'));
  server = await PrivateServer.start(
    { binary, directory, token: null, log: silentLog, onListening: () => undefined },
    waitMs,
  );
});
after(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('the watch of a private server', () => {
  it('ends one that accepts connections and answers nothing; the next one is left alone', async () => {
    const { pid, port } = server;
    assert.ok(pid !== null);
    const link = linkTo(`nats://127.0.0.1:${port}`);
    await connected(link);
    let asked = 0;
    let ended = 0;
    const endWatch = watchServer({
      link: {
        use: (work) => {
          asked += 1;
          return link.use(work);
        },
      },
      server: {
        get listens() {
          return server.listens;
        },
        end() {
          ended += 1;
          server.end();
        },
      },
      log: silentLog,
      everyMs: 20,
      silentMaxMs: 1_000,
    });
    await until('it was asked often', () => asked > 10);
    assert.equal(ended, 0);
    // It keeps its socket, and the kernel goes on accepting connections for it.
    process.kill(pid, 'SIGSTOP');
    await until('another process serves', () => server.pid !== null && server.pid !== pid && server.listens);
    await connected(link);
    const before = { asked, ended };
    await until('the new one was asked often', () => asked > before.asked + 10);
    assert.equal(ended, before.ended);
    endWatch();
    await link.close();
  });

  it('does not blame the server for time in which this process stood still', async () => {
    let looks = 0;
    let ended = 0;
    let stoodStillMs = 0;
    const link = linkTo(`nats://127.0.0.1:${server.port}`);
    await connected(link);
    const endWatch = watchServer({
      link,
      server: {
        get listens() {
          looks += 1;
          return true;
        },
        end: () => void (ended += 1),
      },
      log: silentLog,
      everyMs: 20,
      silentMaxMs: 5_000,
      nowMs: () => performance.now() + stoodStillMs,
    });
    await until('it has looked', () => looks > 2);
    stoodStillMs = 3_600_000;
    await until('it has looked again and again', () => looks > 12);
    assert.equal(ended, 0);
    endWatch();
    await link.close();
  });
});
