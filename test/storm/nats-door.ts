/** The NATS doors, as the storm's services use them: request/reply, durable commands, joining by publishing. */
import { headers as natsHeaders, RequestError, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { replyOf } from '../nats/commands-stage.ts';
import { scheduleOf, type Answer, type Command, type Entry, type Sent } from './entry.ts';

/** Longer than any pause of a storm; a request that nats-server took along when it was killed is never answered, ms. */
const answerMaxMs = 3_000;
const alreadyInLine = 'maximum messages per subject exceeded';

/** One connection, so that what is sent again arrives after what was sent before. */
export class NatsDoor {
  readonly nc: NatsConnection;
  #connected = true;
  #disconnect = Promise.withResolvers<Sent>();

  constructor(nc: NatsConnection) {
    this.nc = nc;
    void this.#watch();
  }

  get connected(): boolean {
    return this.#connected;
  }

  async send(entry: Entry): Promise<Sent> {
    // While it is away the library would keep the message for later.
    if (!this.#connected) return { type: 'unsent' };
    const asked = this.#ask(entry).catch(toSent);
    return await Promise.race([asked, this.#disconnect.promise]);
  }

  /** What a query answers; null where there is no answer. */
  async query(subject: string, body: object): Promise<Readonly<Record<string, unknown>> | null> {
    const asked = this.nc.request(`onsale.v1.query.${subject}`, JSON.stringify(body), { timeout: answerMaxMs });
    const message = await asked.catch(() => null);
    if (message === null) return null;
    const reply = replyOf(message);
    return reply.ok ? reply.data : null;
  }

  async #ask({ door, command, key }: Entry): Promise<Sent> {
    const headers = natsHeaders();
    if (key !== null) headers.set('Idempotency-Key', key);
    if (door === 'line') {
      const room = command.type === 'join' ? command.room : '';
      const subject = `onsale.v1.line.${room}.${command.userId}`;
      return lineAnswer(room, (await this.nc.request(subject, '', { timeout: answerMaxMs })).json<Ack>());
    }
    const [subject, body] = messageOf(command);
    const options = { timeout: answerMaxMs, headers };
    const message = await this.nc.request(`onsale.v1.${door}.${subject}`, JSON.stringify(body), options);
    return { type: 'answered', answer: door === 'do' ? ackAnswer(message.json<Ack>()) : commandAnswer(message) };
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === 'disconnect') {
        this.#connected = false;
        this.#disconnect.resolve({ type: 'broken' });
      }
      if (type === 'reconnect') {
        this.#disconnect = Promise.withResolvers();
        this.#connected = true;
      }
    }
  }
}

function messageOf(command: Command): readonly [subject: string, body: object] {
  const { userId } = command;
  switch (command.type) {
    case 'charge':
      return [`charge.${userId}`, { amount: command.amount }];
    case 'hold':
      return [`hold.${command.scheduleId}`, { userId, seatIds: command.seatIds }];
    case 'pay':
    case 'cancel': {
      const { reservationId } = command;
      return [`${command.type}.${scheduleOf(reservationId)}`, { userId, reservationId }];
    }
    case 'join':
      return [`join.${command.room}`, { userId }];
    case 'leave':
      throw new Error('nobody leaves over NATS');
  }
}

function commandAnswer(message: Msg): Answer {
  const { ok, data, problem, headers } = replyOf(message);
  const replayed = headers['Idempotency-Replayed'] === 'true';
  if (ok) return { status: 200, code: null, text: JSON.stringify(data), replayed };
  return { status: Number(problem['status']), code: String(problem['code']), text: JSON.stringify(problem), replayed };
}

/** What JetStream says of a message: an error has a sequence beside it, too, which is 0. */
export interface Ack {
  readonly seq?: number;
  readonly error?: { readonly description: string };
}

/** JetStream's ack of a durable command. An error is none: it may be there or not, so it is sent again. */
export function ackAnswer(ack: Ack): Answer {
  if (ack.error !== undefined || ack.seq === undefined) throw new Error(ack.error?.description ?? 'no ack');
  return { status: 202, code: null, text: JSON.stringify(ack), replayed: false };
}

export function lineAnswer(room: string, ack: Ack): Sent {
  if (ack.error?.description === alreadyInLine) {
    const answer = { status: 409, code: 'already_in_line', text: JSON.stringify(ack.error), replayed: false };
    return { type: 'answered', answer };
  }
  if (ack.error !== undefined || ack.seq === undefined) return { type: 'broken' };
  const text = JSON.stringify({ room, place: ack.seq });
  return { type: 'answered', answer: { status: 201, code: null, text, replayed: false } };
}

function toSent(error: unknown): Sent {
  const nobodyThere = error instanceof RequestError && error.isNoResponders();
  return { type: nobodyThere ? 'unsent' : 'broken' };
}
