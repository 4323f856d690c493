/** The judges of the simulation bite: each kind of lie, told once, is found. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { json, replayedHeader, type Answer } from '../../api/answers/answer.ts';
import { problem } from '../../api/answers/problems.ts';
import { createKinds } from '../../actors/kinds.ts';
import type { ErasedKind, Event } from '../../engine/actor.ts';
import type { Turn } from '../../engine/ports.ts';
import { Chance } from './chance.ts';
import { DecisionJudge } from './decision-judge.ts';
import { Judge } from './judge.ts';
import type { Request, Wish } from './request.ts';
import { settingsFor, type Settings } from './settings.ts';
import { SimulatedWorld } from './simulated-world.ts';

const chance = new Chance('judges');
const settings: Settings = { ...settingsFor(chance), split: false, powerLoss: false };
const atMs = 1_000;

class Court {
  readonly world = new SimulatedWorld(chance, 0);
  readonly judge = new Judge(this.world, settings);
  #batches = 0;

  durable(actor: Turn['to'], event: Event, more: Partial<Turn> = {}): void {
    const turn: Turn = { atMs, to: actor, command: 'Test', events: [{ actor, event }], ...more };
    this.judge.durable({ number: ++this.#batches, atMs, turns: [turn] });
  }

  charged(userId: string, amount: number, balance: number, scope?: string): void {
    const charge = { id: `chg.${userId}.1`, userId, amount, balance, chargedAt: atMs };
    const binding = { scope: scope ?? '', fingerprint: '', outcome: { type: 'made' } } as const;
    this.durable(`wallet:${userId}`, charged(charge), scope === undefined ? {} : { binding });
  }

  told(wish: Wish, answer: Answer, key: string | null = null): readonly string[] {
    const request: Request = { door: 'http', userId: 'ann', wish, token: null, key };
    const before = this.judge.problems.length;
    this.judge.told(request, answer, this.judge.arrived(request), atMs);
    return this.judge.problems.slice(before);
  }
}

function charged(charge: object): Event {
  const event = { type: 'WalletCharged', v: 1, charge };
  return event;
}

const chargeAnswer = (balance: number): Answer => json(201, { id: 'chg.ann.1', userId: 'ann', amount: 5, balance });

describe('what an answer says', () => {
  test('is right when it is on disk', () => {
    const court = new Court();
    court.charged('ann', 5, 5);
    assert.deepEqual(court.told({ type: 'charge', amount: 5 }, chargeAnswer(5)), []);
    assert.deepEqual(court.told({ type: 'balance' }, json(200, { userId: 'ann', balance: 5 })), []);
  });

  test('is a lie when it is not on disk, or otherwise', () => {
    const court = new Court();
    assert.match(court.told({ type: 'charge', amount: 5 }, chargeAnswer(5)).join(), /no such charge is on disk/);
    court.charged('ann', 5, 5);
    assert.match(court.told({ type: 'charge', amount: 5 }, chargeAnswer(6)).join(), /no such charge is on disk/);
    assert.match(court.told({ type: 'balance' }, json(200, { balance: 6 })).join(), /no such balance was on disk/);
    const hold: Wish = { type: 'hold', scheduleId: 's1', seatIds: ['A-1-1'] };
    assert.match(court.told(hold, json(201, { id: 's1.1', seats: [] })).join(), /the reservation is not on disk/);
    assert.match(court.told({ type: 'pay', reservationId: 's1.1' }, json(201, {})).join(), /on disk it is undefined/);
    assert.match(
      court.told({ type: 'cancel', reservationId: 's1.1' }, json(200, {})).join(),
      /on disk it is undefined/,
    );
    const token = '1.main.e.7.ann.mac';
    const inside = json(200, { token, userId: 'ann', status: 'active' });
    assert.match(court.told({ type: 'token', token }, inside).join(), /on disk it is not let in/);
  });

  test('refuses truly only what was so at some moment since the request came', () => {
    const court = new Court();
    const hold: Wish = { type: 'hold', scheduleId: 's1', seatIds: ['A-1-1'] };
    assert.match(court.told(hold, problem('seat_unavailable', { seatIds: ['A-1-1'] })).join(), /was free all the time/);
    const pay: Wish = { type: 'pay', reservationId: 's1.1' };
    assert.match(court.told(pay, problem('already_paid', { payment: {} })).join(), /on disk it is undefined/);
    const poor = problem('insufficient_balance', { balance: 3, required: 700 });
    assert.match(court.told(pay, poor).join(), /no such balance was on disk/);
  });
});

describe('a bound key', () => {
  const wish: Wish = { type: 'charge', amount: 5 };
  const again = json(201, { id: 'chg.ann.1', userId: 'ann', amount: 5, balance: 5 }, [replayedHeader]);

  async function bound(): Promise<Court> {
    const court = new Court();
    court.charged('ann', 5, 5, 'http|ann|wallet:ann|k');
    assert.deepEqual(court.told(wish, chargeAnswer(5), 'k'), []);
    // Whatever comes from now on comes after the first answer.
    court.world.after(1, court.world.around, () => undefined);
    await court.world.step();
    return court;
  }

  test('is on disk before its answer is told', () => {
    const court = new Court();
    court.charged('ann', 5, 5);
    assert.match(court.told(wish, chargeAnswer(5), 'k').join(), /is bound nowhere on disk/);
  });

  test('gives its answer again, marked', async () => {
    assert.deepEqual((await bound()).told(wish, again, 'k'), []);
  });

  test('gives no other, and none that is not marked', async () => {
    assert.match((await bound()).told(wish, chargeAnswer(5), 'k').join(), /was told as new/);
    assert.match((await bound()).told(wish, problem('overloaded'), 'k').join(), /^$/);
    const refusal = problem('balance_limit_exceeded', { limit: 1 });
    assert.match((await bound()).told(wish, refusal, 'k').join(), /told .* first, and then/);
    assert.match((await bound()).told({ type: 'charge', amount: 6 }, again, 'k').join(), /bound to another command/);
    assert.match((await bound()).told(wish, again).join(), /has no key and was told a replay/);
  });
});

describe('a place in line', () => {
  test('has one user, and a user in line has one', () => {
    const { judge } = new Court();
    judge.places.told({ room: 'main', epoch: 'e', place: 1, userId: 'ann' });
    assert.deepEqual(judge.problems, []);
    judge.places.told({ room: 'main', epoch: 'e', place: 1, userId: 'ben' });
    judge.places.told({ room: 'main', epoch: 'e', place: 2, userId: 'ben' });
    assert.match(
      judge.problems.join('\n'),
      /told to ann and to ben[^]*ben waits at place 1 of main, and was told place 2/,
    );
  });
});

/** A wallet that gives away one more than it says. */
function generous(kind: ErasedKind): ErasedKind {
  return {
    ...kind,
    decide(state, command, stampMs) {
      const decision = kind.decide(state, command, stampMs);
      if (decision.type === 'rejected') return decision;
      return { ...decision, events: [charged({ id: 'chg.ann.1', userId: 'ann', amount: 5, balance: 6 })] };
    },
  };
}

describe('a decision', () => {
  test('that the reference does not expect is found, and one that it does is not', () => {
    const wrong: string[] = [];
    const kinds = createKinds(settings.rules);
    const command = { type: 'ChargeWallet', amount: 5 } as const;
    for (const wallet of [kinds.wallet, generous(kinds.wallet)]) {
      const judge = new DecisionJudge(settings.rules, (what) => wrong.push(what));
      const { wallet: judged } = judge.judged({ wallet });
      judged?.decide(judged.initial('ann'), command, atMs);
      assert.equal(wrong.length, wallet === kinds.wallet ? 0 : 1);
    }
    assert.match(wrong.join(), /wallet:ann at 1000 judged .*: happened charge chg\.ann\.1 5 6; expected: .* 5 5/);
  });

  test('and a view as well', () => {
    const wrong: string[] = [];
    const kinds = createKinds(settings.rules);
    const judge = new DecisionJudge(settings.rules, (what) => wrong.push(what));
    const { wallet } = judge.judged({ wallet: { ...kinds.wallet, view: () => ({ userId: 'ann', balance: 1 }) } });
    wallet?.view(wallet.initial('ann'), { type: 'balance' }, atMs);
    assert.match(wrong.join(), /wallet:ann shows .* as .*"balance":1}, not .*"balance":0}/);
  });
});
