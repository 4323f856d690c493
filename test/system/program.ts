/** The real program as a child process: started, killed without warning, stopped politely, started again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const root = new URL('../..', import.meta.url).pathname;
const startTimeoutMs = 30_000;

/** What `npm start` gives Node; bench/speed.md has what each is for. */
export const nodeFlags = ['--v8-pool-size=0', '--initial-old-space-size=256', '--no-allocation-site-pretenuring'];

export const adminKey = 'system-test-admin-key';

/** A data directory of its own under the system's temporary one; `remove` takes it away. */
export function temporaryDataDir(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'onsale-system-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** How a process ended, and everything that it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

interface Launched {
  readonly child: ChildProcess;
  readonly output: string[];
  /** Resolves when the process has ended and all of its output is read. */
  readonly closed: Promise<Ended>;
}

const programCommand = [process.execPath, ...nodeFlags, 'api/main.ts'] as const;

function launch(
  dataDir: string,
  env: Readonly<Record<string, string>>,
  [command = '', ...args]: readonly string[] = programCommand,
): Launched {
  const child = spawn(command, args, {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DATA_DIR: dataDir,
      DEMO: 'off',
      NATS_URL: 'off',
      ADMIN_KEY: adminKey,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  child.stdout?.on('data', (chunk) => output.push(String(chunk)));
  child.stderr?.on('data', (chunk) => output.push(String(chunk)));
  // A test process that ends early takes its program with it.
  const killWithTest = () => child.kill('SIGKILL');
  process.once('exit', killWithTest);
  const closed = once(child, 'close').then(([code, signal]) => {
    process.off('exit', killWithTest);
    return { code, signal, output: output.join('') };
  });
  return { child, output, closed };
}

/** Runs the program until it ends by itself, for starts that must be refused. */
export async function runToEnd(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<Ended> {
  const { child, closed } = launch(dataDir, env, [...programCommand, ...args]);
  const killer = setTimeout(() => child.kill('SIGKILL'), startTimeoutMs);
  const ended = await closed;
  clearTimeout(killer);
  return ended;
}

interface StartOptions {
  /** Runs the program in the process that it is started as, such as a tracer that stands aside. */
  readonly under?: readonly string[];
  /** In place of Node with the script; `under` does not count then. */
  readonly command?: readonly string[];
  /** Kills it without warning when it aborts, also while it starts. */
  readonly killed?: AbortSignal;
  /** How long it may take to be ready. */
  readonly withinMs?: number;
  /** Gets each line of its log. */
  readonly onLine?: (line: string) => void;
}

export class Program {
  readonly port: number;
  readonly pid: number;
  /** From the start of the process to the first 200 of `/health/ready`, ms. */
  readonly readyAfterMs: number;
  readonly #launched: Launched;
  #ended: Ended | null = null;

  private constructor(launched: Launched, port: number, readyAfterMs: number) {
    if (launched.child.pid === undefined) throw new Error('The program has no process id.');
    this.#launched = launched;
    void launched.closed.then((ended) => (this.#ended = ended));
    this.port = port;
    this.pid = launched.child.pid;
    this.readyAfterMs = readyAfterMs;
  }

  /**
   * Starts the program on a free port and waits until it is ready. Throws with its output when it ends instead.
   * `script` may name another program that says `listening` and answers `/health/ready` in the same way.
   */
  static async start(
    dataDir: string,
    env: Readonly<Record<string, string>> = {},
    script = 'api/main.ts',
    { under = [], command, killed, withinMs = startTimeoutMs, onLine }: StartOptions = {},
  ): Promise<Program> {
    const startedAt = performance.now();
    const launched = launch(dataDir, env, command ?? [...under, process.execPath, ...nodeFlags, script]);
    const { child, output, closed } = launched;
    const killNow = (): void => void child.kill('SIGKILL');
    killed?.addEventListener('abort', killNow, { once: true });
    void closed.then(() => killed?.removeEventListener('abort', killNow));
    const { promise: listening, resolve: listens } = Promise.withResolvers<number>();
    if (child.stdout === null) throw new Error('The program has no output.');
    createInterface({ input: child.stdout }).on('line', (line) => {
      onLine?.(line);
      const port = portOf(line);
      if (port !== null) listens(port);
    });
    const port = await Promise.race([listening, closed, sleep(withinMs, null, { ref: false })]);
    if (typeof port !== 'number') {
      child.kill('SIGKILL');
      throw new Error(`The program did not start:\n${output.join('')}`);
    }
    await untilReady(port, closed, withinMs);
    return new Program(launched, port, performance.now() - startedAt);
  }

  /** How it ended; null while it runs. */
  get ended(): Ended | null {
    return this.#ended;
  }

  get output(): string {
    return this.#launched.output.join('');
  }

  /** Resident memory, bytes; null where the system does not tell. */
  residentBytes(): number | null {
    try {
      const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
      return kib === undefined ? null : Number(kib) * 1024;
    } catch {
      return null;
    }
  }

  /** `kill -9`. */
  async kill(): Promise<Ended> {
    this.#launched.child.kill('SIGKILL');
    return await this.#launched.closed;
  }

  /** SIGTERM; resolves when the process has ended. */
  async stop(): Promise<Ended> {
    this.#launched.child.kill('SIGTERM');
    return await this.#launched.closed;
  }
}

function portOf(line: string): number | null {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null) return null;
    return 'msg' in entry && entry.msg === 'listening' && 'port' in entry ? Number(entry.port) : null;
  } catch {
    return null;
  }
}

async function untilReady(port: number, closed: Promise<Ended>, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  let ended: Ended | undefined;
  void closed.then((value) => (ended = value));
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null);
    await response?.arrayBuffer();
    if (response?.status === 200) return;
    if (ended !== undefined) throw new Error(`The program ended before it was ready:\n${ended.output}`);
    if (performance.now() > deadline) throw new Error('The program was not ready in time.');
    await sleep(5);
  }
}
