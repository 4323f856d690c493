/**
 * One process: what `api/main.ts` puts together, over a simulated world. It starts from its disks, runs until it is
 * killed or stops by itself, and is never used again.
 */
import { FreeSeats } from '../../actors/catalog/free-seats.ts';
import type { Address, Command, Protocol } from '../../engine/actor.ts';
import { kindOf } from '../../engine/actor.ts';
import type { AskOptions } from '../../engine/asker.ts';
import type { StoredBatch } from '../../engine/ports.ts';
import { addKnownConcerts, countingHooks } from '../../api/catalog-counters.ts';
import { createLog } from '../../api/log.ts';
import { Relay } from '../../api/nats/feed/relay.ts';
import { StreamLines } from '../../api/nats/line-room.ts';
import type { OnsaleEngine } from '../../api/protocols.ts';
import { openEngineLine } from '../../api/queue/engine-line.ts';
import { Rooms } from '../../api/queue/rooms.ts';
import { fixedLines } from '../../api/queue/waiting-line.ts';
import type { Chance } from './chance.ts';
import { DecisionJudge } from './decision-judge.ts';
import type { Settings } from './settings.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import { SimulatedDoors } from './simulated-doors.ts';
import { SimulatedEngine } from './simulated-engine.ts';
import { simulatedFeedJournal, simulatedFeedStream } from './simulated-feed-stream.ts';
import { DiskFault } from './simulated-journal.ts';
import type { SimulatedLink, SimulatedNats } from './simulated-nats.ts';
import type { SimulatedReadModel } from './simulated-read-model.ts';
import type { Life, SimulatedWorld } from './simulated-world.ts';

export interface ProgramSetting {
  readonly world: SimulatedWorld;
  readonly chance: Chance;
  readonly settings: Settings;
  readonly nats: SimulatedNats;
  /** The first holds everything, or everything but wallets; those are then in the second. */
  readonly disks: readonly [SimulatedDisk, ...SimulatedDisk[]];
  readonly readModel: SimulatedReadModel;
  /** A batch of one of the disks has become durable. */
  readonly onDurable: (disk: SimulatedDisk, batch: StoredBatch) => void;
  /** It stopped by itself because its disk failed it, as it should. */
  readonly onDiskFault: () => void;
  /** Something that must never be. */
  readonly wrong: (what: string) => void;
}

const log = createLog('silent');

export class SimulatedProgram {
  readonly life: Life = { alive: true };
  readonly engines: readonly SimulatedEngine[];
  /** The engines as one: each actor is asked where it lives. */
  readonly engine: OnsaleEngine;
  readonly rooms: Rooms;
  readonly freeSeats = new FreeSeats();
  readonly link: SimulatedLink;
  readonly relay: Relay;
  readonly #setting: ProgramSetting;
  readonly doors: SimulatedDoors;
  #ready = false;
  /** Internal commands that were accepted, to be given again. */
  readonly #given: { readonly to: Address; readonly command: Command }[] = [];

  constructor(setting: ProgramSetting) {
    const { world, chance, settings, nats, disks, readModel, wrong } = setting;
    this.#setting = setting;
    const counting = countingHooks(this.freeSeats);
    const late: { rooms: Rooms | null } = { rooms: null };
    this.engines = disks.map((disk, index) => {
      const owns = (kind: string): boolean => disks.length === 1 || (kind === 'wallet') === (index === 1);
      return new SimulatedEngine({
        world,
        life: this.life,
        chance,
        settings,
        disk,
        judge: new DecisionJudge(settings.rules, wrong),
        owns,
        send: (message) => this.#engineOf(message.to).engine.deliver(message),
        consumer: index === 0 ? readModel : null,
        hooks: {
          ...counting,
          onChanged(actor, kind, state) {
            counting.onChanged(actor, kind, state);
            late.rooms?.onChanged(actor);
          },
          onBatch: () => index === 0 && this.relay.advance(disk.end),
        },
        onDurable: (batch) => setting.onDurable(disk, batch),
        onFatal: (error) => this.#fatal(error),
      });
    });
    this.engine = this.#asOne();
    addKnownConcerts(this.freeSeats, this.engine);
    this.link = nats.connect(this.life);
    this.rooms = this.#makeRooms();
    late.rooms = this.rooms;
    this.relay = this.#startRelay();
    const [first] = this.engines;
    if (first === undefined) throw new Error('a program has an engine');
    const onError = (error: unknown): void => this.#heed(error, wrong);
    this.doors = new SimulatedDoors({ program: this, world, readModel, first: first.engine, onError });
    this.#startRooms().then(
      () => (this.#ready = true),
      (error: unknown) => this.life.alive && wrong(`rooms did not start: ${String(error)}`),
    );
  }

  async #startRooms(): Promise<void> {
    await this.rooms.open();
    await this.rooms.start();
  }

  /** Whether requests are taken. */
  get ready(): boolean {
    return this.life.alive && this.#ready;
  }

  /** `kill -9` */
  kill(): void {
    if (!this.life.alive) return;
    this.life.alive = false;
    for (const engine of this.engines) engine.crash();
    this.relay.stop();
    this.link.break();
    this.#setting.nats.forget(this.link);
  }

  /** Commands that the engines have accepted from clients and not answered. */
  get unanswered(): number {
    return this.engines.reduce((sum, { engine, journal }) => sum + engine.waiting + (journal.isWriting ? 1 : 0), 0);
  }

  /** Takes nothing new and finishes what is under way. */
  async stop(): Promise<void> {
    this.#ready = false;
    await this.rooms.stop();
    await Promise.all(this.engines.map(({ engine }) => engine.drain()));
  }

  /**
   * Drivers and other engines may bring what they brought before, and more than there is room for: what is done twice is
   * done once, and the actor decides for itself.
   */
  async repeat(): Promise<void> {
    const { chance } = this.#setting;
    const before = this.#given.length === 0 ? null : chance.pick(this.#given);
    if (before !== null)
      await this.engine.ask<'wallet'>(before.to as Address<'wallet'>, before.command as never, { internal: true });
    for (const name of this.rooms.names()) {
      const [line] = this.rooms.find(name)?.lines ?? [];
      const known = this.engine.view<'admission', 'room'>(`admission:${name}`, { type: 'room' })?.lines;
      const after = known?.find(({ epoch }) => epoch === line?.epoch)?.takenThrough;
      if (line === undefined || after === undefined) continue;
      const { people, through } = await line.take(after, 20);
      if (!this.life.alive) return;
      const command = { type: 'AdmitPeople', epoch: line.epoch, people, through } as const;
      await this.engine.ask<'admission'>(`admission:${name}`, command, { internal: true });
    }
  }

  #remember(to: Address, command: Command): void {
    if (command.type !== 'AdmitPeople' && command.type !== 'SettleLine' && command.type !== 'LeaveLine') return;
    this.#given.push({ to, command });
    if (this.#given.length > 20) this.#given.shift();
  }

  #fatal(error: unknown): void {
    if (error instanceof DiskFault) this.#setting.onDiskFault();
    else this.#setting.wrong(`stopped by a bug: ${error instanceof Error ? error.stack : String(error)}`);
  }

  #engineOf(actor: Address): SimulatedEngine {
    const [first, second] = this.engines;
    if (first === undefined) throw new Error('a program has an engine');
    return second !== undefined && kindOf(actor) === 'wallet' ? second : first;
  }

  /** What each door is given as the engine. */
  #asOne(): OnsaleEngine {
    const engineOf = (actor: Address) => this.#engineOf(actor).engine;
    const first = engineOf('catalog:main');
    return {
      // The types that these erase are those of the engine that each call is handed to, unchanged.
      ask: ((to: Address<'wallet'>, command: Protocol['command'], options?: AskOptions<never>) => {
        this.#remember(to, command);
        return engineOf(to).ask<'wallet'>(to, command as never, options);
      }) as OnsaleEngine['ask'],
      view: ((to: Address<'wallet'>, query: { type: 'balance' }) =>
        engineOf(to).view<'wallet', 'balance'>(to, query)) as OnsaleEngine['view'],
      viewDurable: ((to: Address<'wallet'>, query: { type: 'balance' }) =>
        engineOf(to).viewDurable<'wallet', 'balance'>(to, query)) as OnsaleEngine['viewDurable'],
      get waiting() {
        return first.waiting;
      },
      waitingMax: first.waitingMax,
      get durableBatch() {
        return first.durableBatch;
      },
      nowMs: () => first.nowMs(),
    };
  }

  #makeRooms(): Rooms {
    const { world, chance, settings, disks, wrong } = this.#setting;
    const { engine, link, life } = this;
    const timers = world.timersOf(life);
    const journalId = disks[0].journalId;
    const newEpoch = (): string => `e${chance.between(1, 1_000_000_000)}`;
    return new Rooms({
      engine,
      timers,
      onError: (error) => this.#heed(error, wrong),
      openLines: async (room, wake) => {
        if (settings.line === 'engine') return fixedLines([await openEngineLine(engine, room, newEpoch())]);
        const lines = new StreamLines({ engine, link, journalId, room, engineLine: null, newEpoch, wake, timers, log });
        await lines.opened;
        return lines;
      },
    });
  }

  /** What lines and drivers report is the network's doing; anything else would be a bug. */
  #heed(error: unknown, wrong: (what: string) => void): void {
    if (error instanceof TypeError || error instanceof ReferenceError) wrong(`a driver failed: ${error.stack}`);
  }

  #startRelay(): Relay {
    const { world, disks, wrong } = this.#setting;
    const [disk] = disks;
    const journal = simulatedFeedJournal(disk);
    const relay = new Relay({
      journal,
      stream: simulatedFeedStream(this.link, disk.journalId),
      bounds: { messagesMax: 16, bytesMax: 1_000_000 },
      timers: world.timersOf(this.life),
      onTrouble: () => undefined,
    });
    this.link.onConnect(() => relay.interrupt());
    relay.run().catch((error: unknown) => this.life.alive && wrong(`the relay failed: ${String(error)}`));
    const remember = (): void => {
      if (relay.through > journal.position) journal.remember(relay.through);
      world.after(1_000, this.life, remember);
    };
    world.after(1_000, this.life, remember);
    return relay;
  }
}
