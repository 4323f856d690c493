/**
 * One process owns a data directory (invariant 1). The lock is SQLite's exclusive lock on a file of its own, which the
 * system releases when the process dies, however it dies. Who holds it stands in a file beside it.
 */
import { accessSync, constants, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { explained, sqliteCode, StorageUnavailable } from './damage.ts';

const retryMs = 50;

export interface DirectoryLock {
  readonly dataDir: string;
  release(): void;
}

/** Another process holds the directory. */
export class DirectoryLocked extends Error {
  override readonly name = 'DirectoryLocked';
  /** Who holds what, in words. */
  readonly held: string;
  /** Undefined when the holder could not leave its name. */
  readonly holder: LockHolder | undefined;

  constructor(dataDir: string, waitedMs: number, holder: LockHolder | undefined) {
    const who = holder === undefined ? 'another process' : `process ${holder.pid}, since ${holder.since},`;
    const held = `${who} holds ${dataDir}`;
    const waited = waitedMs > 0 ? `; waited ${waitedMs} ms for it` : '';
    super(`${held}${waited}. Stop that process, or give this one its own DATA_DIR`);
    this.held = held;
    this.holder = holder;
  }
}

export interface LockHolder {
  readonly pid: number;
  /** ISO 8601, wall time. */
  readonly since: string;
}

/**
 * Makes `dataDir` (mode 0700) where there is none, and takes its lock.
 *
 * @param waitMs how long to wait for another holder
 * @param onWait told once that there is one to be waited for
 * @throws DirectoryLocked, naming the holder; StorageUnavailable when the directory cannot be used
 */
export async function acquireDirectoryLock(
  dataDir: string,
  waitMs: number,
  onWait: () => void = () => undefined,
): Promise<DirectoryLock> {
  const connection = openLockFile(dataDir);
  const startedMs = performance.now();
  let waits = false;
  while (!tryLock(connection, dataDir)) {
    if (!waits) onWait();
    waits = true;
    const leftMs = waitMs - (performance.now() - startedMs);
    if (leftMs <= 0) {
      connection.close();
      throw new DirectoryLocked(dataDir, waitMs, readHolder(dataDir));
    }
    await wait(Math.min(retryMs, leftMs));
  }
  writeHolder(dataDir);
  return {
    dataDir,
    release: () => {
      rmSync(holderFile(dataDir), { force: true });
      connection.close();
    },
  };
}

/**
 * Makes the directory, mode 0700, and those above it, where there are none.
 *
 * @throws StorageUnavailable when that cannot be, or when this process may not write there
 */
export function makeDataDir(dataDir: string): void {
  try {
    makeDirectories(dataDir);
    accessSync(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(dataDir, error);
  }
}

/** One by one: Node's own recursion never ends where the system says of `/proc/x` that it is not there. */
function makeDirectories(directory: string): void {
  if (isDirectory(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectories(parent);
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isDirectory(directory)) throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function openLockFile(dataDir: string): Database.Database {
  makeDataDir(dataDir);
  try {
    return new Database(join(dataDir, 'lock.db'), { timeout: 0 });
  } catch (error) {
    throw unusable(dataDir, error);
  }
}

function unusable(dataDir: string, error: unknown): StorageUnavailable {
  const reason = error instanceof Error ? error.message : String(error);
  return new StorageUnavailable(
    'DATA_DIR',
    `${dataDir} cannot be used as data directory: ${reason}. Set DATA_DIR to a directory that this user may write`,
  );
}

/** The transaction stays open as long as the lock is held; nothing is ever written in it. */
function tryLock(connection: Database.Database, dataDir: string): boolean {
  try {
    connection.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY') === true) return false;
    connection.close();
    throw explained(error, join(dataDir, 'lock.db'));
  }
}

function holderFile(dataDir: string): string {
  return join(dataDir, 'holder.json');
}

/** A full disk must not keep a process from its lock: then the holder stays unnamed. */
function writeHolder(dataDir: string): void {
  const holder: LockHolder = { pid: process.pid, since: new Date().toISOString() };
  try {
    rmSync(holderFile(dataDir), { force: true });
    writeFileSync(holderFile(dataDir), `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  } catch {
    rmSync(holderFile(dataDir), { force: true });
  }
}

function readHolder(dataDir: string): LockHolder | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(holderFile(dataDir), 'utf8'));
    if (typeof found !== 'object' || found === null || !('pid' in found) || !('since' in found)) return undefined;
    return typeof found.pid === 'number' && typeof found.since === 'string'
      ? { pid: found.pid, since: found.since }
      : undefined;
  } catch {
    return undefined;
  }
}
