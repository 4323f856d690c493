/** A store's server as a child process: started, waited for, ended by its id. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, globSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const readyMaxMs = 30_000;
const pollMs = 20;

export interface NamedProcess {
  readonly name: string;
  readonly pid: number;
}

export interface StoreProcess {
  readonly pid: number;
  /** Ends it at once and resolves when it and whatever it forked are gone. */
  end(): Promise<void>;
}

export interface StoreCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What ends it without delay and leaves nothing behind in the machine. */
  readonly endSignal: NodeJS.Signals;
  /** The user that it runs as; absent: ours. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Rejects while it is not ready. */
  readonly probe: () => Promise<void>;
}

/** Resolves when the probe does; throws with the last output when the process ends instead, or after 30 s. */
export async function startStore(options: StoreCommand): Promise<StoreProcess> {
  const child = spawn(options.command, options.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], LC_ALL: 'C', ...options.env },
    ...options.user,
  });
  let output = '';
  const keep = (chunk: unknown): void => void (output = (output + String(chunk)).slice(-10_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  let ended = false;
  const endWithUs = () => child.kill(options.endSignal);
  process.once('exit', endWithUs);
  // Not `exit`: forks keep the pipes open, and so the pipes close when the last of them is gone.
  const untilClosed = async (): Promise<void> => {
    try {
      await once(child, 'close');
    } catch (error) {
      keep(error);
    }
    ended = true;
    process.off('exit', endWithUs);
  };
  const closed = untilClosed();
  const end = async (): Promise<void> => {
    child.kill(options.endSignal);
    await closed;
  };
  const lateMs = performance.now() + readyMaxMs;
  for (;;) {
    const ready = await options.probe().then(
      () => true,
      () => false,
    );
    if (ready && child.pid !== undefined && !ended) return { pid: child.pid, end };
    if (ended || performance.now() > lateMs) {
      await end();
      throw new Error(`${options.command} did not get ready:\n${output}`);
    }
    await sleep(pollMs);
  }
}

/** The processes that this one forked; none where the system does not tell. */
export function forksOf({ name, pid }: NamedProcess): NamedProcess[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? [] : children.split(' ').map((child) => ({ name, pid: Number(child) }));
  } catch {
    return [];
  }
}

/** Where an executable is: on the PATH, or in a folder beside; the last of these first, so the newest version. */
export function findExecutable(name: string, folders?: string): string | null {
  const beside = folders === undefined ? [] : globSync(folders).sort().toReversed();
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...beside]) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not here.
    }
  }
  return null;
}
