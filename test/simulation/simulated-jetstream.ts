/** The calls of the NATS client that the waiting line makes, over a simulated connection. */
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { NoRespondersError, RequestError } from '@nats-io/transport-node';
import type { LiveNats } from '../../api/nats/connection.ts';
import type { SimulatedLink } from './simulated-nats.ts';
import type { SimulatedStream } from './simulated-stream.ts';

const noMessageFound = 10_037;
const nameInUse = 10_058;
/** Of a hundred deliveries so many tell of more to come than there is. */
const miscountPercent = 5;

/** Of the client's surface just this: a call that is not here fails the simulation loudly. */
export function jetStreamOver(link: SimulatedLink): LiveNats {
  const { nats } = link;

  function streamOf(name: string): SimulatedStream {
    const stream = nats.streams.get(name);
    if (stream === undefined) throw apiError(JetStreamApiCodes.StreamNotFound, 'stream not found');
    return stream;
  }

  const jsm = {
    streams: {
      info: (name: string) => link.request(() => infoOf(streamOf(name))),
      add: ({ name, description, max_msgs_per_subject: perSubject }: Added) =>
        link.request(() => {
          const there = nats.streams.get(name);
          // One that is there with the same settings is the answer; with others it is an error.
          if (there !== undefined && there.description !== description)
            throw apiError(nameInUse, 'name already in use');
          return infoOf(there ?? nats.addStream(name, description, perSubject === 1));
        }),
      delete: (name: string) => link.request(() => nats.deleteStream(name)),
      purge: (name: string, { seq }: { seq: number }) => link.request(() => streamOf(name).purgeBelow(seq)),
      deleteMessage: (name: string, seq: number) =>
        link.request(() => {
          if (!streamOf(name).delete(seq)) throw apiError(noMessageFound, 'no message found');
          return true;
        }),
      // `next_by_subj` always names all subjects of the stream here.
      getMessage: (name: string, asked: { readonly seq: number } | { readonly last_by_subj: string }) =>
        link.request(() => {
          const stream = streamOf(name);
          return 'seq' in asked ? stream.from(asked.seq) : stream.lastOf(asked.last_by_subj);
        }),
    },
  };
  const js = {
    consumers: {
      get: (name: string, { opt_start_seq: from }: { opt_start_seq: number }) =>
        link.request(() => {
          const stream = streamOf(name);
          return { consume: async () => new SimulatedConsumer(link, stream, from) };
        }),
    },
  };
  const nc = {
    request: (subject: string) =>
      link.request(() => {
        const room = subject.split('.')[3] ?? '';
        const stream = nats.streams.get(`ONSALE_LINE_${room}`);
        if (stream === undefined) {
          throw new RequestError('no responders', { cause: new NoRespondersError(subject) });
        }
        const stored = stream.store(subject, new Uint8Array());
        return {
          json: () =>
            stored.type === 'stored'
              ? { stream: stream.name, seq: stored.seq }
              : { error: { err_code: stored.code, description: stored.description } },
        };
      }),
  };
  // The line and the desk call nothing else; a call of something else is a TypeError, which fails the run.
  return { nc, js, jsm } as unknown as LiveNats;
}

function infoOf(stream: SimulatedStream) {
  return {
    config: { name: stream.name, description: stream.description },
    state: { last_seq: stream.lastSeq, messages: stream.size },
  };
}

interface Added {
  readonly name: string;
  readonly description: string;
  readonly max_msgs_per_subject?: number;
}

function apiError(code: number, description: string): JetStreamApiError {
  return new JetStreamApiError({ code: 404, err_code: code, description });
}

interface Delivered {
  readonly seq: number;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly info: { readonly pending: number };
}

/** An ordered consumer: messages in order from a sequence, each after its time; it may end for no reason at all. */
class SimulatedConsumer implements AsyncIterable<Delivered> {
  readonly #link: SimulatedLink;
  readonly #stream: SimulatedStream;
  readonly #unlisten: () => void;
  readonly #connection;
  readonly #arrived: Delivered[] = [];
  #next: number;
  #onItsWay = false;
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(link: SimulatedLink, stream: SimulatedStream, from: number) {
    this.#link = link;
    this.#stream = stream;
    this.#next = from;
    this.#connection = link.connection;
    this.#unlisten = stream.listen(() => this.#pump());
    this.#pump();
  }

  stop(): void {
    this.#ended = true;
    this.#unlisten();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Delivered> {
    for (;;) {
      const message = this.#arrived.shift();
      if (message !== undefined) yield message;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #pump(): void {
    if (this.#onItsWay || this.#ended) return;
    if (!this.#stream.deleted && this.#stream.from(this.#next) === null) return;
    this.#onItsWay = true;
    const { nats, life } = this.#link;
    nats.world.after(nats.delayMs(), life, () => {
      this.#onItsWay = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const { nats } = this.#link;
    // A broken connection delivers nothing more, and says nothing either.
    if (this.#ended || !this.#connection.alive) return;
    if (this.#stream.deleted || nats.chance.of(nats.faults.consumerEndsPercent)) return this.stop();
    const message = this.#stream.from(this.#next);
    if (message === null) return;
    this.#next = message.seq + 1;
    const { seq, subject, data } = message;
    this.#arrived.push({ seq, subject, data, info: { pending: this.#pendingAfter(seq) } });
    this.#wake?.();
    this.#pump();
  }

  /** nats-server goes on counting messages that are deleted before they are read, so this may be too many. */
  #pendingAfter(seq: number): number {
    const { chance } = this.#link.nats;
    return this.#stream.countAbove(seq) + (chance.of(miscountPercent) ? chance.between(1, 3) : 0);
  }
}
