import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Bench } from '../../bench/harness/bench.ts';
import { withEntrants } from '../../bench/harness/entrant.ts';
import type { Load } from '../../bench/harness/load.ts';
import { probe, type ProbeResult } from '../../bench/harness/probe.ts';
import { Progress } from '../../bench/harness/progress.ts';
import { fakeContender, FakeSeller, type Fault } from './fake-seller.ts';

const seatIds = Array.from({ length: 30 }, (_, seat) => `A-1-${seat + 1}`);

async function probed(fault: Fault): Promise<ProbeResult> {
  const seller = await FakeSeller.start(fault);
  try {
    return await probe({ port: seller.port, tokens: ['a', 'b', 'c'], seatIds, seatsHeld: seller.seatsHeld });
  } finally {
    await seller.stop();
  }
}

describe('the probe', () => {
  it('lets pass a seller who gives each seat to one person, and counts what it took', async () => {
    // Fifteen seats asked for alone, and of five threes one pair each.
    assert.deepEqual(await probed('none'), { type: 'right', seats: 25 });
  });

  const faults: readonly (readonly [fault: Fault, reason: RegExp])[] = [
    ['looks-then-waits', /seat A-1-1 was given to \d+ people/],
    ['takes-what-is-left', /25 seats were answered 201, but its store has 30/],
    ['forgets', /was given to 16 people/],
    ['refuses', /seat A-1-1 was refused to everybody/],
  ];
  for (const [fault, reason] of faults) {
    it(`finds a seller who ${fault.replaceAll('-', ' ')}`, async () => {
      const result = await probed(fault);
      assert.equal(result.type, 'wrong');
      assert.match(result.type === 'wrong' ? result.reason : '', reason);
    });
  }
});

function benchUnderTest(): Bench {
  return {
    contenders: [],
    rounds: 1,
    seconds: 1,
    full: false,
    curvesOfAll: false,
    connections: 1,
    // Nothing is put under load here.
    load: {} as Load,
    progress: new Progress(0, { write: () => true }),
    faults: new Map(),
  };
}

const catalogue = { schedules: 1, rowsPerSchedule: 1, users: 3 };

describe('a contender that sells a seat twice', () => {
  it('is not measured, is named, and is stopped all the same', async () => {
    const bench = benchUnderTest();
    const right = fakeContender('right', 'none');
    const wrong = fakeContender('wrong', 'looks-then-waits');
    const measured = await withEntrants(bench, [right.contender, wrong.contender], catalogue, (entrants) =>
      Promise.resolve(entrants.map(({ contender }) => contender.name)),
    );
    assert.deepEqual(measured, ['right']);
    assert.deepEqual([...bench.faults.keys()], ['wrong']);
    assert.deepEqual([right.stopped(), wrong.stopped()], [1, 1]);
  });
});

describe('a contender whose store has less than it told', () => {
  it('is found after the measurement', async () => {
    const bench = benchUnderTest();
    const { contender } = fakeContender('liar', 'none');
    await withEntrants(bench, [contender], catalogue, ([entrant]) => {
      if (entrant !== undefined) entrant.seatsTold += 100;
      return Promise.resolve();
    });
    assert.equal(bench.faults.get('liar'), '125 seats were answered 201, but its store has 25');
  });

  it('is not one that was not waited for, as long as these are enough', async () => {
    for (const [seatsUnknown, fault] of [
      [5, undefined],
      [4, '20 seats were answered 201, 4 were not answered, but its store has 25'],
    ] as const) {
      const bench = benchUnderTest();
      const { contender } = fakeContender('late', 'none');
      await withEntrants(bench, [contender], catalogue, ([entrant]) => {
        if (entrant !== undefined) entrant.seatsTold -= 5;
        if (entrant !== undefined) entrant.seatsUnknown += seatsUnknown;
        return Promise.resolve();
      });
      assert.equal(bench.faults.get('late'), fault);
    }
  });
});
