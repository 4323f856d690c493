import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Address } from '../../engine/actor.ts';
import type { Turn } from '../../engine/ports.ts';
import { Follower } from '../../storage/follower.ts';
import { JournalAppender } from '../../storage/journal-appender.ts';
import { JournalReader } from '../../storage/journal-reader.ts';
import { StateWriter } from '../../storage/state-writer.ts';
import {
  append,
  consumerModule,
  counted,
  dataDirectory,
  event,
  markedBatches,
  opened,
  replayed,
  turn,
} from './data-directory.ts';
import { openConsumer, readCounts } from './toy-consumer.ts';
import { createKinds } from './toy-kinds.ts';

const actors: readonly Address[] = ['counter:a', 'counter:b', 'counter:c', 'list:a', 'list:b'];

/** What happens to a follower: batches come, it steps, time passes, it is killed and started again. */
type Happening =
  | { readonly type: 'batch'; readonly actors: readonly number[] }
  | { readonly type: 'step' }
  | { readonly type: 'time'; readonly ms: number }
  | { readonly type: 'restart' };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.nat(4), { maxLength: 6 }).map((actors) => ({ type: 'batch' as const, actors })) },
  { weight: 4, arbitrary: fc.constant({ type: 'step' as const }) },
  { weight: 2, arbitrary: fc.nat(3_000).map((ms) => ({ type: 'time' as const, ms })) },
  { weight: 1, arbitrary: fc.constant({ type: 'restart' as const }) },
);

/** A follower over real files, stepped by hand under a clock that the test moves. */
class Stage {
  readonly #dir: string;
  readonly #journal: JournalAppender;
  readonly #reader: JournalReader;
  #nowMs = 0;
  #store: StateWriter;
  #consumer;
  #follower: Follower;
  #end = 0;
  readonly lastBatchOf = new Map<Address, number>();

  constructor(dir: string) {
    this.#dir = dir;
    this.#journal = new JournalAppender(join(dir, 'journal.db'));
    this.#reader = new JournalReader(join(dir, 'journal.db'));
    this.#store = new StateWriter(join(dir, 'state.db'), this.#reader.id);
    this.#consumer = openConsumer(join(dir, 'counts.db'));
    this.#follower = this.#started();
  }

  #started(): Follower {
    return new Follower({
      source: this.#reader,
      store: this.#store,
      consumer: this.#consumer,
      kinds: createKinds(),
      keyTtlMs: 1_000_000,
      // Each look at the clock takes a ms, so that the bounds of a step cut it short now and then.
      nowMs: () => (this.#nowMs += 1),
    });
  }

  happen(what: Happening): void {
    switch (what.type) {
      case 'batch':
        return this.#append(what.actors);
      case 'step':
        this.#follower.step(this.#end);
        return this.check();
      case 'time':
        this.#nowMs += what.ms;
        return;
      case 'restart':
        this.#closeFollower();
        this.#store = new StateWriter(join(this.#dir, 'state.db'), this.#reader.id);
        this.#consumer = openConsumer(join(this.#dir, 'counts.db'));
        this.#follower = this.#started();
        return;
    }
  }

  #append(touched: readonly number[]): void {
    this.#end += 1;
    const turns: Turn[] = touched.map((index) => {
      const actor = actors[index] ?? 'list:a';
      this.lastBatchOf.set(actor, this.#end);
      const happened = actor.startsWith('list:')
        ? event(actor, 'Named', { name: `n${this.#end}` })
        : event(actor, 'Added', { amount: this.#end });
      return turn(this.#end, actor, [happened]);
    });
    this.#journal.append(this.#end, this.#end, Buffer.from(JSON.stringify(turns)));
  }

  /** `completeThrough` says the truth, and every snapshot is what the journal gives up to its position. */
  check(): void {
    const completeThrough = this.#store.position('complete_through')?.batch ?? 0;
    for (const actor of actors) {
      const last = this.lastBatchOf.get(actor);
      const snapshot = this.#store.load(actor);
      if (last !== undefined && last <= completeThrough) {
        assert.ok(snapshot !== undefined && snapshot.position >= last, `${actor} is missing from ${completeThrough}`);
      }
      if (snapshot === undefined) continue;
      assert.deepEqual(snapshot.state, replayed(this.#reader.batches(1), actor, snapshot.position));
    }
  }

  finish(): void {
    while (!this.#follower.isDone(this.#end)) this.#follower.step(this.#end, true);
    this.check();
    assert.equal(this.#store.position('complete_through')?.batch ?? 0, this.#end);
    assert.equal(this.#consumer.through, this.#end);
  }

  #closeFollower(): void {
    this.#store.close();
    this.#consumer.close();
  }

  close(): void {
    this.#closeFollower();
    this.#reader.close();
    this.#journal.close();
  }
}

function many(batch: number): Turn[] {
  return Array.from({ length: 500 }, () => turn(batch, 'counter:a', [counted('counter:a', 1)]));
}

describe('a follower', () => {
  it('stores only snapshots that a replay gives byte for byte, whatever happens to it', (t) => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 5, maxLength: 60 }), (happenings) => {
        const stage = new Stage(dataDirectory(t));
        try {
          for (const what of happenings) stage.happen(what);
          stage.finish();
        } finally {
          stage.close();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('reports what it has stored, and follows what comes while it runs', async (t) => {
    const storage = await opened(t, dataDirectory(t), { consumerModule });
    const { promise: complete, resolve } = Promise.withResolvers<void>();
    const stored = new Map<Address, number>();
    storage.follower.subscribe((report) => {
      for (const { actor, position } of report.stored) stored.set(actor, position);
      if (report.completeThrough === 30 && report.keysThrough === 30 && report.readModelThrough === 30) resolve();
    });
    await append(storage, 1, markedBatches(30));
    // Nothing more comes, so snapshots are due by idleness.
    await complete;
    assert.deepEqual([...stored.keys()].sort(), ['counter:0', 'counter:1', 'counter:2', 'list:a']);
    assert.equal(storage.snapshots.completeThrough(), 30);
    for (const [actor, position] of stored) {
      const snapshot = storage.snapshots.load(actor);
      assert.equal(snapshot?.position, position);
      assert.deepEqual(snapshot?.state, replayed(storage.journal.read(1), actor, position));
    }
    assert.deepEqual(readCounts(storage.readModelFile), { through: 30, events: 60 });
  });

  it('goes on at once with all that is durable when somebody waits for it in a pause under load', async (t) => {
    const storage = await opened(t, dataDirectory(t), { consumerModule });
    const seen: number[] = [];
    let reached: (() => void) | undefined;
    const reaching = (batch: number): Promise<void> =>
      new Promise((resolve) => {
        reached = () => (seen.at(-1) === batch ? resolve() : undefined);
      });
    storage.follower.subscribe(({ readModelThrough }) => {
      seen.push(readModelThrough);
      reached?.();
    });
    const first = reaching(1);
    await append(storage, 1, [many(1)]);
    await first;
    // It has been told of the second batch and pauses; of the third one it hears with the hurry.
    await append(storage, 2, [many(2), many(3)]);
    const third = reaching(3);
    storage.follower.hurry();
    await third;
    assert.ok(!seen.includes(2), `read model at ${seen.join(', ')}`);
  });

  it('of many actors takes their snapshots while more comes', async (t) => {
    const dataDir = dataDirectory(t);
    const storage = await opened(t, dataDir);
    const reports: number[] = [];
    storage.follower.subscribe((report) => reports.push(report.completeThrough));
    const batches = Array.from({ length: 60 }, (_, batch) =>
      Array.from({ length: 500 }, (_unused, index) => {
        const actor: Address = `counter:${(batch * 500 + index) % 7_000}`;
        return turn(batch + 1, actor, [counted(actor, 1)]);
      }),
    );
    await append(storage, 1, batches);
    assert.equal(await storage.close(20_000), true);
    const again = await opened(t, dataDir);
    assert.equal(again.snapshots.completeThrough(), 60);
    let total = 0;
    for (let id = 0; id < 7_000; id += 1) {
      const [count] = JSON.parse(new TextDecoder().decode(again.snapshots.load(`counter:${id}`)?.state)) as [number];
      total += count;
    }
    assert.equal(total, 30_000);
    assert.deepEqual(
      [...reports].sort((a, b) => a - b),
      reports,
    );
  });

  it('gives summaries of those actors only that have something to tell', async (t) => {
    const dataDir = dataDirectory(t);
    const storage = await opened(t, dataDir);
    await append(storage, 1, [
      [turn(1, 'counter:quiet', [counted('counter:quiet', 1)])],
      [turn(2, 'counter:due', [event('counter:due', 'DeadlineSet', { atMs: 777.5 })])],
      [turn(3, 'list:a', [event('list:a', 'Named', { name: 'x' })])],
    ]);
    await storage.close(10_000);
    const again = await opened(t, dataDir);
    assert.deepEqual(
      [...again.snapshots.summaries()].map(({ actor, nextDeadlineMs, summary }) => ({
        actor,
        nextDeadlineMs,
        summary,
      })),
      [
        { actor: 'counter:due', nextDeadlineMs: 778, summary: null },
        { actor: 'list:a', nextDeadlineMs: null, summary: { last: 'x', size: 1 } },
      ],
    );
    assert.equal(again.snapshots.load('counter:never'), undefined);
  });

  it('that meets events of a kind it does not know: stops with their actor’s name', async (t) => {
    const storage = await opened(t, dataDirectory(t));
    await append(storage, 1, [[turn(1, 'stranger:1', [event('stranger:1', 'Came', {})])]]);
    assert.match((await storage.fatal).message, /stranger:1.*no kind stranger/);
  });
});
