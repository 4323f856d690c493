/** The search against the plainest way to the same verdict: every order there is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Entry, type Model, search } from './search.ts';
import { type SeatOperation, seatModel } from './seat-model.ts';
import { type WalletOperation, walletModel } from './wallet-model.ts';

const stepsMax = 1_000_000;

/** Whether some order of all operations with an outcome, and any of the others, keeps to the times and to the model. */
function hasOrder<State, Operation>(
  left: readonly Entry<Operation>[],
  model: Model<State, Operation>,
  states: readonly State[] = [model.initial],
  fromMs = -Infinity,
): boolean {
  if (left.every(({ returnMs }) => returnMs === Infinity)) return true;
  const firstReturnMs = Math.min(...left.map(({ returnMs }) => returnMs));
  return left.some((entry) => {
    if (entry.callMs > firstReturnMs) return false;
    const instant = { fromMs: Math.max(fromMs, entry.callMs), toMs: firstReturnMs };
    const following = states.flatMap((state) => model.step(state, entry.operation, instant));
    const others = left.filter((other) => other !== entry);
    return following.length > 0 && hasOrder(others, model, following, instant.fromMs);
  });
}

function historyOf<Operation>(operation: fc.Arbitrary<Operation>, isKnown: (made: Operation) => boolean) {
  const entry = fc
    .record({ callMs: fc.integer({ min: 0, max: 40 }), lastsMs: fc.integer({ min: 0, max: 20 }), operation })
    .map((made): Entry<Operation> => {
      const returnMs = isKnown(made.operation) ? made.callMs + made.lastsMs : Infinity;
      return { callMs: made.callMs, returnMs, operation: made.operation };
    });
  return fc.array(entry, { maxLength: 6 });
}

const amount = fc.integer({ min: 1, max: 2 });
const told = fc.integer({ min: 0, max: 4 });

const walletOperation: fc.Arbitrary<WalletOperation> = fc.oneof(
  fc.record({ type: fc.constantFrom('charge', 'debit'), amount, balance: fc.option(told) }),
  fc.record({ type: fc.constant('read'), balance: told }),
  fc.record({ type: fc.constant('refused-debit'), balance: told, required: told }),
);

const reservationId = fc.constantFrom('s.1', 's.2');
const seatOperation: fc.Arbitrary<SeatOperation> = fc.oneof(
  // Each reservation has one deadline.
  reservationId.map((id): SeatOperation => {
    return { type: 'hold', reservationId: id, expiresAtMs: id === 's.1' ? 25 : 45 };
  }),
  fc.record({ type: fc.constantFrom('hold-untold', 'sees-taken', 'sees-free') }),
  fc.record({ type: fc.constantFrom('pay', 'cancel'), reservationId }),
  fc.record({
    type: fc.constant('sees-reservation'),
    reservationId,
    as: fc.constantFrom('held', 'sold', 'over'),
  }),
);

/** Runs the property, and gives how often each verdict came: agreement on one verdict only would say little. */
function agreement<State, Operation>(
  history: fc.Arbitrary<Entry<Operation>[]>,
  model: Model<State, Operation>,
): { ordered: number; impossible: number } {
  const verdicts = { ordered: 0, impossible: 0 };
  fc.assert(
    fc.property(history, (entries) => {
      const expected = hasOrder(entries, model) ? 'ordered' : 'impossible';
      assert.equal(search(entries, model, stepsMax).type, expected);
      verdicts[expected] += 1;
    }),
    { numRuns: 4_000 },
  );
  return verdicts;
}

describe('the search agrees with trying every order', () => {
  test('on histories of a wallet', () => {
    const history = historyOf(walletOperation, (made) => made.type !== 'charge' || made.balance !== null);
    const { ordered, impossible } = agreement(history, walletModel);
    assert.ok(ordered > 300 && impossible > 300, `${ordered} ordered, ${impossible} impossible`);
  });

  test('on histories of a seat, with deadlines', () => {
    const history = historyOf(seatOperation, (made) => made.type !== 'hold-untold');
    const { ordered, impossible } = agreement(history, seatModel({ toleranceMs: 2, holdTtlMs: 20 }));
    assert.ok(ordered > 300 && impossible > 300, `${ordered} ordered, ${impossible} impossible`);
  });
});

describe('a model that does not determine what follows', () => {
  /** A draw from 1 or 2 that nobody is told, until somebody looks. */
  const drawn: Model<number, 'draw' | number> = {
    initial: 0,
    step: (state, operation) => (operation === 'draw' ? [state + 1, state + 2] : state === operation ? [state] : []),
    key: String,
  };
  const draws: Entry<'draw' | number>[] = [0, 20].map((callMs) => {
    return { callMs, returnMs: callMs + 10, operation: 'draw' };
  });

  test('is followed along all of its states', () => {
    for (const [seen, verdict] of [
      [1, 'impossible'],
      [2, 'ordered'],
      [4, 'ordered'],
      [5, 'impossible'],
    ] as const) {
      const look: Entry<'draw' | number> = { callMs: 40, returnMs: 50, operation: seen };
      assert.equal(search([...draws, look], drawn, stepsMax).type, verdict, `seen: ${seen}`);
    }
  });
});

describe('a long history', () => {
  test('of 4,000 operations by 16 clients on one wallet is ordered in well under a second', (context) => {
    const entries: Entry<WalletOperation>[] = [];
    for (let index = 0; index < 4_000; index++) {
      const atMs = index * 2;
      entries.push({
        callMs: atMs - ((index * 7) % 16),
        returnMs: atMs + ((index * 11) % 16),
        operation: { type: 'charge', amount: 1, balance: index + 1 },
      });
    }
    const startedAt = performance.now();
    const found = search(entries, walletModel, stepsMax);
    const tookMs = performance.now() - startedAt;
    context.diagnostic(`${found.steps} steps in ${tookMs.toFixed(0)} ms`);
    assert.equal(found.type, 'ordered');
    assert.ok(found.steps < 100_000);
  });
});
