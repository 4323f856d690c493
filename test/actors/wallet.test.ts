import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Decision } from '../../engine/actor.ts';
import type { WalletCode, WalletCommand, WalletEvent, WalletReply } from '../../actors/wallet/messages.ts';
import { createWallet } from '../../actors/wallet/wallet.ts';
import { rules } from './schedule-stage.ts';

const kind = createWallet({ ...rules, balanceMax: 1_000 });
const atMs = 5_000;

class Purse {
  state = kind.initial('ann');
  readonly journal: WalletEvent[] = [];

  do(command: WalletCommand): Decision<WalletEvent, WalletReply, WalletCode> {
    const decision = kind.decide(this.state, command, atMs);
    if (decision.type === 'rejected') return decision;
    for (const event of decision.events) {
      this.journal.push(event);
      this.state = kind.evolve(this.state, event);
    }
    return decision;
  }

  get balance(): number {
    return this.state.balance;
  }
}

function charge(amount: number): WalletCommand {
  return { type: 'ChargeWallet', amount };
}

function debit(id: string, amount: number): WalletCommand {
  return { type: 'DebitWallet', id, amount, reservationId: 'd1.1' };
}

function credit(id: string, amount: number): WalletCommand {
  return { type: 'CreditWallet', id, amount, reservationId: 'd1.1' };
}

describe('a wallet never seen', () => {
  test('has a balance of 0', () => {
    const purse = new Purse();
    assert.deepEqual(kind.view(purse.state, { type: 'balance' }, atMs), { userId: 'ann', balance: 0 });
    assert.equal(kind.nextDeadline(purse.state), Infinity);
    assert.deepEqual(kind.openQuestions(purse.state), []);
    assert.equal(kind.summary(purse.state), null);
  });
});

describe('a charge', () => {
  test('adds its amount, under an id of its own', () => {
    const purse = new Purse();
    purse.do(charge(300));
    purse.do(charge(200));
    const expected = { id: 'chg.ann.2', userId: 'ann', amount: 200, balance: 500, chargedAt: atMs };
    assert.deepEqual(kind.reply(purse.journal), { type: 'charge', charge: expected });
    assert.equal(purse.balance, 500);
  });

  test('fills the wallet to its limit, and not beyond', () => {
    const purse = new Purse();
    purse.do(charge(999));
    const refusal = { type: 'rejected', code: 'balance_limit_exceeded', details: { limit: 1_000 } };
    assert.deepEqual(purse.do(charge(2)), refusal);
    purse.do(charge(1));
    assert.equal(purse.balance, 1_000);
  });

  test('of what is no amount is a bug of the door', () => {
    for (const amount of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
      assert.throws(() => new Purse().do(charge(amount)), /is no amount/);
    }
  });
});

describe('a debit', () => {
  test('takes up to the whole balance', () => {
    const purse = new Purse();
    purse.do(charge(500));
    purse.do(debit('d1.1#1', 500));
    assert.deepEqual(kind.reply(purse.journal), { type: 'moved', balance: 0 });
    assert.deepEqual(kind.view(purse.state, { type: 'balance' }, atMs), { userId: 'ann', balance: 0 });
  });

  test('of more than the balance is refused with both figures', () => {
    const purse = new Purse();
    purse.do(charge(499));
    const details = { balance: 499, required: 500 };
    assert.deepEqual(purse.do(debit('d1.1#1', 500)), { type: 'rejected', code: 'insufficient_balance', details });
    assert.equal(purse.balance, 499);
  });

  test('asked for again under its id takes nothing more, and gets the same answer', () => {
    const purse = new Purse();
    purse.do(charge(500));
    purse.do(debit('d1.1#1', 400));
    purse.do(charge(50));
    const again = purse.do(debit('d1.1#1', 400));
    assert.ok(again.type === 'accepted');
    assert.deepEqual([again.events, again.reply], [[], { type: 'given', value: { type: 'moved', balance: 100 } }]);
    assert.equal(purse.balance, 150);
  });

  test('is remembered for as many movements as a wallet keeps', () => {
    const purse = new Purse();
    purse.do(charge(1_000));
    for (let i = 1; i <= 257; i++) purse.do(debit(`d1.${i}#1`, 1));
    purse.do(debit('d1.2#1', 1));
    assert.equal(purse.balance, 743, 'the second of 257 is remembered');
    assert.equal(purse.state.moves.size, 256);
  });
});

describe('a credit', () => {
  test('gives back once, also under the id of the debit that it undoes', () => {
    const purse = new Purse();
    purse.do(charge(500));
    purse.do(debit('d1.1#1', 400));
    purse.do(credit('d1.1#1', 400));
    purse.do(credit('d1.1#1', 400));
    assert.equal(purse.balance, 500);
    assert.equal(purse.journal.at(-1)?.type, 'WalletCredited');
  });

  test('above the limit is refused', () => {
    const purse = new Purse();
    purse.do(charge(1_000));
    const refusal = { type: 'rejected', code: 'balance_limit_exceeded', details: { limit: 1_000 } };
    assert.deepEqual(purse.do(credit('r#1', 1)), refusal);
  });
});

describe('whatever comes, in whatever order', () => {
  const amount = fc.integer({ min: 0, max: 1_100 });
  const id = fc.integer({ min: 1, max: 4 }).map((n) => `d1.${n}#1`);
  const commands = fc.array(
    fc.oneof(
      amount.map(charge),
      fc.tuple(id, amount).map((a) => debit(...a)),
      fc.tuple(id, amount).map((a) => credit(...a)),
    ),
  );

  test('the balance is the sum of the recorded movements, never negative, never above the limit', () => {
    fc.assert(
      fc.property(commands, (commands) => {
        const purse = new Purse();
        let sum = 0;
        for (const command of commands) {
          const decision = purse.do(command);
          const moved = decision.type === 'accepted' && decision.events.length > 0;
          if (moved) sum += command.type === 'DebitWallet' ? -command.amount : command.amount;
          assert.equal(purse.balance, sum);
          assert.ok(sum >= 0 && sum <= 1_000);
        }
      }),
    );
  });

  test('a snapshot on the way never shows', () => {
    fc.assert(
      fc.property(commands, fc.integer({ min: 1, max: 3 }), (commands, every) => {
        const purse = new Purse();
        for (const command of commands) purse.do(command);
        let state = kind.initial('ann');
        for (const [i, event] of purse.journal.entries()) {
          state = kind.evolve(state, kind.upcast(structuredClone(event)));
          if (i % every === 0) state = kind.decode('ann', kind.encode(state));
        }
        assert.deepEqual(kind.encode(state), kind.encode(purse.state));
      }),
    );
  });

  test('an event of an unknown name or version is refused', () => {
    for (const event of [
      { type: 'WalletCharged', v: 2 },
      { type: 'WalletEmptied', v: 1 },
      { type: 'valueOf', v: 1 },
    ]) {
      assert.throws(() => kind.upcast(event), /knows no event/);
    }
  });
});
