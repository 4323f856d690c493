/** The two servers under the storm: the engine and its nats-server, on ports and directories that stay. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { lostLineText } from '../../api/nats/line-room.ts';
import { NatsUnderTest } from '../nats/nats-under-test.ts';
import { until } from '../until.ts';
import { Program, type Ended } from '../system/program.ts';
import type { Random } from '../system/seeded.ts';
import type { Blow } from './blows.ts';
import { patienceMs } from './patience.ts';
import { isUndegraded } from './quiet.ts';

/** Below the ports that systems hand out: nobody gets one of these while our process is down, not even as a client. */
const portMin = 15_000;
const portMax = 30_000;

export class Servers {
  readonly nats: NatsUnderTest;
  readonly port: number;
  readonly #dataDir: string;
  /** No engine is started any more, and one that is starting is killed. */
  readonly #closing = new AbortController();
  #engine: Program | null = null;
  #lastOutput = '';
  #gaveLineUp = false;

  private constructor(nats: NatsUnderTest, port: number, dataDir: string) {
    this.nats = nats;
    this.port = port;
    this.#dataDir = dataDir;
  }

  static async start(dataDir: string, random: Random): Promise<Servers> {
    const nats = await NatsUnderTest.start('', await freePort(random));
    try {
      const servers = new Servers(nats, await freePort(random), dataDir);
      await servers.startEngine(20);
      return servers;
    } catch (error) {
      await nats.close();
      throw error;
    }
  }

  /** What the engine that runs, or the last one, has written. */
  get output(): string {
    return this.#engine?.output ?? this.#lastOutput;
  }

  /** Whether this engine, or one before it, has given a line up. */
  get gaveLineUp(): boolean {
    return this.#gaveLineUp || this.output.includes(lostLineText);
  }

  /** The engine's end, if nobody here ended it. */
  endedByItself(): Ended | null {
    return this.#engine?.ended ?? null;
  }

  async startEngine(holdTtlSeconds: number, killed?: AbortSignal): Promise<void> {
    const env = {
      PORT: String(this.port),
      NATS_URL: this.nats.url,
      HOLD_TTL_SECONDS: String(holdTtlSeconds),
      MAX_SEATS_PER_USER: '1000000',
    };
    const { signal } = this.#closing;
    signal.throwIfAborted();
    const either = killed === undefined ? signal : AbortSignal.any([signal, killed]);
    this.#engine = await Program.start(this.#dataDir, env, 'api/main.ts', { killed: either });
  }

  async killEngine(): Promise<void> {
    const engine = this.#engine;
    if (engine === null) return;
    this.#lastOutput = engine.output;
    this.#gaveLineUp ||= engine.output.includes(lostLineText);
    this.#engine = null;
    await engine.kill();
  }

  /** Carries the blow out. Resolves when both are whole again, with the time that took but for the blow's own, ms. */
  async strike(blow: Blow): Promise<number | null> {
    const startedMs = performance.now();
    const plannedMs = await this.#strike(blow);
    await until('both are whole again', () => this.isWhole(), patienceMs);
    const tookMs = performance.now() - startedMs - plannedMs;
    return blow.kind === 'pause-engine' || blow.kind === 'pause-nats' ? null : tookMs;
  }

  /** Ready, and nothing is degraded. */
  async isWhole(): Promise<boolean> {
    const response = await fetch(`http://127.0.0.1:${this.port}/health/ready`).catch(() => null);
    const body: unknown = await response?.json().catch(() => null);
    return response?.status === 200 && typeof body === 'object' && body !== null && isUndegraded(body);
  }

  async close(keep: boolean): Promise<void> {
    this.#closing.abort(new Error('the storm is over'));
    await this.killEngine();
    await (keep ? this.nats.kill() : this.nats.close());
  }

  /** The part of its time that the blow itself wanted, ms. */
  async #strike({ kind, downMs, gapMs, natsFirst, holdTtlSeconds }: Blow): Promise<number> {
    switch (kind) {
      case 'engine':
        await this.killEngine();
        await sleep(downMs);
        await this.startEngine(holdTtlSeconds);
        return downMs;
      case 'nats':
        await this.nats.kill();
        await sleep(downMs);
        await this.nats.start();
        return downMs;
      case 'both': {
        const kills = [() => this.nats.kill(), () => this.killEngine()];
        const starts = [() => this.nats.start(), () => this.startEngine(holdTtlSeconds)];
        for (const kill of natsFirst ? kills : kills.toReversed()) {
          await kill();
          await sleep(gapMs);
        }
        await sleep(downMs);
        const [first, second] = natsFirst ? starts.toReversed() : starts;
        await Promise.all([first?.(), sleep(gapMs).then(() => second?.())]);
        return downMs + 3 * gapMs;
      }
      case 'engine-again': {
        await this.killEngine();
        await sleep(downMs);
        const killed = new AbortController();
        const starting = this.startEngine(holdTtlSeconds, killed.signal).catch(() => undefined);
        await sleep(gapMs);
        killed.abort();
        await starting;
        await this.killEngine();
        await this.startEngine(holdTtlSeconds);
        return downMs + gapMs;
      }
      case 'pause-engine':
      case 'pause-nats': {
        const pid = kind === 'pause-nats' ? this.nats.pid : (this.#engine?.pid ?? null);
        if (pid === null) throw new Error(`${kind}: it does not run`);
        process.kill(pid, 'SIGSTOP');
        await sleep(downMs);
        process.kill(pid, 'SIGCONT');
        return downMs;
      }
    }
  }
}

async function freePort(random: Random): Promise<number> {
  for (;;) {
    const port = portMin + random.below(portMax - portMin);
    const server = createServer();
    const listening = once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.listen(port, '127.0.0.1');
    if (!(await listening)) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
