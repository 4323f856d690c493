/**
 * A NATS server with JetStream, as far as Onsale talks to it, and connections to it over a network that delays, loses and
 * breaks. The server outlives every process; what it acknowledged is there after its own kill, but not after a power loss.
 *
 * A connection keeps the order of what is sent over it, as TCP does. Whether the server has carried out what was on its
 * way when a connection broke is a matter of chance, as is whether its answer comes back.
 */
import { NatsAway } from '../../api/nats/connection.ts';
import type { LiveNats, NatsLink, NatsState } from '../../api/nats/connection.ts';
import { RequestsUnderWay } from '../../api/nats/requests-under-way.ts';
import type { Chance } from './chance.ts';
import { jetStreamOver } from './simulated-jetstream.ts';
import { SimulatedStream } from './simulated-stream.ts';
import type { Life, SimulatedWorld } from './simulated-world.ts';

export interface NetworkFaults {
  /** How long a message may be on its way, ms. */
  readonly delayMaxMs: number;
  /** Of a hundred answers so many never come. */
  readonly lostPercent: number;
  /** Of a hundred deliveries so many end their consumer. */
  readonly consumerEndsPercent: number;
}

/** How long a request waits for its answer, ms. */
const requestTimeoutMs = 5_000;

export class SimulatedNats {
  readonly world: SimulatedWorld;
  readonly chance: Chance;
  readonly faults: NetworkFaults;
  readonly streams = new Map<string, SimulatedStream>();
  readonly #links = new Set<SimulatedLink>();
  #up = true;

  constructor(world: SimulatedWorld, chance: Chance, faults: NetworkFaults) {
    this.world = world;
    this.chance = chance;
    this.faults = faults;
  }

  get up(): boolean {
    return this.#up;
  }

  delayMs(): number {
    return this.chance.delayMs(this.faults.delayMaxMs);
  }

  addStream(name: string, description: string, onePerSubject: boolean): SimulatedStream {
    const stream = new SimulatedStream(name, description, onePerSubject);
    this.streams.set(name, stream);
    return stream;
  }

  deleteStream(name: string): boolean {
    this.streams.get(name)?.remove();
    return this.streams.delete(name);
  }

  connect(life: Life): SimulatedLink {
    const link = new SimulatedLink(this, life);
    this.#links.add(link);
    link.lookAgain();
    return link;
  }

  /** The server is gone, and with it every connection. */
  stop(): void {
    this.#up = false;
    for (const link of this.#links) link.break();
  }

  start(): void {
    this.#up = true;
    for (const link of this.#links) link.lookAgain();
  }

  /** One connection breaks; the client connects again. */
  breakOne(): void {
    const links = [...this.#links].filter(({ life }) => life.alive);
    if (links.length === 0) return;
    const link = this.chance.pick(links);
    link.break();
    link.lookAgain();
  }

  forget(link: SimulatedLink): void {
    this.#links.delete(link);
  }
}

/** One process's connection. Keeps the promises of `NatsLink` that line and feed rest on. */
export class SimulatedLink implements Pick<NatsLink, 'use' | 'state' | 'onConnect' | 'live'> {
  readonly nats: SimulatedNats;
  readonly life: Life;
  readonly #live: LiveNats;
  readonly #listeners = new Set<(nats: LiveNats) => void>();
  readonly #requests = new RequestsUnderWay();
  #state: NatsState = 'connecting';
  /** Of this connection; another one is alive when it differs. */
  #connection: Life = { alive: false };
  #lastArrivalMs = 0;

  constructor(nats: SimulatedNats, life: Life) {
    this.nats = nats;
    this.life = life;
    this.#live = jetStreamOver(this);
  }

  get state(): NatsState {
    return this.#state;
  }

  get connection(): Life {
    return this.#connection;
  }

  live(): LiveNats {
    if (this.#state !== 'connected') throw new NatsAway('NATS is away');
    return this.#live;
  }

  use<T>(work: (nats: LiveNats) => Promise<T>): Promise<T> {
    return this.#requests.run(() => work(this.live()));
  }

  onConnect(listener: (nats: LiveNats) => void): () => void {
    this.#listeners.add(listener);
    if (this.#state === 'connected') listener(this.#live);
    return () => void this.#listeners.delete(listener);
  }

  /** Does something at the server; resolves with its answer, rejects when that does not come. */
  request<T>(atServer: () => T): Promise<T> {
    const { nats, life } = this;
    const { world, chance } = nats;
    const connection = this.#connection;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, world.monotonicMs() + nats.delayMs());
    return new Promise((resolve, reject) => {
      const timeout = world.after(requestTimeoutMs, life, () => reject(new Error('no answer in time')));
      world.after(this.#lastArrivalMs - world.monotonicMs(), world.around, () => {
        if (!nats.up || (!connection.alive && chance.of(50))) return;
        let answer: () => void;
        try {
          const value = atServer();
          answer = () => resolve(value);
        } catch (error) {
          answer = () => reject(error);
        }
        if (chance.of(nats.faults.lostPercent)) return;
        world.after(nats.delayMs(), life, () => {
          if (!connection.alive) return;
          timeout();
          answer();
        });
      });
    });
  }

  break(): void {
    this.#connection.alive = false;
    if (this.#state === 'connected') this.#state = 'reconnecting';
    this.#requests.endAll(new NatsAway('NATS went away; whether it carried this out is unknown'));
  }

  lookAgain(): void {
    const { world } = this.nats;
    world.after(this.nats.delayMs(), this.life, () => {
      if (!this.nats.up || this.#state === 'connected') return;
      this.#connection = { alive: true };
      this.#state = 'connected';
      for (const listener of this.#listeners) listener(this.#live);
    });
  }
}
