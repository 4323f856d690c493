/**
 * One run: a seed, a number of steps, and a world in which the program lives through crashes, outages and jumps of the
 * clock while people buy. A step is one thing that happens. At every step the judge may find a problem; after the last
 * one the world calms down, everything that was promised must come to its end, and the whole journal is judged once more.
 *
 * The same seed gives the same run, whatever the number of steps: a longer one begins as the shorter one does.
 */
import { eventStreamName } from '../../api/nats/feed/event-stream.ts';
import { Chance } from './chance.ts';
import { DurableQueue } from './durable-queue.ts';
import { feedProblems } from './feed-judge.ts';
import { History } from './history.ts';
import { Judge } from './judge.ts';
import { Operator } from './operator.ts';
import { Person } from './people.ts';
import type { ToldPlace } from './place-judge.ts';
import { jumpMaxMs, settingsFor, type Settings } from './settings.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { SimulatedNats } from './simulated-nats.ts';
import { SimulatedProgram } from './simulated-program.ts';
import { SimulatedReadModel } from './simulated-read-model.ts';
import { SimulatedWorld } from './simulated-world.ts';

export interface Outcome {
  readonly seed: number;
  readonly steps: number;
  /** Null: nothing wrong was found. */
  readonly problem: string | null;
  readonly counts: Readonly<Record<string, number>>;
  /** Checksums of the last batches: two runs that agree in them agree in every byte of their journals. */
  readonly journal: string;
}

/** Steps that the world may take to calm down. More than it ever needs. */
const calmStepsMax = 60_000;
/** How long it has for it, ms of the simulation's clock: longer than any session, hold, retry and rate. */
const calmMs = 400_000;
/** Whatever is calm for so long stays so, ms. */
const stillMs = 3_000;

/** @param onSteps called with the journals when the steps are over, before the world calms down */
export async function simulate(
  seed: number,
  steps: number,
  onSteps: (journals: readonly SimulatedDisk[]) => void = () => undefined,
): Promise<Outcome> {
  const simulation = new Simulation(seed);
  return await simulation.run(steps, onSteps);
}

class Simulation {
  readonly #seed: number;
  readonly #chance: Chance;
  readonly #settings: Settings;
  readonly #world: SimulatedWorld;
  readonly #judge: Judge;
  readonly #nats: SimulatedNats;
  readonly #disks: readonly [SimulatedDisk, ...SimulatedDisk[]];
  readonly #readModel = new SimulatedReadModel();
  readonly #queue: DurableQueue;
  readonly #operator: Operator;
  readonly #history: History;
  #program: SimulatedProgram | null = null;
  #starting = false;
  #over = false;
  #counts = { crashes: 0, stops: 0, diskFaults: 0, outages: 0, recoveries: 0, jumps: 0 };

  constructor(seed: number) {
    this.#seed = seed;
    this.#chance = new Chance(`simulation ${seed}`);
    this.#settings = settingsFor(this.#chance);
    this.#world = new SimulatedWorld(new Chance(`ties ${seed}`), this.#settings.lateMaxMs);
    this.#judge = new Judge(this.#world, this.#settings);
    this.#nats = new SimulatedNats(this.#world, this.#chance, this.#settings.network);
    this.#disks = this.#settings.split
      ? [new SimulatedDisk(`j${seed}`), new SimulatedDisk(`w${seed}`)]
      : [new SimulatedDisk(`j${seed}`)];
    const program = (): SimulatedProgram | null => this.#program;
    this.#history = new History(this.#world, this.#settings);
    this.#queue = new DurableQueue(this.#world, this.#chance, this.#nats, program);
    this.#operator = new Operator(this.#world, this.#chance, this.#settings, this.#judge, program);
  }

  async run(steps: number, onSteps: (journals: readonly SimulatedDisk[]) => void): Promise<Outcome> {
    this.#start();
    this.#operator.work(() => this.#over);
    this.#gather();
    let step = 0;
    for (; step < steps && this.#judge.problems.length === 0; step += 1) {
      this.#disturb();
      if (!(await this.#world.step())) break;
    }
    onSteps(this.#disks);
    if (this.#judge.problems.length === 0) await this.#calmDown();
    const journal = this.#disks.map((disk) => Buffer.from(disk.checksumOf(disk.end)).toString('hex')).join(' ');
    const counts = { ...this.#counts, ...this.#judge.counts, ...this.#history.counts };
    return { seed: this.#seed, steps: step, problem: this.#judge.problems[0] ?? null, counts, journal };
  }

  #start(): void {
    this.#starting = false;
    this.#counts.recoveries += 1;
    try {
      this.#program = new SimulatedProgram({
        world: this.#world,
        chance: this.#chance,
        settings: this.#settings,
        nats: this.#nats,
        disks: this.#disks,
        readModel: this.#readModel,
        onDurable: (_disk, batch) => this.#judge.durable(batch),
        onDiskFault: () => {
          this.#counts.diskFaults += 1;
          this.#crash();
        },
        wrong: this.#judge.wrong,
      });
    } catch (error) {
      this.#judge.wrong(`the program does not start: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }

  #crash(): void {
    this.#program?.kill();
    this.#program = null;
    this.#judgeSnapshots();
    if (this.#starting) return;
    this.#starting = true;
    this.#world.after(this.#chance.delayMs(1_000), this.#world.around, () => this.#start());
  }

  /** SIGTERM: what is under way is finished, then the process ends. */
  async #stop(program: SimulatedProgram): Promise<void> {
    this.#counts.stops += 1;
    await program.stop();
    if (!program.life.alive) return;
    // A question to another engine may stay open: the next start asks again.
    if (program.unanswered > 0 && !this.#settings.split)
      this.#judge.wrong(`${program.unanswered} commands had no answer when it had stopped`);
    this.#crash();
  }

  #gather(): void {
    const { people } = this.#settings;
    const names = Array.from({ length: people }, (_, index) => `u${index}`);
    const crowd = {
      world: this.#world,
      chance: this.#chance,
      settings: this.#settings,
      nats: this.#nats,
      queue: this.#queue,
      judge: this.#judge,
      history: this.#history,
      program: () => this.#program,
      over: () => this.#over,
    };
    for (const name of names) new Person(crowd, name, names).live();
  }

  /** Before a step, now and then, the world does its worst. */
  #disturb(): void {
    const { crashPercent, outagePercent, clockJumps } = this.#settings;
    const chance = this.#chance;
    if (chance.of(crashPercent) && this.#program !== null) {
      if (this.#program.ready && chance.of(20)) void this.#stop(this.#program);
      else {
        this.#counts.crashes += 1;
        this.#crash();
      }
    }
    if (chance.of(outagePercent)) this.#disturbNats();
    if (chance.of(0.5) && this.#program?.ready === true) void this.#program.repeat();
    if (clockJumps && chance.of(0.2)) {
      this.#counts.jumps += 1;
      this.#world.jumpWall(chance.between(-jumpMaxMs, jumpMaxMs));
    }
  }

  #disturbNats(): void {
    if (!this.#nats.up) return;
    if (this.#chance.of(50)) return this.#nats.breakOne();
    this.#counts.outages += 1;
    this.#nats.stop();
    this.#world.after(this.#chance.delayMs(5_000), this.#world.around, () => {
      if (this.#settings.powerLoss && this.#chance.of(40)) this.#losePower();
      this.#nats.start();
    });
  }

  /** The last messages of a line's stream were never synced, or it is gone altogether. */
  #losePower(): void {
    for (const [name, stream] of this.#nats.streams) {
      if (name === eventStreamName) continue;
      if (this.#chance.of(30)) this.#nats.deleteStream(name);
      else stream.loseAbove(Math.max(0, stream.lastSeq - this.#chance.between(0, 5)));
    }
  }

  /** Snapshots are what the journal says they are, whenever they are looked at. */
  #judgeSnapshots(): void {
    if (this.#settings.split) return;
    const [disk] = this.#disks;
    for (const snapshot of disk.snapshots.values()) {
      if (snapshot.position > disk.end) {
        this.#judge.wrong(
          `the snapshot of ${snapshot.actor} is at batch ${snapshot.position}, the journal at ${disk.end}`,
        );
      }
      const lastBatch = this.#judge.auditor.lastBatchOf.get(snapshot.actor) ?? 0;
      if (lastBatch <= snapshot.position) this.#judge.auditor.snapshot(snapshot);
    }
    this.#judge.heedFindings();
  }

  async #calmDown(): Promise<void> {
    this.#over = true;
    this.#nats.start();
    const startMs = this.#world.monotonicMs();
    let calmSinceMs = startMs;
    this.#operator.openDoors();
    // Chance may go on failing single answers and appends: what is promised has to come all the same.
    for (let step = 0; step < calmStepsMax && this.#judge.problems.length === 0; step += 1) {
      const nowMs = this.#world.monotonicMs();
      if (this.#unfinished().length > 0) calmSinceMs = nowMs;
      if (nowMs - calmSinceMs > stillMs || nowMs - startMs > calmMs) break;
      if (!(await this.#world.step())) break;
    }
    if (this.#judge.problems.length > 0) return;
    this.#judgeEnd();
  }

  /** What still has to happen. */
  #unfinished(): string[] {
    const unfinished: string[] = [];
    const program = this.#program;
    if (program === null || !program.ready) return ['the program is not ready'];
    if (this.#queue.size > 0) unfinished.push(`${this.#queue.size} durable commands wait`);
    const waiting = this.#judge.places.stillWaiting().filter((told) => !this.#lostWithPower(told));
    if (waiting.length > 0) unfinished.push(`in line: ${JSON.stringify(waiting[0])}`);
    const held = this.#judge.auditor.schedules.model.reservations.find(
      ({ status }) => status === 'held' || status === 'paying',
    );
    if (held !== undefined) unfinished.push(`${held.id} is ${held.status}`);
    for (const room of this.#judge.auditor.rooms.rooms.values()) {
      for (const { userId } of room.sessions.values()) unfinished.push(`${userId} is inside ${room.room}`);
    }
    if (program.relay.through < this.#disks[0].end) unfinished.push(`the feed is at batch ${program.relay.through}`);
    if (program.engines.some(({ caughtUp }) => !caughtUp)) unfinished.push('the follower is behind');
    return unfinished;
  }

  /** Whoever stood in the part of a stream that a power loss took reads so when the place's turn comes. */
  #lostWithPower({ room, place, userId }: ToldPlace): boolean {
    const message = this.#nats.streams.get(`ONSALE_LINE_${room}`)?.get(place);
    return this.#settings.powerLoss && message?.subject.endsWith(`.${userId}`) !== true;
  }

  #judgeEnd(): void {
    const unfinished = this.#unfinished();
    for (const what of unfinished) this.#judge.wrong(`in the end ${what}`);
    if (unfinished.length > 0) return;
    for (const scope of this.#queue.acknowledged) {
      if (!this.#judge.isCarriedOut(scope)) this.#judge.wrong(`the durable command ${scope} has no outcome`);
    }
    const disorder = this.#history.problem(this.#judge.reservations());
    if (disorder !== null) this.#judge.wrong(disorder);
    this.#judge.auditor.finish();
    this.#judge.heedFindings();
    this.#judgeSnapshots();
    const stream = this.#nats.streams.get(eventStreamName);
    for (const problem of feedProblems(this.#disks[0], stream)) this.#judge.wrong(problem);
    if (this.#program !== null)
      for (const problem of this.#operator.countProblems(this.#program)) this.#judge.wrong(problem);
  }
}
