/**
 * The private `nats-server` of this process: on loopback, with its store under the data directory.
 *
 * 1. It lives in `DATA_DIR/nats` and is the only server of that directory: one left behind by a killed engine is ended
 *    before ours starts, because two servers on one store destroy it.
 * 2. Store and port survive restarts. The port is the system's choice the first time, and again when someone else has
 *    taken it meanwhile.
 * 3. It is started again, ever more slowly, when it dies, and ended when this process ends in any way but `kill -9`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { configText, portIn, readKept } from './nats-server-files.ts';
import { endLeftovers, serverArguments, type ServerHome } from './nats-server-leftover.ts';

const ownerOnly = 0o600;
/** A store of millions of messages is read before the server listens, ms. */
const listenMaxMs = 120_000;
const listenPollMs = 10;
const restartMinMs = 100;
const restartMaxMs = 5_000;
/** A server that ran this long was well, ms: its next death is the first of a new row. */
const wellAfterMs = 30_000;
const stopMaxMs = 3_000;
/** Lets the system choose the port. */
const anyPort = -1;

export interface PrivateServerOptions {
  /** The program, as `findServer` found it. */
  readonly binary: string;
  /** Made when missing. */
  readonly directory: string;
  /** Demanded of every client; null demands nothing. */
  readonly token: string | null;
  readonly log: Log;
  /** It listens now; again after each restart, where the port may be another. */
  readonly onListening: (url: string) => void;
}

type Ended = { readonly type: 'ended'; readonly code: number | null; readonly signal: string | null };
type Started = { readonly type: 'listening'; readonly port: number } | Ended;

interface Spawned {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** A run that has ended. */
interface Run {
  /** Its port; null when it never listened. */
  readonly listened: number | null;
  readonly code: number | null;
  readonly signal: string | null;
  readonly lastWords: string;
}

export class PrivateServer {
  readonly #options: PrivateServerOptions;
  readonly #home: ServerHome;
  readonly #stopping = new AbortController();
  #child: ChildProcess | null = null;
  #keeping: Promise<void> = Promise.resolve();
  #listens = false;
  #port: number | null = null;

  private constructor(options: PrivateServerOptions) {
    mkdirSync(options.directory, { recursive: true });
    const directory = realpathSync(options.directory);
    this.#options = options;
    this.#home = { directory, configFile: join(directory, 'nats-server.conf') };
  }

  /**
   * Ends a leftover and starts the server; resolves when it listens, or after `waitMs` while it still tries.
   * Rejects when a leftover does not end.
   */
  static async start(options: PrivateServerOptions, waitMs: number): Promise<PrivateServer> {
    const server = new PrivateServer(options);
    const kept = readKept(server.#keptFile);
    const ended = await endLeftovers(server.#home, kept.pid);
    if (ended.length > 0) options.log.info({ pids: ended }, 'ended the nats-server of an earlier run');
    const { promise: listens, resolve } = Promise.withResolvers<void>();
    process.once('exit', server.#endWithProcess);
    server.#keeping = server.#keepRunning(kept.port ?? anyPort, resolve);
    await Promise.race([listens, sleep(waitMs, undefined, { ref: false })]);
    return server;
  }

  /** Null until it has listened for the first time. */
  get port(): number | null {
    return this.#port;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Whether the server runs and has read its store. */
  get listens(): boolean {
    return this.#listens;
  }

  /** Ends the server; resolves when it has gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    process.off('exit', this.#endWithProcess);
    this.end();
    await this.#keeping;
  }

  /** Ends the process that runs now, by force if it does not go; unless all is stopped, another one is started. */
  end(): void {
    const child = this.#child;
    if (child === null) return;
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), stopMaxMs);
    child.once('exit', () => clearTimeout(killer));
  }

  readonly #endWithProcess = (): void => void this.#child?.kill('SIGTERM');

  async #keepRunning(firstPort: number, listens: () => void): Promise<void> {
    const { log } = this.#options;
    let port = firstPort;
    let delayMs = restartMinMs;
    while (!this.#stopping.signal.aborted) {
      const startedAt = performance.now();
      const { listened, code, signal, lastWords } = await this.#runOnce(port, listens);
      if (this.#stopping.signal.aborted) return;
      if (listened !== null) port = listened;
      else if (lastWords.includes('address already in use')) port = anyPort;
      if (performance.now() - startedAt > wellAfterMs) delayMs = restartMinMs;
      log.warn({ code, signal, lastWords, retryMs: delayMs }, 'the private nats-server ended; it is started again');
      await sleep(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      delayMs = Math.min(restartMaxMs, delayMs * 2);
    }
  }

  /** Until it has ended. Never rejects: a disk that is full when it is started again must not end the engine. */
  async #runOnce(port: number, listens: () => void): Promise<Run> {
    let spawned: Spawned;
    try {
      spawned = this.#spawn(port);
    } catch (error) {
      return { listened: null, code: null, signal: null, lastWords: String(error) };
    }
    const { child, ended } = spawned;
    this.#child = child;
    const started = await this.#untilListening(child, ended);
    if (started.type === 'listening') {
      this.#listens = true;
      this.#keep(child.pid ?? null, started.port);
      this.#options.log.info({ url: urlOf(started.port), pid: child.pid }, 'private nats-server listens');
      this.#options.onListening(urlOf(started.port));
      listens();
    }
    const { code, signal } = await ended;
    this.#listens = false;
    this.#child = null;
    const listened = started.type === 'listening' ? started.port : null;
    return { listened, code, signal, lastWords: this.#lastWords() };
  }

  #spawn(port: number): Spawned {
    const { directory, configFile } = this.#home;
    for (const name of readdirSync(directory)) {
      if (name.endsWith('.ports')) rmSync(join(directory, name), { force: true });
    }
    rmSync(configFile, { force: true });
    writeFileSync(configFile, configText(directory, port, this.#options.token), { mode: ownerOnly });
    const output = openSync(this.#outputFile, 'w', ownerOnly);
    try {
      // A group of its own: Ctrl-C reaches the engine only, which still needs its server while it stops.
      const child = spawn(this.#options.binary, serverArguments(this.#home), {
        cwd: directory,
        detached: true,
        stdio: ['ignore', output, output],
      });
      child.unref();
      const ended = new Promise<Ended>((resolve) => {
        child.once('exit', (code, signal) => resolve({ type: 'ended', code, signal }));
        child.once('error', (error) => resolve({ type: 'ended', code: null, signal: error.message }));
      });
      return { child, ended };
    } finally {
      closeSync(output);
    }
  }

  /** The server itself writes on which port it listens, so that a stranger on that port is never taken for it. */
  async #untilListening(child: ChildProcess, ended: Promise<Ended>): Promise<Started> {
    const file = join(this.#home.directory, `nats-server_${child.pid}.ports`);
    const deadline = performance.now() + listenMaxMs;
    const watched = { ended: false };
    void ended.then(() => (watched.ended = true));
    while (!watched.ended && performance.now() < deadline) {
      const port = portIn(file);
      if (port !== null) return { type: 'listening', port };
      await sleep(listenPollMs, undefined, { ref: false });
    }
    if (!watched.ended) child.kill('SIGKILL');
    return await ended;
  }

  get #outputFile(): string {
    return join(this.#home.directory, 'nats-server.log');
  }

  #lastWords(): string {
    try {
      return readFileSync(this.#outputFile, 'utf8').trim().split('\n').slice(-2).join(' | ').slice(-500);
    } catch {
      return '';
    }
  }

  get #keptFile(): string {
    return join(this.#home.directory, 'nats-server.json');
  }

  #keep(pid: number | null, port: number): void {
    this.#port = port;
    const kept = `${JSON.stringify({ pid, port, store: join(this.#home.directory, 'store') })}\n`;
    try {
      writeFileSync(this.#keptFile, kept);
    } catch (error) {
      // It runs; the next start finds it by its command line, at another port perhaps.
      this.#options.log.warn({ err: error }, 'where the private nats-server listens could not be written down');
    }
  }
}

function urlOf(port: number): string {
  return `nats://127.0.0.1:${port}`;
}
