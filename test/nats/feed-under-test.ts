/** A feed over a journal that the test writes itself, and its stream read by a plain client. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Turn } from '../../engine/ports.ts';
import { startFeed, type Feed } from '../../api/nats/feed/feed.ts';
import { createLog } from '../../api/log.ts';
import { JournalAppender } from '../../storage/journal-appender.ts';
import { until } from '../until.ts';

export const journalModule = new URL('../../storage/feed-journal.ts', import.meta.url);

export class FeedUnderTest {
  readonly dataDir: string;
  readonly journal: JournalAppender;
  /** Ids of all public events written so far, in order. */
  readonly ids: string[] = [];
  readonly fatal = Promise.withResolvers<Error>();
  durable = 0;
  #feed: Feed | null = null;

  constructor(context: TestContext) {
    this.dataDir = mkdtempSync(join(tmpdir(), 'onsale-feed-'));
    this.journal = new JournalAppender(join(this.dataDir, 'journal.db'));
    context.after(async () => {
      await this.#feed?.close(0);
      this.journal.close();
      rmSync(this.dataDir, { recursive: true, force: true });
    });
  }

  get feed(): Feed {
    if (this.#feed === null) throw new Error('the feed is not started');
    return this.#feed;
  }

  /** One batch: a charge of each user, a turn each, and a private event at its front. */
  charge(...users: readonly string[]): void {
    this.write(...users);
    this.#feed?.advance(this.durable);
  }

  /** The same, and the feed is not told. */
  write(...users: readonly string[]): void {
    const number = this.durable + 1;
    const atMs = Date.now();
    const hidden = { type: 'PlacesPassed', v: 1, epoch: 'e', through: number };
    const turns: Turn[] = users.map((userId, index) => {
      const charge = { id: `${number}.${index}`, userId, amount: 1, balance: number, chargedAt: atMs };
      const event = { type: 'WalletCharged', v: 1, charge };
      return { atMs, to: `wallet:${userId}`, command: 'ChargeWallet', events: [{ actor: `wallet:${userId}`, event }] };
    });
    turns.unshift({
      atMs,
      to: 'admission:main',
      command: 'AdmitPeople',
      events: [{ actor: 'admission:main', event: hidden }],
    });
    this.journal.append(number, atMs, Buffer.from(JSON.stringify(turns)));
    this.durable = number;
    users.forEach((_, index) => this.ids.push(`${this.journal.id}-${number}-${index + 1}`));
  }

  /** So many batches of one charge for each of three users. */
  chargeMany(batches: number): void {
    for (let count = 0; count < batches; count++) this.charge('ann', 'bob', 'cy');
  }

  async start(natsUrl: string): Promise<Feed> {
    this.#feed = await startFeed({
      dataDir: this.dataDir,
      journalModule,
      link: { target: { url: natsUrl, token: null }, onConnect: () => () => undefined },
      durableThrough: this.durable,
      nowMs: () => Date.now(),
      log: createLog('silent'),
      onFatal: (error) => this.fatal.resolve(error),
    });
    return this.#feed;
  }

  async stop(withinMs = 0): Promise<void> {
    await this.feed.close(withinMs);
    this.#feed = null;
  }
}

export interface Received {
  readonly id: string;
  readonly subject: string;
  readonly sequence: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** After a restart of the server: what is asked before that is lost. */
export async function clientIsBack(nc: NatsConnection): Promise<void> {
  await until('the client is back', () =>
    nc.flush().then(
      () => true,
      () => false,
    ),
  );
}

/** Everything that the stream holds now. */
export async function readStream(nc: NatsConnection): Promise<Received[]> {
  const jsm = await jetstreamManager(nc);
  const { state } = await jsm.streams.info('ONSALE_EVENTS');
  const received: Received[] = [];
  if (state.messages === 0) return received;
  const consumer = await jetstream(nc).consumers.get('ONSALE_EVENTS', { deliver_policy: DeliverPolicy.All });
  const messages = await consumer.consume({ max_messages: 1_000 });
  for await (const message of messages) {
    const headers = Object.fromEntries((message.headers?.keys() ?? []).map((key) => [key, message.headers?.get(key)]));
    received.push({
      id: message.headers?.get('ce-id') ?? '',
      subject: message.subject,
      sequence: message.seq,
      // Every key that the message has, has a value.
      headers: headers as Record<string, string>,
      body: message.json(),
    });
    if (message.seq >= state.last_seq) break;
  }
  await messages.close();
  return received;
}

/** Drops repetitions, as a consumer that goes by `ce-id` does. */
export function distinct(received: readonly Received[]): string[] {
  return [...new Set(received.map(({ id }) => id))];
}
