/**
 * The load, as a process of its own that nobody kills: buyers, people in line, the operator, the consumer of the feed,
 * and the ledger of all that they were told. Started by load-process.ts, which it speaks with by messages.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { seeded } from '../system/seeded.ts';
import { publish, serve, shop, type Hall } from './buyers.ts';
import { Check } from './check.ts';
import { Desk } from './desk.ts';
import { EffectBook } from './effect-book.ts';
import { doors, type Door } from './entry.ts';
import { ExportedEvents } from './exported-events.ts';
import { FeedBook } from './feed-book.ts';
import { FeedRecorder } from './feed-recorder.ts';
import { HttpDoor } from './http-door.ts';
import { Ledger } from './ledger.ts';
import type { DoorCounts, FromLoad, LoadCounts, LoadSetUp, ToLoad } from './load-messages.ts';
import { NatsDoor } from './nats-door.ts';
import { Operator } from './operator.ts';
import { queueUp } from './waiting-people.ts';

const shoppers = 12;
const boxOffices = 4;
const paymentBackEnds = 3;
/** Lines of people who come one after the other, and how many come in a round. */
const arrivals = 3;
const arrivalsEach = 20;
const paceEveryMs = 300;
const reportWaitMs = 10;

class Load {
  readonly #hall: Hall;
  readonly #check: Check;
  readonly #recorder: FeedRecorder;
  readonly #feed: FeedBook;
  #working: Promise<unknown> = Promise.resolve();
  #told = 0;

  private constructor(hall: Hall, check: Check, recorder: FeedRecorder, feed: FeedBook) {
    this.#hall = hall;
    this.#check = check;
    this.#recorder = recorder;
    this.#feed = feed;
  }

  static async open({ dataDir, port, natsUrl, seed }: LoadSetUp): Promise<Load> {
    const random = seeded(`${seed}-load`);
    const ledger = new Ledger();
    const http = new HttpDoor(port, ledger);
    const reconnecting = { maxReconnectAttempts: -1, reconnectTimeWait: 20, ignoreClusterUpdates: true };
    const nc = await connect({ servers: natsUrl, ...reconnecting });
    const desk = new Desk(ledger, http, new NatsDoor(nc));
    const operator = new Operator(http.client, ledger, random);
    await operator.prepare();
    // Everything that is published here can be read, and has a key of its own.
    nc.subscribe('onsale.v1.advisory.rejected', {
      callback: (_, report) => ledger.find('broken-answer', `a durable command was terminated: ${report.string()}`),
    });
    const feed = new FeedBook(ledger);
    const recorder = new FeedRecorder(nc, (id, sequence) => feed.receive(id, sequence));
    const hall: Hall = { desk, operator, random, reads: { count: 0 }, over: true };
    const effects = new EffectBook(ledger);
    const exported = new ExportedEvents(dataDir);
    return new Load(hall, new Check({ desk, operator, effects, feed, exported, random }), recorder, feed);
  }

  go(round: number): void {
    const hall = this.#hall;
    hall.desk.round = round;
    hall.over = false;
    this.#working = Promise.all([
      ...Array.from({ length: shoppers }, (_, index) => shop(hall, `shopper${index}`)),
      ...Array.from({ length: boxOffices }, (_, index) => serve(hall, `office${index}`)),
      ...Array.from({ length: paymentBackEnds }, (_, index) => publish(hall, `backend${index}`)),
      ...Array.from({ length: arrivals }, (_, index) => queueUp(hall, `waiter${round}-${index}`, arrivalsEach)),
      this.#run(),
    ]);
    // Heard of when the round is settled.
    this.#working.catch(() => undefined);
  }

  /** The operator's share of a round. */
  async #run(): Promise<void> {
    const { operator } = this.#hall;
    await operator.refill();
    while (!this.#hall.over) {
      await operator.changePace();
      await sleep(paceEveryMs);
    }
  }

  async settle(last: boolean): Promise<FromLoad> {
    this.#hall.over = true;
    const { ledger } = this.#hall.desk;
    try {
      await this.#working;
      await this.#check.run(last);
    } catch (error) {
      ledger.find('stuck', error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    const findings = ledger.findings.slice(this.#told);
    this.#told = ledger.findings.length;
    return { type: 'checked', findings, counts: this.#counts() };
  }

  async end(): Promise<void> {
    await this.#recorder.stop();
    this.#hall.desk.http.close();
    await this.#hall.desk.nats.nc.close();
  }

  #counts(): LoadCounts {
    const { ledger } = this.#hall.desk;
    const byDoor = Object.fromEntries(doors.map((door) => [door, this.#countsOf(door)]));
    const reservations = [...ledger.reservations.values()];
    return {
      // True: there is one entry for each door.
      byDoor: byDoor as Record<Door, DoorCounts>,
      reads: this.#hall.reads.count,
      reservations: reservations.length,
      paid: reservations.filter(({ paid }) => paid).length,
      dates: ledger.schedules.size,
      places: ledger.placesByNumber.size,
      repeated: this.#check.repeated,
      feedEvents: this.#feed.size,
    };
  }

  #countsOf(door: Door): DoorCounts {
    const counts = { sent: 0, answered: 0, settledLater: 0, unknown: 0 };
    for (const entry of this.#hall.desk.ledger.entries) {
      if (entry.door !== door || entry.attempts === 0) continue;
      counts.sent += 1;
      if (entry.answer !== null) counts.answered += 1;
      if (entry.state === 'unknown') counts.unknown += 1;
      else if (entry.wasUnknown) counts.settledLater += 1;
    }
    return counts;
  }
}

function tell(message: FromLoad): void {
  process.send?.(message);
}

let load: Load | null = null;

async function hear(message: ToLoad): Promise<void> {
  switch (message.type) {
    case 'set-up':
      load = await Load.open(message);
      return tell({ type: 'ready' });
    case 'go':
      load?.go(message.round);
      return tell({ type: 'going' });
    case 'settle':
      if (load !== null) tell(await load.settle(message.last));
      return;
    case 'end':
      await load?.end();
      process.disconnect();
      return;
  }
}

process.on('message', (message: ToLoad) => {
  hear(message).catch((error: unknown) => {
    tell({ type: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    // Long enough for the message to leave.
    setTimeout(() => process.exit(1), reportWaitMs);
  });
});
// Ctrl-C reaches all processes of a terminal; this one is ended by the storm.
process.on('SIGINT', () => undefined);
// The storm has gone: nobody is left to be told.
process.on('disconnect', () => process.exit(0));
