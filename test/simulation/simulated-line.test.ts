/** The real line over the simulated JetStream keeps the promises that it keeps over the real one. */
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

async function lineOf(world: SimulatedWorld, nats: SimulatedNats): Promise<LineUnderTest> {
  const life: Life = { alive: true };
  const link = nats.connect(life);
  while (link.state !== 'connected') await world.step();
  const line = new JetStreamLine({
    link,
    stream: lineStreamOf(room),
    epoch,
    lastPlace: nats.streams.get(lineStreamOf(room).name)?.lastSeq ?? 0,
    takenThrough: () => 0,
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
