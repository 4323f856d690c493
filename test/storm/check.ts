/** The comparison after a round: everything that the ledger knows against everything that the program tells. */
import { forAll } from '../nats/admissions.ts';
import { until } from '../until.ts';
import type { Client } from '../system/client.ts';
import { adminKey } from '../system/program.ts';
import type { Random } from '../system/seeded.ts';
import type { Desk } from './desk.ts';
import type { EffectBook } from './effect-book.ts';
import { bodyOf, scheduleOf, type Entry } from './entry.ts';
import type { ExportedEvents } from './exported-events.ts';
import type { FeedBook } from './feed-book.ts';
import type { KnownPlace, KnownReservation } from './known.ts';
import type { Ledger } from './ledger.ts';
import { lineRoom, type Operator } from './operator.ts';
import { patienceMs } from './patience.ts';
import { untilQuiet } from './quiet.ts';
import { judgeBalance, judgePublished, judgeRepeat, judgeReservation, judgeToken, type Moment } from './read-back.ts';
import { judgeSeats, type SeatStatuses } from './seat-map.ts';

const atOnce = 32;
/** Of what is known to have ended, how many are looked at again after each round. */
const endedSample = 60;
const repeatSample = 60;
const repeatSampleLast = 2_000;

type Body = Readonly<Record<string, unknown>>;

export interface CheckParts {
  readonly desk: Desk;
  readonly operator: Operator;
  readonly effects: EffectBook;
  readonly feed: FeedBook;
  readonly exported: ExportedEvents;
  readonly random: Random;
}

export class Check {
  readonly #parts: CheckParts;
  readonly #ledger: Ledger;
  readonly #client: Client;
  /** Entries before this one are settled and were looked at. */
  #from = 0;
  repeated = 0;

  constructor(parts: CheckParts) {
    this.#parts = parts;
    this.#ledger = parts.desk.ledger;
    this.#client = parts.desk.http.client;
  }

  /** `last`: all that ever was, not only what may have changed and a sample of the rest. */
  async run(last: boolean): Promise<void> {
    const { desk, effects, feed, exported } = this.#parts;
    const round = this.#ledger.entries.slice(this.#from);
    this.#from = this.#ledger.entries.length;
    if (!(await desk.settle(round.filter(canBeSentAgain), performance.now() + patienceMs))) {
      this.#ledger.find('stuck', `commands without an outcome after ${patienceMs} ms`);
    }
    const { journalId } = await untilQuiet(this.#client, desk.nats);
    await this.#askForTokens(round);
    // Before the journal is read, so that whoever is told to have been inside has been let in there.
    const tokens = await this.#readTokens(last);
    const told = await exported.next(journalId);
    for (const event of told) effects.take(event);
    effects.judge();
    await until('the feed has caught up', () => told.every(({ id }) => feed.has(id)), patienceMs).catch(() => null);
    feed.compare(told, exported.through);

    for (const { known, body, at } of tokens) {
      judgeToken(this.#ledger, known, body, effects.wasAdmitted(known.room, known.place), at);
    }
    this.#judgePublished(round);
    await this.#reservations(last);
    await this.#seats(last);
    await this.#balances();
    await this.#policy();
    await this.#repeat(round, last);
  }

  /** Of people who joined by publishing, and were not answered when they asked for their token. */
  async #askForTokens(round: readonly Entry[]): Promise<void> {
    const { desk } = this.#parts;
    const without = round.filter(({ door, state, command }) => {
      return door === 'line' && state === 'done' && !this.#ledger.latestToken.has(command.userId);
    });
    await forAll(without, atOnce, async ({ command }) => void (await desk.give('http', command, false)));
  }

  async #readTokens(last: boolean) {
    const read: { readonly known: KnownPlace; readonly body: Body; readonly at: Moment }[] = [];
    const all = [...this.#ledger.tokens.values()];
    const asked = last ? all : this.#openAndSome(all, ({ status }) => status !== 'expired');
    await forAll(asked, atOnce, async (known) => {
      const { at, body } = await this.#get('/v1/queue/tokens/current', known.token);
      if (body === null) this.#ledger.find('lost-ack', `the token of ${known.userId} is not taken`, known);
      else read.push({ known, body, at });
    });
    return read;
  }

  #judgePublished(round: readonly Entry[]): void {
    for (const entry of round) {
      if (entry.door !== 'line' || entry.state !== 'done' || entry.answer === null) continue;
      const published = Number(bodyOf(entry.answer)['place']);
      const token = this.#ledger.latestToken.get(entry.command.userId);
      const known = token === undefined ? null : (this.#ledger.tokens.get(token) ?? null);
      const wasIn = this.#parts.effects.wasAdmitted(lineRoom, published);
      judgePublished(this.#ledger, entry, published, known, wasIn);
    }
  }

  async #reservations(last: boolean): Promise<void> {
    const all = [...this.#ledger.reservations.values()];
    const ended = new Set<string | null>(['paid', 'cancelled', 'expired']);
    const asked = last ? all : this.#openAndSome(all, ({ status }) => !ended.has(status));
    await forAll(asked, atOnce, async (known) => {
      const { at, body } = await this.#readReservation(known);
      judgeReservation(this.#ledger, known, body, at);
    });
  }

  async #readReservation({
    id,
    userId,
  }: KnownReservation): Promise<{ readonly at: Moment; readonly body: Body | null }> {
    const token = this.#ledger.latestToken.get(userId);
    if (token !== undefined) return await this.#get(`/v1/reservations/${id}`, token);
    const fromMs = Date.now();
    const body = await this.#parts.desk.nats.query(`reservation.${scheduleOf(id)}`, { userId, reservationId: id });
    return { at: { fromMs, toMs: Date.now() }, body };
  }

  async #seats(last: boolean): Promise<void> {
    const byDate = Map.groupBy(this.#ledger.reservations.values(), ({ scheduleId }) => scheduleId);
    const dates = last ? this.#ledger.schedules : this.#parts.operator.onSale;
    for (const date of dates) {
      const fromMs = Date.now();
      const list = await this.#parts.desk.nats.query(`seats.${date}`, {});
      if (list === null) {
        this.#ledger.find('lost-ack', `the date ${date} is not there`);
        continue;
      }
      const seats = list['items'] as SeatStatuses; // The API's shape; a wrong one fails in the comparison.
      judgeSeats(this.#ledger, date, byDate.get(date) ?? [], seats, { fromMs, toMs: Date.now() });
    }
  }

  async #balances(): Promise<void> {
    await forAll([...this.#ledger.users], atOnce, async (userId) => {
      const { body } = await this.#get(`/v1/users/${userId}/balance`, '');
      judgeBalance(this.#ledger, userId, body?.['balance']);
    });
  }

  async #policy(): Promise<void> {
    const { policy } = this.#parts.operator;
    const { body } = await this.#client.send('GET', `/v1/admin/rooms/${lineRoom}`, { bearer: adminKey });
    for (const [name, value] of Object.entries(policy ?? {})) {
      if (body[name] !== value)
        this.#ledger.find('wrong-policy', `${name} is ${String(body[name])}, not ${String(value)}`);
    }
  }

  /** Keyed commands once more: some of this round, and some of any other. */
  async #repeat(round: readonly Entry[], last: boolean): Promise<void> {
    const { desk, random } = this.#parts;
    const count = last ? repeatSampleLast : repeatSample;
    const chosen = new Set([
      ...pick(round.filter(isBound), count, random),
      ...pick(this.#ledger.entries, count, random),
    ]);
    const entries = [...chosen].filter(isBound);
    this.repeated += entries.length;
    await forAll(entries, atOnce, async (entry) => {
      const sent = await desk.send(entry);
      if (sent.type === 'answered') judgeRepeat(this.#ledger, entry, sent.answer);
      else this.#ledger.find('stuck', `${entry.key} was not answered again`, entry);
    });
  }

  async #get(path: string, token: string): Promise<{ readonly at: Moment; readonly body: Body | null }> {
    const fromMs = Date.now();
    const reply = await this.#client.send('GET', path, token === '' ? {} : { token });
    if (reply.status >= 500) throw new Error(`${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return { at: { fromMs, toMs: Date.now() }, body: reply.status === 200 ? reply.body : null };
  }

  #openAndSome<T>(all: readonly T[], isOpen: (one: T) => boolean): T[] {
    const ended = all.filter((one) => !isOpen(one));
    return [...all.filter(isOpen), ...pick(ended, endedSample, this.#parts.random)];
  }
}

/** Without a key a hold that is unknown stays unknown: sent again it would be another one. */
function canBeSentAgain({ command, key, state }: Entry): boolean {
  return state === 'unknown' && (key !== null || command.type !== 'hold');
}

/** Whether its key is bound to an answer that was given. */
function isBound({ key, state, door }: Entry): boolean {
  return key !== null && state === 'done' && door !== 'do';
}

function pick<T>(from: readonly T[], count: number, random: Random): T[] {
  if (from.length <= count) return [...from];
  return Array.from({ length: count }, () => from[random.below(from.length)]).filter((one) => one !== undefined);
}
