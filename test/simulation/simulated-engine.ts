/** One engine with everything that stands around it in a process: the real ones, over a simulated disk and time. */
import type { Address } from '../../engine/actor.ts';
import { kindOf } from '../../engine/actor.ts';
import { Engine } from '../../engine/engine.ts';
import type { EngineHooks, RemoteMessage } from '../../engine/options.ts';
import type { FollowerReport, JournalFollower, StoredBatch } from '../../engine/ports.ts';
import { createKinds } from '../../actors/kinds.ts';
import type { Protocols } from '../../api/protocols.ts';
import type { BatchConsumer } from '../../storage/batch-consumer.ts';
import { Follower } from '../../storage/follower.ts';
import type { Chance } from './chance.ts';
import type { DecisionJudge } from './decision-judge.ts';
import type { Settings } from './settings.ts';
import { SimulatedKeys, SimulatedSnapshots, SimulatedStore, type SimulatedDisk } from './simulated-disk.ts';
import { SimulatedJournal } from './simulated-journal.ts';
import type { Life, SimulatedWorld } from './simulated-world.ts';

export interface EngineSetting {
  readonly world: SimulatedWorld;
  readonly life: Life;
  readonly chance: Chance;
  readonly settings: Settings;
  readonly disk: SimulatedDisk;
  readonly judge: DecisionJudge;
  /** Kinds of actors that live here. */
  readonly owns: (kind: string) => boolean;
  readonly send: (message: RemoteMessage) => void;
  readonly consumer: BatchConsumer | null;
  readonly hooks: EngineHooks;
  readonly onDurable: (batch: StoredBatch) => void;
  readonly onFatal: (error: unknown) => void;
}

export class SimulatedEngine {
  readonly engine: Engine<Protocols>;
  readonly journal: SimulatedJournal;
  readonly #follower: SimulatedFollower;

  /** Recovers from the disk, as a start does. */
  constructor(setting: EngineSetting) {
    const { world, life, chance, settings, disk, judge } = setting;
    this.journal = new SimulatedJournal({ ...setting, faults: settings.journal });
    this.#follower = new SimulatedFollower(setting);
    judge.restart(disk.batches(1));
    this.engine = new Engine<Protocols>({
      kinds: judge.judged(createKinds(settings.rules)),
      journal: this.journal,
      snapshots: new SimulatedSnapshots(disk),
      keys: new SimulatedKeys(disk),
      follower: this.#follower,
      clock: world,
      scheduler: world.schedulerOf(life),
      limits: settings.limits,
      hooks: setting.hooks,
      remote: {
        owns: (actor: Address) => setting.owns(kindOf(actor)),
        send: (message) => {
          // Lost with the process, late, now and then twice.
          world.after(chance.delayMs(settings.remoteMaxMs), life, () => setting.send(message));
          if (chance.of(10)) world.after(chance.delayMs(2 * settings.remoteMaxMs), life, () => setting.send(message));
        },
      },
      onFatal: setting.onFatal,
    });
    this.engine.start();
  }

  /** Snapshots, keys and read model as the real follower keeps them; `true` when it has all of them. */
  get caughtUp(): boolean {
    return this.#follower.caughtUp;
  }

  crash(): void {
    this.journal.crash();
  }
}

/** The real follower on its thread: some time behind, and heard of some time later. */
class SimulatedFollower implements JournalFollower {
  readonly #setting: EngineSetting;
  readonly #follower: Follower;
  #durable: number;
  #scheduled = false;
  #listener: (report: FollowerReport) => void = () => undefined;

  constructor(setting: EngineSetting) {
    const { disk, world, settings } = setting;
    this.#setting = setting;
    this.#durable = disk.end;
    this.#follower = new Follower({
      source: disk,
      store: new SimulatedStore(disk),
      consumer: setting.consumer,
      kinds: createKinds(settings.rules),
      keyTtlMs: settings.limits.keyTtlMs,
      nowMs: () => world.monotonicMs(),
    });
    // What a start waits for.
    this.#follower.indexKeysThrough(this.#durable);
    this.#schedule();
  }

  get caughtUp(): boolean {
    return this.#follower.isDone(this.#durable);
  }

  advance(durableThrough: number): void {
    this.#durable = durableThrough;
    this.#schedule();
  }

  subscribe(listener: (report: FollowerReport) => void): void {
    this.#listener = listener;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const { world, life, chance, settings } = this.#setting;
    world.after(chance.delayMs(settings.followerMaxMs), life, () => {
      this.#scheduled = false;
      const { more, report } = this.#follower.step(this.#durable, chance.of(20));
      if (report !== undefined) world.after(chance.delayMs(50), life, () => this.#listener(report));
      if (more || !this.caughtUp) this.#schedule();
    });
  }
}
