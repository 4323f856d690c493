/** The queue on the real engine, over a memory disk and a world that moves when told. */
import assert from 'node:assert/strict';
import { createKinds } from '../../actors/kinds.ts';
import type { PlaceInLine, RoomPolicy } from '../../actors/admission/messages.ts';
import { openEngineLine } from '../../api/queue/engine-line.ts';
import { createQueueDesk, type JoinedQueue, type QueueDesk } from '../../api/queue/queue-desk.ts';
import { createQueueTokens } from '../../api/queue/queue-token.ts';
import { Rooms } from '../../api/queue/rooms.ts';
import { fixedLines, type WaitingLine } from '../../api/queue/waiting-line.ts';
import type { Protocols } from '../../api/protocols.ts';
import type { Timers } from '../../api/timers.ts';
import { Engine } from '../../engine/engine.ts';
import { rulesUnderTest } from '../actors/rules-under-test.ts';
import { ManualWorld } from '../engine/manual-world.ts';
import { MemoryDisk, MemoryFollower, MemoryJournal, MemoryKeys, MemorySnapshots } from '../engine/memory-ports.ts';

export const startMs = Date.UTC(2026, 0, 1);

interface QueueOptions {
  readonly disk?: MemoryDisk;
  readonly world?: ManualWorld;
  readonly commitsByItself?: boolean;
  readonly waitingCommandsMax?: number;
  readonly engineLineMax?: number;
  /** Lines beside the engine's own, newer than it. */
  readonly newerLines?: readonly WaitingLine[];
}

export class QueueUnderTest {
  readonly disk: MemoryDisk;
  readonly world: ManualWorld;
  readonly journal: MemoryJournal;
  readonly engine: Engine<Protocols>;
  readonly rooms: Rooms;
  readonly desk: QueueDesk;
  readonly tokens = createQueueTokens('a secret of the tests', 1_000);
  readonly errors: unknown[] = [];
  readonly #options: QueueOptions;
  #alive = true;

  constructor(options: QueueOptions = {}) {
    this.#options = options;
    this.disk = options.disk ?? new MemoryDisk();
    this.world = options.world ?? new ManualWorld(startMs);
    this.journal = new MemoryJournal(this.disk, options.commitsByItself ?? true);
    this.engine = new Engine<Protocols>({
      kinds: createKinds({ ...rulesUnderTest, engineLineMax: options.engineLineMax ?? 100_000 }),
      journal: this.journal,
      snapshots: new MemorySnapshots(this.disk),
      keys: new MemoryKeys(this.disk),
      follower: new MemoryFollower(),
      clock: this.world,
      scheduler: {
        soon: (task) => this.world.soon(() => this.#alive && task()),
        after: (delayMs, task) => this.world.after(delayMs, () => this.#alive && task()),
      },
      limits: {
        waitingCommandsMax: options.waitingCommandsMax ?? 2_000,
        batchTurnsMax: 4_096,
        batchCharsMax: 8 * 1024 * 1024,
        turnMessagesMax: 10_000,
        idleActorsMax: 100,
        idleBytesMax: 1_000_000,
        keysInMemoryMax: 1_000,
        keysPageMax: 100,
        keysPageEveryMs: 0,
        keyTtlMs: 24 * 60 * 60 * 1000,
      },
      hooks: { onChanged: (actor) => this.rooms?.onChanged(actor) },
      onFatal: (error) => {
        throw error;
      },
    });
    this.engine.start();
    const timers: Timers = {
      set: (task, delayMs) => this.world.after(delayMs, () => this.#alive && task()),
      // True: it is what `after` returned.
      clear: (timer) => (timer as () => void)(),
      nowMs: () => this.world.monotonicMs(),
    };
    const onError = (error: unknown): void => void this.errors.push(error);
    this.rooms = new Rooms({
      engine: this.engine,
      openLines: async (room) =>
        fixedLines([await openEngineLine(this.engine, room, `epoch-of-${room}`), ...(options.newerLines ?? [])]),
      timers,
      onError,
    });
    this.desk = createQueueDesk({ engine: this.engine, tokens: this.tokens, rooms: this.rooms, timers, onError });
  }

  async start(policy?: Partial<RoomPolicy>): Promise<this> {
    await this.done(this.rooms.open());
    await this.done(this.rooms.start());
    if (policy !== undefined) await this.policy(policy);
    return this;
  }

  async policy(policy: Partial<RoomPolicy>, room = 'main'): Promise<void> {
    const whole = { admitPerSecond: 100, maxActive: 3_000, sessionSeconds: 300, maxSessionSeconds: 1_800, ...policy };
    assert.deepEqual(await this.done(this.rooms.put(room, whole, null)), { type: 'put' });
    await this.world.settle();
  }

  /** Lets engine, disk and drivers do all they can without time passing. */
  async done<T>(work: Promise<T>): Promise<T> {
    const end = { reached: false };
    const mark = (): void => {
      end.reached = true;
    };
    work.then(mark, mark);
    for (let rounds = 0; !end.reached && rounds < 1_000; rounds += 1) await this.world.settle();
    assert.ok(end.reached, 'this does not end without time passing');
    await this.world.settle();
    return work;
  }

  /** A join that succeeds. */
  async join(userId: string, room = 'main'): Promise<JoinedQueue> {
    const joined = await this.done(this.desk.join(room, userId));
    assert.equal(joined.type, 'joined', JSON.stringify(joined));
    if (joined.type !== 'joined') throw new Error('unreachable');
    return joined;
  }

  status(place: PlaceInLine): string {
    return this.desk.status(place).status;
  }

  /** Users in the order in which they were let in, as the durable journal has it. */
  admittedUsers(): string[] {
    const users: string[] = [];
    for (const batch of this.disk.batches) {
      for (const turn of batch.turns) {
        for (const { event } of turn.events) {
          if (event.type === 'UserAdmitted' && 'userId' in event) users.push(String(event.userId));
        }
      }
    }
    return users;
  }

  /** The process dies: memory is gone, the disk stays. A new one recovers from it, not yet started. */
  crash(options: Pick<QueueOptions, 'commitsByItself'> = {}): QueueUnderTest {
    this.#alive = false;
    this.disk.index();
    return new QueueUnderTest({ ...this.#options, ...options, disk: this.disk, world: this.world });
  }
}
