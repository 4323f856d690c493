/** When a stream counts as lost, and when one that somebody removed is made again: not before its files are surely gone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JetStreamApiError } from '@nats-io/jetstream';
import { describeLine } from '../../api/nats/line-stream.ts';
import { StreamLines, type StreamLinesOptions } from '../../api/nats/line-room.ts';
import { ManualWorld } from '../engine/manual-world.ts';
import { silentLog } from './link-stage.ts';

interface KnownLine {
  readonly line: 'stream';
  readonly epoch: string;
  lost: boolean;
  takenThrough: number;
}

/** A room whose line the journal knows, over a server and an engine that answer at once. Its stream is gone unless `info` tells of one. */
class RoomUnderTest {
  readonly world = new ManualWorld(0);
  readonly lines: StreamLines;
  /** When streams were made, ms. */
  readonly madeAtMs: number[] = [];
  timersSet = 0;
  readonly old: KnownLine = { line: 'stream', epoch: 'old', lost: false, takenThrough: 0 };
  readonly #known: KnownLine[] = [this.old];
  #connected: () => void = () => undefined;

  constructor(info: () => object = streamNotFound) {
    const engine = {
      view: (_actor: string, { type }: { type: string }) => (type === 'room' ? { lines: this.#known } : []),
      viewDurable: async () => ({ lines: this.#known }),
      ask: async (_actor: string, { type, epoch }: { type: string; epoch: string }) => {
        if (type === 'OpenLine') this.#open(epoch);
        else for (const line of this.#known) if (line.epoch === epoch) line.lost = true;
        return { type: 'accepted' };
      },
    };
    const streams = {
      info: async () => info(),
      add: async (config: object) => {
        this.madeAtMs.push(this.world.monotonicMs());
        return { config, state: { last_seq: 0 } };
      },
      delete: async () => true,
      getMessage: async () => null,
    };
    const link = {
      state: 'connected',
      use: async (work: (parts: object) => unknown) => work({ jsm: { streams } }),
      onConnect: (listener: () => void) => {
        this.#connected = listener;
        return () => undefined;
      },
    };
    const timers = {
      nowMs: () => this.world.monotonicMs(),
      set: (task: () => void, delayMs: number) => {
        this.timersSet += 1;
        const cancel = this.world.after(delayMs, () => {
          this.timersSet -= 1;
          task();
        });
        return () => {
          this.timersSet -= 1;
          cancel();
        };
      },
      clear: (timer: unknown) => (timer as () => void)(),
    };
    // What is looked at here is when it asks for what; these answer all that it asks.
    const options = { engine, link, timers } as unknown as Pick<StreamLinesOptions, 'engine' | 'link' | 'timers'>;
    let epochs = 0;
    this.lines = new StreamLines({
      ...options,
      journalId: 'j',
      room: 'r',
      engineLine: null,
      newEpoch: () => `new-${++epochs}`,
      wake: () => undefined,
      log: silentLog,
    });
  }

  #open(epoch: string): void {
    if (this.#known.some((line) => line.epoch === epoch)) return;
    this.#known.push({ line: 'stream', epoch, lost: false, takenThrough: 0 });
  }

  reconnect(): void {
    this.#connected();
  }
}

function streamNotFound(): never {
  throw new JetStreamApiError({ code: 404, err_code: 10_059, description: 'stream not found' });
}

describe('a stream that is there', () => {
  it('is not taken for one that has lost people because some came in while the server’s answer was on the way', async () => {
    const description = describeLine({ journalId: 'j', epoch: 'old' });
    const room = new RoomUnderTest(() => {
      const answer = { config: { description }, state: { last_seq: 10 } };
      room.old.takenThrough = 12;
      return answer;
    });
    room.old.takenThrough = 10;
    await room.lines.look();
    assert.equal(room.old.lost, false);
    assert.equal(room.lines.current().epoch, 'old');
  });

  it('is lost when it ends before people who were let in', async () => {
    const description = describeLine({ journalId: 'j', epoch: 'old' });
    const room = new RoomUnderTest(() => ({ config: { description }, state: { last_seq: 10 } }));
    room.old.takenThrough = 11;
    await room.lines.look();
    assert.equal(room.old.lost, true);
    assert.equal(room.lines.current().epoch, 'new-1');
  });
});

describe('a stream that somebody removed', () => {
  it('is made again a second after it was found gone', async () => {
    const room = new RoomUnderTest();
    await room.lines.look();
    await room.world.pass(999);
    assert.deepEqual(room.madeAtMs, []);
    await room.world.pass(1);
    assert.deepEqual(room.madeAtMs, [1_000]);
    assert.equal(room.timersSet, 0);
  });

  it('is not made sooner because it is looked at again, or NATS comes back', async () => {
    const room = new RoomUnderTest();
    await Promise.all([room.lines.look(), room.lines.look()]);
    await room.world.pass(100);
    room.reconnect();
    await room.world.pass(300);
    await room.lines.look();
    await room.world.pass(599);
    assert.deepEqual(room.madeAtMs, []);
    await room.world.pass(1);
    assert.deepEqual(room.madeAtMs, [1_000]);
    assert.equal(room.timersSet, 0);
  });

  it('is not made after the end, and leaves no timer', async () => {
    const room = new RoomUnderTest();
    const looking = room.lines.look();
    await room.lines.stop();
    await looking;
    assert.equal(room.timersSet, 0);
    await room.world.pass(2_000);
    assert.deepEqual(room.madeAtMs, []);
  });
});
