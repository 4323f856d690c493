/** The real line over the simulated JetStream keeps the promises that it keeps over the real one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JetStreamLine } from '../../api/nats/jetstream-line.ts';
import { lineStreamOf } from '../../api/nats/line-stream.ts';
import { describeLine, type LineUnderTest } from '../queue/line-contract.ts';
import { Chance } from './chance.ts';
import { SimulatedNats } from './simulated-nats.ts';
import { SimulatedWorld, type Life } from './simulated-world.ts';

const epoch = 'epoch';
const room = 'main';
/** Nothing gets lost here; faults are the simulation's. */
const noFaults = { delayMaxMs: 20, lostPercent: 0, consumerEndsPercent: 0 };
let lines = 0;

async function open(): Promise<LineUnderTest> {
  lines += 1;
  const chance = new Chance(`line ${lines}`);
  const world = new SimulatedWorld(chance, 0);
  const nats = new SimulatedNats(world, chance, noFaults);
  nats.addStream(lineStreamOf(room).name, epoch, true);
  return await lineOf(world, nats);
}

interface Known {
  readonly takenThrough: number;
  readonly durableTakenThrough: Promise<number>;
}

const nobodyTaken: Known = { takenThrough: 0, durableTakenThrough: Promise.resolve(0) };

async function lineOf(
  world: SimulatedWorld,
  nats: SimulatedNats,
  known: Known = nobodyTaken,
): Promise<LineUnderTest & { readonly line: JetStreamLine }> {
  const life: Life = { alive: true };
  const link = nats.connect(life);
  while (link.state !== 'connected') await world.step();
  const line = new JetStreamLine({
    link,
    stream: lineStreamOf(room),
    epoch,
    lastPlace: nats.streams.get(lineStreamOf(room).name)?.lastSeq ?? 0,
    takenThrough: () => known.takenThrough,
    durableTakenThrough: () => known.durableTakenThrough,
    leavers: () => 0,
    peopleMax: 1_000,
    wake: () => undefined,
    timers: world.timersOf(life),
    suspect: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
  return {
    line,
    done: async (work) => {
      const end = { reached: false };
      const mark = (): void => {
        end.reached = true;
      };
      work.then(mark, mark);
      // What the work asks for first may be a few promises away.
      await new Promise(setImmediate);
      while (!end.reached && (await world.step())) continue;
      return await work;
    },
    reopen: () => lineOf(world, nats),
    close: async () => {
      life.alive = false;
      line.retire();
      link.break();
    },
  };
}

describeLine('the line on the simulated JetStream', open);

describe('a line that is resumed while an admission is being written', () => {
  it('forgets whoever was let in only once that is on disk', async () => {
    const chance = new Chance('resumed');
    const world = new SimulatedWorld(chance, 0);
    const nats = new SimulatedNats(world, chance, noFaults);
    const stream = nats.addStream(lineStreamOf(room).name, epoch, true);
    stream.store(lineStreamOf(room).subjectOf('ann'), new Uint8Array());
    stream.store(lineStreamOf(room).subjectOf('bob'), new Uint8Array());
    const { promise, resolve } = Promise.withResolvers<number>();
    const resumed = await lineOf(world, nats, { takenThrough: 1, durableTakenThrough: promise });
    resumed.line.resume([]);
    while (await world.step()) continue;
    assert.equal(stream.size, 2);
    resolve(1);
    // The promise moves before the first of the requests that it leads to.
    world.after(1, world.around, () => undefined);
    while (await world.step()) continue;
    assert.equal(stream.get(1), null);
    assert.notEqual(stream.get(2), null);
    await resumed.close();
  });
});
