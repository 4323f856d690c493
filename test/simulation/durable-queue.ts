/** The work queue of durable commands: what it has acknowledged is delivered until it is acked, again and again. */
import type { Chance } from './chance.ts';
import { messageOf, scopeOfRequest, type Request } from './request.ts';
import type { SimulatedNats } from './simulated-nats.ts';
import type { SimulatedProgram } from './simulated-program.ts';
import type { SimulatedWorld } from './simulated-world.ts';

interface Queued {
  readonly request: Request;
  /** Of the delivery that has no outcome yet; null between deliveries. */
  deliveredTo: SimulatedProgram | null;
}

export class DurableQueue {
  /** Acknowledged to its publisher, and not acked by the program. */
  readonly #waiting = new Set<Queued>();
  /** Scopes of everything that was ever acknowledged: each must have one outcome in the end. */
  readonly acknowledged = new Set<string>();
  readonly #world: SimulatedWorld;
  readonly #chance: Chance;
  readonly #nats: SimulatedNats;
  readonly #program: () => SimulatedProgram | null;

  constructor(world: SimulatedWorld, chance: Chance, nats: SimulatedNats, program: () => SimulatedProgram | null) {
    this.#world = world;
    this.#chance = chance;
    this.#nats = nats;
    this.#program = program;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Whether the message was acknowledged. */
  publish(request: Request): boolean {
    if (!this.#nats.up) return false;
    const scope = scopeOfRequest(request);
    if (scope === null) throw new Error('durable commands need a key');
    this.acknowledged.add(scope);
    const queued: Queued = { request, deliveredTo: null };
    this.#waiting.add(queued);
    this.#deliverLater(queued);
    return true;
  }

  #deliverLater(queued: Queued): void {
    this.#world.after(1 + this.#nats.delayMs(), this.#world.around, () => this.#deliver(queued));
  }

  #deliver(queued: Queued): void {
    if (!this.#waiting.has(queued) || queued.deliveredTo?.life.alive === true) return;
    const program = this.#program();
    if (!this.#nats.up || program === null || !program.ready || program.link.state !== 'connected') {
      this.#world.after(this.#chance.between(100, 600), this.#world.around, () => this.#deliver(queued));
      return;
    }
    queued.deliveredTo = program;
    void this.#carryOut(queued, program);
    // A program that dies has no outcome for it: it comes again.
    const look = (): void => {
      if (queued.deliveredTo !== program) return;
      if (program.life.alive) this.#world.after(500, this.#world.around, look);
      else this.#deliverLater(queued);
    };
    this.#world.after(500, this.#world.around, look);
  }

  async #carryOut(queued: Queued, program: SimulatedProgram): Promise<void> {
    const outcome = await program.doors.carryOut(messageOf(queued.request));
    queued.deliveredTo = null;
    if (!program.life.alive || outcome === 'overloaded' || outcome === 'draining' || this.#chance.of(10)) {
      // Sent back, or the ack was lost: it comes again.
      this.#deliverLater(queued);
    } else this.#waiting.delete(queued);
  }
}
