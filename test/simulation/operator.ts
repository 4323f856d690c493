/** Whoever sets the sale up and changes the rooms while it runs. */
import type { Chance } from './chance.ts';
import type { Judge } from './judge.ts';
import { namesOf, rooms, seatPrice, stackOf } from './people.ts';
import { policyFor, type Settings } from './settings.ts';
import type { HttpRequest } from './simulated-doors.ts';
import type { SimulatedProgram } from './simulated-program.ts';
import { startWallMs, type SimulatedWorld } from './simulated-world.ts';

/** The one section of every hall here. */
function hallOf({ seatsPerSchedule, longNames }: Settings) {
  const { section, row } = namesOf(longNames);
  return { name: section, price: seatPrice, rows: [{ name: row, seats: seatsPerSchedule }] };
}

const hourMs = 60 * 60 * 1000;
const retryMs = 50;

export class Operator {
  readonly #world: SimulatedWorld;
  readonly #chance: Chance;
  readonly #settings: Settings;
  readonly #judge: Judge;
  readonly #program: () => SimulatedProgram | null;
  #plan = 0;

  constructor(
    world: SimulatedWorld,
    chance: Chance,
    settings: Settings,
    judge: Judge,
    program: () => SimulatedProgram | null,
  ) {
    this.#world = world;
    this.#chance = chance;
    this.#settings = settings;
    this.#judge = judge;
    this.#program = program;
  }

  /** Makes rooms, concert and dates, each until it is there; then changes policies until `over`. */
  work(over: () => boolean): void {
    const { schedules, policy } = this.#settings;
    const steps: HttpRequest[] = [
      { operation: 'createConcert', body: { id: 'c1', name: 'Concert' } },
      { operation: 'createConcert', body: { id: 'c2', name: 'Other' } },
      ...rooms.map((room) => this.#room(room, policy, room === 'main' ? undefined : ['c2'])),
      ...Array.from({ length: schedules }, (_, index) => this.#schedule(`s${index + 1}`)),
    ];
    this.#doAll(steps, () => this.#change(over));
  }

  /** Lets everyone in who still waits. */
  openDoors(): void {
    // What was under way is given up: it must not set another policy afterwards.
    this.#plan += 1;
    const policy = { admitPerSecond: 1_000, maxActive: 1_000, sessionSeconds: 1, maxSessionSeconds: 1 };
    this.#doAll(
      rooms.map((room) => this.#room(room, policy)),
      () => undefined,
    );
  }

  /** Where the counters of free seats differ from the seats. */
  countProblems({ freeSeats, engine }: SimulatedProgram): string[] {
    const problems: string[] = [];
    const page = freeSeats.page({ available: false, after: null, limit: 100, atMs: engine.nowMs() });
    const counted = page.items.reduce((sum, { seatsAvailable }) => sum + seatsAvailable, 0);
    let free = 0;
    for (const [id, { facts }] of this.#judge.auditor.schedules.model.schedules) {
      const nowMs = engine.nowMs();
      if (nowMs < facts.salesOpenAt || nowMs >= facts.salesCloseAt) continue;
      free += this.#settings.seatsPerSchedule - this.#judge.auditor.seatOwners(id).size;
    }
    if (counted !== free) problems.push(`the catalog counts ${counted} free seats, there are ${free}`);
    return problems;
  }

  #room(room: string, policy: Settings['policy'], concertIds?: readonly string[]): HttpRequest {
    return {
      operation: 'putRoom',
      params: { room },
      body: { ...policy, ...(concertIds === undefined ? {} : { concertIds }) },
    };
  }

  #schedule(id: string): HttpRequest {
    const body = {
      id,
      venue: 'Hall',
      startsAt: new Date(startWallMs + 48 * hourMs).toISOString(),
      salesOpenAt: new Date(startWallMs - hourMs).toISOString(),
      salesCloseAt: new Date(startWallMs + 24 * hourMs).toISOString(),
      sections: [hallOf(this.#settings)],
    };
    return { operation: 'createSchedule', params: { concertId: 'c1' }, body };
  }

  #change(over: () => boolean): void {
    this.#world.after(this.#chance.between(500, 10_000), this.#world.around, () => {
      if (over()) return;
      this.#doAll([this.#room(this.#chance.pick(rooms), policyFor(this.#chance))], () => this.#change(over));
    });
  }

  #doAll(steps: readonly HttpRequest[], then: () => void, plan = this.#plan): void {
    if (plan !== this.#plan) return;
    const [step, ...rest] = steps;
    if (step === undefined) return then();
    const again = (): void => void this.#world.after(retryMs, this.#world.around, () => this.#doAll(steps, then, plan));
    const program = this.#program();
    if (program === null || !program.ready) return again();
    // A program that dies leaves the step without an answer.
    let answered = false;
    const look = (): void => {
      if (answered) return;
      if (program.life.alive) this.#world.after(retryMs, this.#world.around, look);
      else again();
    };
    this.#world.after(retryMs, this.#world.around, look);
    void this.#do(program, step).then((result) => {
      answered ||= result !== 'dead';
      if (result === 'done') this.#doAll(rest, then, plan);
      else if (result === 'again') again();
      return undefined;
    });
  }

  async #do(program: SimulatedProgram, step: HttpRequest): Promise<'done' | 'again' | 'dead'> {
    try {
      const answer = await program.doors.http(step);
      if (!program.life.alive) return 'dead';
      // There already: a try of before had no answer.
      if (answer.status < 300 || answer.code === 'already_exists') return 'done';
      if (answer.status !== 503) this.#judge.wrong(`the operator was told ${answer.status} ${answer.code}`);
      return 'again';
    } catch (error) {
      if (program.life.alive) this.#judge.wrong(`${step.operation} failed: ${stackOf(error)}`);
      return 'dead';
    }
  }
}
