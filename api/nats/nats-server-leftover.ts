/**
 * Finds and ends the private server that a killed engine left behind, and nothing else: a process counts as ours only
 * when its command line names our configuration file and its working directory is our directory. (The path alone could
 * be that of a container's `/data`, the process id alone that of anyone.) Whoever calls this holds the lock of the data
 * directory, so nobody is using that server.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const askedMaxMs = 5_000;
const pollMs = 20;

export interface ServerHome {
  /** Working directory of the server, absolute. */
  readonly directory: string;
  /** Absolute path of its configuration file. */
  readonly configFile: string;
}

/** How the server is started; what `findLeftovers` looks for. */
export function serverArguments(home: ServerHome): readonly string[] {
  return ['-c', home.configFile];
}

/** Process ids of servers of this home. `keptPid` is looked at where the system does not list processes in `/proc`. */
export function findLeftovers(home: ServerHome, keptPid: number | null): number[] {
  const listed = listProcesses();
  if (listed !== null) return listed.filter((pid) => isOurs(pid, home));
  return keptPid !== null && isOursByPs(keptPid, home) ? [keptPid] : [];
}

/** Ends the leftovers, politely first. Returns their ids; throws when one does not go. */
export async function endLeftovers(home: ServerHome, keptPid: number | null): Promise<number[]> {
  const pids = findLeftovers(home, keptPid);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const pid of pids) if (findLeftovers(home, pid).includes(pid)) process.kill(pid, signal);
    const deadline = performance.now() + askedMaxMs;
    while (performance.now() < deadline) {
      if (findLeftovers(home, keptPid).length === 0) return pids;
      await sleep(pollMs);
    }
  }
  throw new Error(`the nats-server ${pids.join(', ')} of an earlier run does not end`);
}

function listProcesses(): number[] | null {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return null;
  }
}

function isOurs(pid: number, { directory, configFile }: ServerHome): boolean {
  try {
    const [program = '', ...rest] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (basename(program) !== 'nats-server' || rest[0] !== '-c' || rest[1] !== configFile) return false;
    const theirs = statSync(`/proc/${pid}/cwd`);
    const ours = statSync(directory);
    return theirs.dev === ours.dev && theirs.ino === ours.ino;
  } catch {
    // Gone meanwhile, or someone else's.
    return false;
  }
}

function isOursByPs(pid: number, home: ServerHome): boolean {
  try {
    const line = execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return line.endsWith(`nats-server ${serverArguments(home).join(' ')}`);
  } catch {
    return false;
  }
}
