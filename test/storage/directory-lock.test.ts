import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { acquireDirectoryLock, DirectoryLocked } from '../../storage/directory-lock.ts';
import { dataDirectory } from './data-directory.ts';

type Child = ChildProcessByStdio<Writable, Readable, null>;

async function processHolding(t: TestContext, dataDir: string): Promise<Child> {
  const script = fileURLToPath(new URL('./hold-lock.ts', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, script, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

describe('the lock of a data directory', () => {
  it('makes the directory for its owner only', async (t) => {
    const dataDir = join(dataDirectory(t), 'new', 'data');
    const lock = await acquireDirectoryLock(dataDir, 0);
    assert.equal(statSync(dataDir).mode & 0o777, 0o700);
    lock.release();
  });

  it('held by another process: is refused after the wait, and names it', async (t) => {
    const dataDir = dataDirectory(t);
    const child = await processHolding(t, dataDir);
    const startedMs = performance.now();
    await assert.rejects(acquireDirectoryLock(dataDir, 200), (error) => {
      assert.ok(error instanceof DirectoryLocked);
      assert.equal(error.holder?.pid, child.pid);
      assert.match(error.message, new RegExp(`process ${child.pid}, since \\d{4}-.* holds ${dataDir}`));
      return true;
    });
    assert.ok(performance.now() - startedMs >= 199);
  });

  it('is free as soon as its holder is killed, also for one who waits already', async (t) => {
    const dataDir = dataDirectory(t);
    const child = await processHolding(t, dataDir);
    const waiting = acquireDirectoryLock(dataDir, 10_000);
    child.kill('SIGKILL');
    (await waiting).release();
  });

  it('once released can be taken again, by the same process too; while held it cannot', async (t) => {
    const dataDir = dataDirectory(t);
    const lock = await acquireDirectoryLock(dataDir, 0);
    await assert.rejects(acquireDirectoryLock(dataDir, 0), DirectoryLocked);
    lock.release();
    (await acquireDirectoryLock(dataDir, 0)).release();
  });

  it('in a place that is no directory: says that it cannot be used', async (t) => {
    const dataDir = join(dataDirectory(t), 'file');
    writeFileSync(dataDir, '');
    await assert.rejects(acquireDirectoryLock(dataDir, 0), /cannot be used as data directory/);
    mkdirSync(`${dataDir}-2`);
    writeFileSync(join(`${dataDir}-2`, 'lock.db'), 'no database, but longer than an empty file'.repeat(100));
    await assert.rejects(acquireDirectoryLock(`${dataDir}-2`, 0), /lock\.db/);
  });
});
