/** A real nats-server of a test's own: a free port of loopback, its store in a directory that goes with it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { findOrInstallServer } from '../../api/nats/install-server.ts';
import { portIn } from '../../api/nats/nats-server-files.ts';
import { until } from '../until.ts';

const anyPort = -1;

/** The program, installed if need be. */
export async function serverProgram(): Promise<string> {
  const found = await findOrInstallServer(process.env['PATH'] ?? '');
  if (found.type === 'none') throw new Error(`the tests of NATS need a nats-server: ${found.reason}`);
  return found.path;
}

export class NatsUnderTest {
  readonly #directory: string;
  readonly #binary: string;
  #config: string;
  #child: ChildProcess | null = null;
  #port: number;

  private constructor(binary: string, config: string, port: number) {
    this.#port = port;
    this.#directory = mkdtempSync(join(tmpdir(), 'onsale-nats-'));
    this.#binary = binary;
    this.#config = config;
  }

  /** `config`: lines for its configuration file, for example of accounts and permissions. `port`: -1 for any free one. */
  static async start(config = '', port = anyPort): Promise<NatsUnderTest> {
    const server = new NatsUnderTest(await serverProgram(), config, port);
    await server.start();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** Where its configuration and its store are. */
  get directory(): string {
    return this.#directory;
  }

  /** Null while it does not run. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Starts it again, on the same store and port. */
  async start(): Promise<void> {
    const configFile = this.#writeConfig();
    const child = spawn(this.#binary, ['-c', configFile], { stdio: 'ignore' });
    this.#child = child;
    process.once('exit', this.#killWithTest);
    const file = join(this.#directory, `nats-server_${child.pid}.ports`);
    this.#port = await until('the nats-server listens', () => portIn(file));
  }

  /** Tells it to read these lines in place of those that it was started with. */
  reload(config: string): void {
    this.#config = config;
    this.#writeConfig();
    this.#child?.kill('SIGHUP');
  }

  #writeConfig(): string {
    const file = join(this.#directory, 'nats.conf');
    writeFileSync(
      file,
      [
        `listen: "127.0.0.1:${this.#port}"`,
        `ports_file_dir: "${this.#directory}"`,
        `jetstream { store_dir: "${join(this.#directory, 'store')}" }`,
        this.#config,
      ].join('\n'),
    );
    return file;
  }

  /** `kill -9`; the store stays. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    process.off('exit', this.#killWithTest);
    if (child === null || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** A client as anyone could have it. Whoever opens it closes it. */
  connect(): Promise<NatsConnection> {
    return connect({ servers: this.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  }

  /** Kills it and removes its store. */
  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  readonly #killWithTest = (): void => void this.#child?.kill('SIGKILL');
}
