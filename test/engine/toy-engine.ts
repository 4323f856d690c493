/** An engine of toy actors over a memory disk, with everything a test needs to steer it. */
import type { Address } from '../../engine/actor.ts';
import type { ClientKey, Outcome } from '../../engine/asker.ts';
import { Engine } from '../../engine/engine.ts';
import type { EngineLimits, Remote } from '../../engine/options.ts';
import { ManualWorld, settled } from './manual-world.ts';
import { MemoryDisk, MemoryFollower, MemoryJournal, MemoryKeys, MemorySnapshots } from './memory-ports.ts';
import { purse, type PurseCommand, type PurseProtocol } from './toy-actors.ts';

export interface ToyProtocols {
  readonly purse: PurseProtocol;
}

export const kinds = { purse };

export const startMs = Date.UTC(2026, 0, 1);

export type ToyOutcome = Outcome<{ readonly total: number }, string>;

export interface ToyOptions {
  readonly disk?: MemoryDisk;
  readonly world?: ManualWorld;
  readonly commitsByItself?: boolean;
  readonly limits?: Partial<EngineLimits>;
  readonly remote?: Remote;
  /** False for an engine that a test starts itself. */
  readonly starts?: boolean;
}

export class ToyEngine {
  readonly disk: MemoryDisk;
  readonly world: ManualWorld;
  readonly journal: MemoryJournal;
  readonly keys: MemoryKeys;
  readonly follower = new MemoryFollower();
  readonly engine: Engine<ToyProtocols>;
  readonly changed: string[] = [];
  readonly summaries: string[] = [];
  fatal: unknown = null;
  readonly #options: ToyOptions;
  #alive = true;

  constructor(options: ToyOptions = {}) {
    this.#options = options;
    this.disk = options.disk ?? new MemoryDisk();
    this.world = options.world ?? new ManualWorld(startMs);
    this.journal = new MemoryJournal(this.disk, options.commitsByItself ?? true);
    this.keys = new MemoryKeys(this.disk);
    this.engine = new Engine<ToyProtocols>({
      kinds,
      journal: this.journal,
      snapshots: new MemorySnapshots(this.disk),
      keys: this.keys,
      follower: this.follower,
      clock: this.world,
      scheduler: {
        soon: (task) => this.world.soon(() => this.#alive && task()),
        after: (delayMs, task) => this.world.after(delayMs, () => this.#alive && task()),
      },
      limits: {
        waitingCommandsMax: 100,
        batchTurnsMax: 1_000,
        batchCharsMax: 8 * 1024 * 1024,
        turnMessagesMax: 100,
        idleActorsMax: 100,
        idleBytesMax: 1_000_000,
        keysInMemoryMax: 1_000,
        keysPageMax: 100,
        keysPageEveryMs: 0,
        keyTtlMs: 24 * 60 * 60 * 1000,
        ...options.limits,
      },
      hooks: {
        onChanged: (actor) => this.changed.push(actor),
        onSummary: (actor) => this.summaries.push(actor),
      },
      ...(options.remote === undefined ? {} : { remote: options.remote }),
      onFatal: (error) => {
        this.fatal = error;
      },
    });
    if (options.starts !== false) this.engine.start();
  }

  ask(id: string, command: PurseCommand, key?: string | ClientKey): Promise<ToyOutcome> {
    if (key === undefined) return this.engine.ask(`purse:${id}`, command);
    const clientKey: ClientKey =
      typeof key === 'string' ? { door: 'http', user: 'u', key, fingerprint: JSON.stringify(command) } : key;
    return this.engine.ask(`purse:${id}`, command, { key: clientKey });
  }

  /** Asks, and lets the engine and its disk do all they can. */
  async told(id: string, command: PurseCommand, key?: string | ClientKey): Promise<ToyOutcome> {
    const answer = this.ask(id, command, key);
    await this.world.settle();
    return answer;
  }

  total(id: string): number {
    const address: Address<'purse'> = `purse:${id}`;
    return this.engine.view<'purse', 'total'>(address, { type: 'total' });
  }

  /** The process dies: memory is gone, the disk stays. A new engine recovers from it. */
  crash(options: Pick<ToyOptions, 'limits' | 'commitsByItself'> = {}): ToyEngine {
    this.#alive = false;
    this.disk.index();
    return new ToyEngine({ ...this.#options, ...options, disk: this.disk, world: this.world });
  }
}

/** Whether a promise has settled by now; null while it has not. */
export async function nowOf<T>(asked: T | Promise<T>): Promise<T | null> {
  await settled();
  return Promise.race([asked, Promise.resolve(null)]);
}
