/** The program beside a real nats-server, and a client of the plain NATS library that shares no code with it. */
import assert from 'node:assert/strict';
import { headers as natsHeaders, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { createConcert, createSchedule, putRoom, startStage, type Stage } from '../http/stage.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

export interface ServiceReply {
  readonly ok: boolean;
  readonly data: Record<string, unknown>;
  readonly problem: Record<string, unknown>;
  /** By name; empty without headers. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface CommandStage {
  readonly nats: NatsUnderTest;
  readonly stage: Stage;
  readonly client: ServiceClient;
  close(): Promise<void>;
}

/** A concert `c` with the date `s` of 20 seats at 10,000 each, and a room that lets everyone in. */
export async function startCommandStage(env: Readonly<Record<string, string>> = {}): Promise<CommandStage> {
  const nats = await NatsUnderTest.start();
  const stage = await startStage({ NATS_URL: nats.url, ...env });
  await putRoom(stage, 'main');
  await createConcert(stage, 'c');
  await createSchedule(stage, 'c', 's');
  const client = new ServiceClient(await nats.connect());
  await client.untilServed();
  return {
    nats,
    stage,
    client,
    async close() {
      await client.nc.close();
      await stage.stop();
      await nats.close();
    },
  };
}

export class ServiceClient {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;

  constructor(nc: NatsConnection) {
    this.nc = nc;
    this.js = jetstream(nc);
  }

  jsm(): Promise<JetStreamManager> {
    return jetstreamManager(this.nc);
  }

  /** Until the durable commands have a consumer and requests are answered. */
  async untilServed(): Promise<void> {
    const jsm = await this.jsm();
    await until('the program takes durable commands', async () => {
      const found = await jsm.consumers.info('ONSALE_COMMANDS', 'onsale-engine').catch(() => null);
      return found !== null && found.num_waiting > 0;
    });
  }

  /** `body` as JSON; a string or bytes as they are. */
  async ask(subject: string, body?: unknown, sent: Readonly<Record<string, string>> = {}): Promise<ServiceReply> {
    const headers = natsHeaders();
    for (const [name, value] of Object.entries(sent)) headers.append(name, value);
    return replyOf(await this.nc.request(`onsale.v1.${subject}`, bytesOf(body), { timeout: 5_000, headers }));
  }

  async data(subject: string, body?: unknown, sent?: Readonly<Record<string, string>>): Promise<ServiceReply['data']> {
    const reply = await this.ask(subject, body, sent);
    assert.equal(reply.ok, true, JSON.stringify(reply.problem));
    return reply.data;
  }

  /** Publishes a durable command; the ack of JetStream. */
  async command(subject: string, body: unknown, sent: Readonly<Record<string, string>>) {
    const headers = natsHeaders();
    for (const [name, value] of Object.entries(sent)) headers.append(name, value);
    return await this.js.publish(`onsale.v1.do.${subject}`, bytesOf(body), { headers });
  }

  /** Until every durable command published so far is acked or terminated. */
  async untilCarriedOut(): Promise<void> {
    const jsm = await this.jsm();
    await until('the work queue is empty', async () => {
      return (await jsm.streams.info('ONSALE_COMMANDS')).state.messages === 0;
    });
  }
}

function bytesOf(body: unknown): string | Uint8Array {
  if (body === undefined) return '';
  return typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
}

export function replyOf(message: Msg): ServiceReply {
  const found: Record<string, string> = {};
  for (const [name, values] of message.headers ?? []) found[name] = values.join(',');
  // The shape is that of the contract; a wrong one fails in what is compared.
  const parsed = message.json<{ ok: boolean; data?: Record<string, unknown>; problem?: Record<string, unknown> }>();
  const { ok, data = {}, problem = {} } = parsed;
  assert.deepEqual(Object.keys(parsed), ['ok', ok ? 'data' : 'problem']);
  if (ok) {
    assert.equal(found['Nats-Service-Error'], undefined);
  } else {
    assert.equal(found['Nats-Service-Error'], problem['code']);
    assert.equal(found['Nats-Service-Error-Code'], String(problem['status']));
    assert.equal(typeof problem['detail'], 'string');
  }
  return { ok, data, problem, headers: found };
}
