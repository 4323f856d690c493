/** Some seeds in every run of the tests. The long run is `npm run simulate -- --seed 1 --seeds 10000 --jobs 2`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { simulate } from './simulation.ts';

const steps = 2_000;
const fixedSeeds = 60;
const freshSeeds = 10;

describe('the program in a simulated world', () => {
  test(`keeps every promise in ${fixedSeeds} seeds of ${steps} steps`, async () => {
    const orders = { ordersFound: 0, ordersGivenUp: 0 };
    const totals = { crashes: 0, recoveries: 0, told: 0, replays: 0, refusals: 0, batches: 0 };
    for (let seed = 1; seed <= fixedSeeds; seed += 1) {
      const { problem, counts } = await simulate(seed, steps);
      assert.equal(problem, null, `npm run simulate -- --seed ${seed} --steps ${steps}`);
      for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += counts[name] ?? 0;
      for (const name of Object.keys(orders) as (keyof typeof orders)[]) orders[name] += counts[name] ?? 0;
    }
    // A world in which nothing happens proves nothing.
    for (const [name, total] of Object.entries(totals)) assert.ok(total > 5 * fixedSeeds, `${total} ${name}`);
    assert.ok(orders.ordersFound > fixedSeeds / 10, `${orders.ordersFound} orders`);
    assert.ok(orders.ordersGivenUp < orders.ordersFound / 10, `${orders.ordersGivenUp} searches given up`);
  });

  test(`keeps every promise in ${freshSeeds} seeds that nobody has seen`, async (context) => {
    const first = Date.now() % 1_000_000_000;
    context.diagnostic(`seeds from ${first}`);
    for (let seed = first; seed < first + freshSeeds; seed += 1) {
      const { problem } = await simulate(seed, steps);
      assert.equal(problem, null, `npm run simulate -- --seed ${seed} --steps ${steps}`);
    }
  });

  test('does the same again from the same seed', async () => {
    for (const seed of [3, 14, 15]) {
      const first = await simulate(seed, 700);
      assert.deepEqual(await simulate(seed, 700), first);
      assert.notEqual((await simulate(seed + 100, 700)).journal, first.journal);
    }
  });

  test('begins a longer run as a shorter one', async () => {
    const at: { readonly end: number; readonly checksum: Uint8Array }[] = [];
    const short = await simulate(5, 300, (journals) => {
      for (const journal of journals) at.push({ end: journal.end, checksum: journal.checksumOf(journal.end) });
    });
    assert.ok(at.every(({ end }) => end > 5));
    const long = await simulate(5, 900, (journals) => {
      for (const [index, { end, checksum }] of at.entries()) {
        // The chain of checksums is the same only where every byte before is.
        assert.deepEqual(journals[index]?.checksumOf(end), checksum);
        assert.ok((journals[index]?.end ?? 0) > end);
      }
    });
    assert.ok((short.counts['told'] ?? 0) < (long.counts['told'] ?? 0));
    assert.equal(long.problem, null);
  });
});
