/** When a stream that somebody removed is made again: not before the server has surely removed its files. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JetStreamApiError } from '@nats-io/jetstream';
import { StreamLines, type StreamLinesOptions } from '../../api/nats/line-room.ts';
import { ManualWorld } from '../engine/manual-world.ts';
import { silentLog } from './link-stage.ts';

interface KnownLine {
  readonly line: 'stream';
  readonly epoch: string;
  lost: boolean;
}

/** A room whose line the journal knows and whose stream is gone, over a server and an engine that answer at once. */
class RoomWithoutStream {
  readonly world = new ManualWorld(0);
  readonly lines: StreamLines;
  /** When streams were made, ms. */
  readonly madeAtMs: number[] = [];
  timersSet = 0;
  readonly #known: KnownLine[] = [{ line: 'stream', epoch: 'old', lost: false }];
  #connected: () => void = () => undefined;

  constructor() {
    const engine = {
      view: (_actor: string, { type }: { type: string }) => (type === 'room' ? { lines: this.#known } : []),
      viewDurable: async () => ({ lines: this.#known }),
      ask: async (_actor: string, { type, epoch }: { type: string; epoch: string }) => {
        if (type === 'OpenLine') this.#known.push({ line: 'stream', epoch, lost: false });
        else for (const line of this.#known) if (line.epoch === epoch) line.lost = true;
        return { type: 'accepted' };
      },
    };
    const streams = {
      info: async () => {
        throw new JetStreamApiError({ code: 404, err_code: 10_059, description: 'stream not found' });
      },
      add: async (config: object) => {
        this.madeAtMs.push(this.world.monotonicMs());
        return { config, state: { last_seq: 0 } };
      },
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

  reconnect(): void {
    this.#connected();
  }
}

describe('a stream that somebody removed', () => {
  it('is made again a second after it was found gone', async () => {
    const room = new RoomWithoutStream();
    await room.lines.look();
    await room.world.pass(999);
    assert.deepEqual(room.madeAtMs, []);
    await room.world.pass(1);
    assert.deepEqual(room.madeAtMs, [1_000]);
    assert.equal(room.timersSet, 0);
  });

  it('is not made sooner because it is looked at again, or NATS comes back', async () => {
    const room = new RoomWithoutStream();
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
    const room = new RoomWithoutStream();
    const looking = room.lines.look();
    await room.lines.stop();
    await looking;
    assert.equal(room.timersSet, 0);
    await room.world.pass(2_000);
    assert.deepEqual(room.madeAtMs, []);
  });
});
