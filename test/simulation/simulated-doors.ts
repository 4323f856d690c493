/** The doors' pure halves, and the routes around them, without sockets: a parsed request goes in, an answer comes out. */
import type { Context } from 'hono';
import type { Engine } from '../../engine/engine.ts';
import type { Answer } from '../../api/answers/answer.ts';
import type { HttpDependencies } from '../../api/http/dependencies.ts';
import type { ErasedCall, Operation } from '../../api/http/operation.ts';
import { parseBody } from '../../api/answers/parse-body.ts';
import type { QueueStreams } from '../../api/http/queue-streams.ts';
import { adminRoutes } from '../../api/http/routes/admin.ts';
import { browseRoutes } from '../../api/http/routes/browse.ts';
import { paymentRoutes } from '../../api/http/routes/payments.ts';
import { queueRoutes } from '../../api/http/routes/queue.ts';
import { reservationRoutes } from '../../api/http/routes/reservations.ts';
import { userRoutes } from '../../api/http/routes/users.ts';
import { SeatChanges } from '../../api/seats/seat-changes.ts';
import { createSeatLists } from '../../api/seats/seat-list.ts';
import type { SeatStreams } from '../../api/http/seat-streams.ts';
import { readDurable } from '../../api/nats/commands/durable-message.ts';
import { createEndpoints, type Endpoint } from '../../api/nats/commands/endpoints.ts';
import type { Message } from '../../api/nats/commands/message.ts';
import type { Protocols } from '../../api/protocols.ts';
import { createQueueDesk } from '../../api/queue/queue-desk.ts';
import { createQueueTokens } from '../../api/queue/queue-token.ts';
import type { SimulatedProgram } from './simulated-program.ts';
import type { SimulatedReadModel } from './simulated-read-model.ts';
import type { SimulatedWorld } from './simulated-world.ts';

const secret = 'a secret of the simulation';

/** An HTTP request as its client sends it. */
export interface HttpRequest {
  readonly operation: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly token?: string;
  readonly key?: string;
}

export interface DoorsSetting {
  readonly program: Pick<SimulatedProgram, 'engine' | 'rooms' | 'freeSeats' | 'life'>;
  readonly world: SimulatedWorld;
  readonly readModel: SimulatedReadModel;
  /** The engine that has the schedules. */
  readonly first: Engine<Protocols>;
  readonly onError: (error: unknown) => void;
}

export class SimulatedDoors {
  readonly #setting: DoorsSetting;
  readonly #tokens = createQueueTokens(secret, 1_000);
  readonly #operations = new Map<string, Operation>();
  readonly #endpoints: readonly Endpoint[];

  constructor(setting: DoorsSetting) {
    this.#setting = setting;
    this.#endpoints = this.#open();
  }

  /** A request that has come through the door's checks of form; its answer when the door gives one. */
  async http({ operation, params = {}, body, token, key }: HttpRequest): Promise<Answer> {
    const found = this.#operations.get(operation);
    if (found === undefined) throw new Error(`there is no operation ${operation}`);
    const place = token === undefined ? null : this.#tokens.verify(token);
    if (token !== undefined && place === null) throw new Error(`${token} is no token of this program`);
    const bytes = new TextEncoder().encode(JSON.stringify(body));
    const read = found.body === undefined ? null : parseBody(found.body, bytes);
    if (read?.ok === false) return read.answer;
    const call: ErasedCall = {
      params: found.params?.parse(params),
      query: found.query?.parse({}),
      body: read?.value,
      caller: { place, token: token ?? null, jwtUser: null },
      key: key ?? null,
      requestId: 'simulated',
    };
    return await found.handle(call, noContext);
  }

  /** A request of a service; null where nobody listens on the subject. */
  async cmd(message: Message): Promise<Answer | null> {
    const prefix = message.subject.split('.').slice(0, 4).join('.');
    const endpoint = this.#endpoints.find(({ subject }) => subject === `${prefix}.*`);
    return endpoint === undefined ? null : await endpoint.answer(message);
  }

  /** A durable command: its outcome's name, or null for a message that is none. */
  async carryOut(message: Message): Promise<string | null> {
    const read = readDurable(message);
    if (!read.ok) return null;
    const outcome = await read.ask(this.#setting.program.engine);
    return outcome.type === 'rejected' ? outcome.code : 'accepted';
  }

  #open(): readonly Endpoint[] {
    const { program, world, readModel, first, onError } = this.#setting;
    const { engine, rooms, freeSeats, life } = program;
    const desk = createQueueDesk({ engine, tokens: this.#tokens, rooms, timers: world.timersOf(life), onError });
    const readModelProgress = {
      get through() {
        return readModel.through;
      },
      missing: 0,
      farBehind: false,
      async reached(batch: number) {
        while (readModel.through < batch) await world.sleep(10, life);
      },
    };
    const seatChanges = new SeatChanges({ bootId: 'boot', durableBatch: () => first.durableBatch });
    const seats = { seatChanges, seatLists: createSeatLists() };
    const used = { engine, desk, rooms, freeSeats, readModel, readModelProgress, ...seats };
    // What the routes of a simulation ask for; sockets, streams, limits and metrics belong to the door around them.
    const deps = used as unknown as HttpDependencies;
    const noStreams = {} as SeatStreams & QueueStreams;
    const operations = [
      ...queueRoutes(deps, noStreams),
      ...browseRoutes(deps, noStreams),
      ...reservationRoutes(deps),
      ...paymentRoutes(deps),
      ...userRoutes(deps),
      ...adminRoutes(deps),
    ];
    for (const operation of operations) this.#operations.set(operation.id, operation);
    return createEndpoints({ engine, desk, readModel: deps.readModel, readModelProgress, ...seats });
  }
}

/** The operations that are called read a request's headers at most. */
const noContext = { req: { method: 'GET', header: () => undefined } } as unknown as Context;
