/** Runs one program of a scratch copy to its end or its time limit, and leaves none of its processes behind. */
import { spawn, type ChildProcess } from 'node:child_process';

/** How much of what a program prints is kept, from its end, characters. */
const outputCharsMax = 200_000;

export interface Ended {
  /** Null when it ended by a signal. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether it was ended because its time was over. */
  readonly overtime: boolean;
  readonly seconds: number;
  /** Both outputs, as they came. */
  readonly output: string;
}

const running = new Set<ChildProcess>();

/** Runs `node` with `args` in `folder`. */
export async function runNode(folder: string, args: readonly string[], limitSeconds: number): Promise<Ended> {
  const env = { ...process.env };
  // Else a test run of ours would take the program for one of its own files.
  delete env.NODE_TEST_CONTEXT;
  const startedMs = performance.now();
  // A group of its own, so that what the program starts can be ended with it.
  const child = spawn(process.execPath, args, { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  const keep = (text: string): void => {
    output = (output + text).slice(-outputCharsMax);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  let overtime = false;
  const timer = setTimeout(() => {
    overtime = true;
    endGroup(child);
  }, limitSeconds * 1000);
  const ended = Promise.withResolvers<Pick<Ended, 'code' | 'signal'>>();
  child.once('error', ended.reject);
  // Not `close`: a process that it left behind could keep the pipes open.
  child.once('exit', (code, signal) => ended.resolve({ code, signal }));
  try {
    const { code, signal } = await ended.promise;
    await new Promise((resolve) => setImmediate(resolve));
    return { code, signal, overtime, seconds: (performance.now() - startedMs) / 1000, output };
  } finally {
    clearTimeout(timer);
    endGroup(child);
    child.stdout.destroy();
    child.stderr.destroy();
    running.delete(child);
  }
}

/** For a run that is interrupted. */
export function endAll(): void {
  for (const child of running) endGroup(child);
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The whole group has ended.
  }
}
