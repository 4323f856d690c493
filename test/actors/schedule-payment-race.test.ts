/**
 * A payment racing its deadline, in 10,000 seeded interleavings of the deciders of schedule and wallet. A failing run
 * prints its seed and plays again from it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Effect, QuestionAnswered } from '../../engine/actor.ts';
import type { WalletCommand, WalletEvent } from '../../actors/wallet/messages.ts';
import { createWallet } from '../../actors/wallet/wallet.ts';
import { rules, Stage } from './schedule-stage.ts';

const holdTtlMs = 10;
const price = 500;

/** Mulberry32 (Tommy Ettinger): a small generator, good enough to shuffle steps. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

class Race {
  readonly stage = Stage.opened({ holdTtlMs });
  readonly wallet = createWallet(rules);
  purse = this.wallet.initial('ann');
  readonly walletJournal: WalletEvent[] = [];
  readonly reservationId: string;
  /** Debits on their way to the wallet, and answers on their way back. A crash loses both. */
  debits: WalletCommand[] = [];
  answers: QuestionAnswered[] = [];

  constructor() {
    this.reservationId = this.stage.hold('ann', 'A-1-1').id;
  }

  step(random: (below: number) => number): void {
    switch (random(7)) {
      case 0:
        this.stage.atMs += random(4);
        return;
      case 1:
        this.stage.accept({ type: 'ExpireDue' });
        return;
      case 2:
        this.pay();
        return;
      case 3:
        this.debit(this.debits.splice(0, 1), 1 + random(2));
        return;
      case 4:
        for (const answer of this.answers.splice(0, 1)) this.stage.accept(answer);
        return;
      case 5:
        this.move({ type: 'ChargeWallet', amount: 200 * random(4) });
        return;
      case 6:
        if (random(3) === 0) this.crash();
        return;
    }
  }

  pay(): void {
    const { reservationId } = this;
    const command = { type: 'PayReservation', userId: 'ann', reservationId, session: null } as const;
    if (this.stage.decide(command).type === 'accepted') this.send(this.stage.accept(command).effects);
  }

  send(effects: readonly Effect[]): void {
    // The only effects of these payments are debits: there is no session to end.
    for (const effect of effects) this.debits.push(effect.command as WalletCommand);
  }

  /** Delivery may repeat: each answer is under way so many times. */
  debit(commands: readonly WalletCommand[], answersEach: number): void {
    for (const command of commands) {
      assert.ok(command.type === 'DebitWallet');
      const outcome = this.move(command);
      const answer: QuestionAnswered = { type: 'QuestionAnswered', question: command.id, outcome };
      for (let i = 0; i < answersEach; i++) this.answers.push(answer);
    }
  }

  move(command: WalletCommand): QuestionAnswered['outcome'] {
    const decision = this.wallet.decide(this.purse, command, this.stage.atMs);
    if (decision.type === 'rejected') return decision;
    for (const event of decision.events) {
      this.walletJournal.push(event);
      this.purse = this.wallet.evolve(this.purse, event);
    }
    if (decision.reply.type === 'given') return { type: 'accepted', reply: decision.reply.value };
    return { type: 'accepted', reply: this.wallet.reply(decision.events) };
  }

  /** Both actors come back from their snapshots; what was under way is lost, and open questions are asked again. */
  crash(): void {
    const { kind } = this.stage;
    this.stage.state = kind.decode('d1', kind.encode(this.stage.state));
    this.purse = this.wallet.decode('ann', this.wallet.encode(this.purse));
    this.debits = [];
    this.answers = [];
    this.send(kind.openQuestions(this.stage.state));
  }

  /** Everything under way arrives, then time passes the deadline. */
  settle(): void {
    while (this.debits.length + this.answers.length > 0) {
      this.debit(this.debits.splice(0, 1), 1);
      for (const answer of this.answers.splice(0, 1)) this.stage.accept(answer);
    }
    this.stage.atMs += holdTtlMs;
    this.stage.accept({ type: 'ExpireDue' });
  }

  /** How it ended: exactly one of paid and expired, with the money to match. */
  judge(): 'paid' | 'expired' {
    const count = (type: string): number => this.stage.eventTypes().filter((event) => event === type).length;
    const [paid, expired] = [count('ReservationPaid'), count('HoldExpired')];
    assert.equal(paid + expired, 1, 'it ends once');
    const debits = this.walletJournal.filter((event) => event.type === 'WalletDebited');
    assert.equal(debits.length, paid, 'one debit if paid, none otherwise');
    const charged = this.walletJournal.reduce((sum, e) => sum + (e.type === 'WalletCharged' ? e.charge.amount : 0), 0);
    assert.equal(this.purse.balance, charged - paid * price, 'money is conserved');
    assert.equal(this.stage.status('ann', this.reservationId), paid === 1 ? 'paid' : 'expired');
    assert.equal(this.stage.seats(), paid === 1 ? 'S.......' : '........');
    assert.deepEqual(this.stage.kind.openQuestions(this.stage.state), []);
    return paid === 1 ? 'paid' : 'expired';
  }
}

test('a payment racing its deadline ends in exactly one of paid or expired, in 10,000 interleavings', () => {
  const ended = { paid: 0, paidLate: 0, expired: 0, refusedLate: 0, triedAgain: 0 };
  for (let seed = 1; seed <= 10_000; seed++) {
    try {
      const random = randomFrom(seed);
      const race = new Race();
      const deadline = race.stage.atMs + holdTtlMs;
      for (let steps = 5 + random(30); steps > 0; steps--) race.step(random);
      race.settle();
      ended[race.judge()]++;
      const { journal } = race.stage;
      if (journal.some((e) => e.type === 'ReservationPaid' && e.payment.paidAt >= deadline)) ended.paidLate++;
      if (journal.at(-2)?.type === 'PaymentRefused' && journal.at(-1)?.type === 'HoldExpired') ended.refusedLate++;
      if (journal.some((event) => event.type === 'PaymentStarted' && event.attempt > 1)) ended.triedAgain++;
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  for (const [what, times] of Object.entries(ended)) assert.ok(times > 200, `${what} only ${times} times`);
});
