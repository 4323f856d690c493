/** What every waiting line promises, whatever it is made of. Each implementation runs this in a test of its own. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Joined, WaitingLine } from '../../api/queue/waiting-line.ts';

export interface LineUnderTest {
  readonly line: WaitingLine;
  /** Lets the world do what the work needs. */
  readonly done: <T>(work: Promise<T>) => Promise<T>;
  /** The same line after a restart of whatever holds it. */
  reopen(): Promise<LineUnderTest>;
  close(): Promise<void>;
}

export function describeLine(name: string, open: () => Promise<LineUnderTest>): void {
  async function withLine(test: (subject: LineUnderTest) => Promise<void>): Promise<void> {
    const subject = await open();
    try {
      await test(subject);
    } finally {
      await subject.close();
    }
  }

  describe(`${name}: a new line`, () => {
    it('has nobody to take and nothing to settle', () =>
      withLine(async ({ line, done }) => {
        assert.deepEqual(await done(line.take(0, 10)), { people: [], through: 0 });
        await done(line.settle(0));
        assert.deepEqual(await done(line.counts()), { waiting: 0, lastPlace: 0 });
      }));

    it('gives places in the order of joining', () =>
      withLine(async (subject) => {
        const places = await placesOf(subject, ['ann', 'bob', 'cat']);
        assert.deepEqual(
          places,
          [...places].sort((a, b) => a - b),
        );
        assert.equal(new Set(places).size, 3);
        assert.equal((await subject.done(subject.line.counts())).waiting, 3);
      }));

    it('gives one place to a user who joins a thousand times at once', () =>
      withLine(async ({ line, done }) => {
        const joins = await done(Promise.all(Array.from({ length: 1_000 }, () => line.join('ann'))));
        assert.equal(new Set(joins.map(placeOf)).size, 1);
        assert.equal(joins.filter((joined) => joined.type === 'joined' && !joined.existing).length, 1);
      }));
  });

  describe(`${name}: a line with people`, () => {
    it('takes them in order, above a place and at most so many, and keeps them', () =>
      withLine(async (subject) => {
        const { line, done } = subject;
        const [a = 0, b = 0, c = 0] = await placesOf(subject, ['ann', 'bob', 'cat']);
        const first = { people: [{ place: a, userId: 'ann' }], through: a };
        assert.deepEqual(await done(line.take(0, 1)), first);
        assert.deepEqual(await done(line.take(0, 1)), first);
        const rest = [
          { place: b, userId: 'bob' },
          { place: c, userId: 'cat' },
        ];
        assert.deepEqual(await done(line.take(a, 10)), { people: rest, through: c });
        assert.deepEqual(await done(line.take(c, 10)), { people: [], through: c });
      }));

    it('forgets whoever leaves, who draws a later place by joining again', () =>
      withLine(async (subject) => {
        const { line, done } = subject;
        const [a = 0, b = 0] = await placesOf(subject, ['ann', 'bob']);
        await done(line.leave(b));
        await done(line.leave(b));
        assert.deepEqual(await done(line.take(0, 10)), { people: [{ place: a, userId: 'ann' }], through: b });
        const again = await done(line.join('bob'));
        assert.ok(placeOf(again) > b && again.type === 'joined' && !again.existing);
        assert.equal((await done(line.counts())).waiting, 2);
      }));

    it('lets someone leave who was settled already: whoever pays or leaves inside does', () =>
      withLine(async (subject) => {
        const { line, done } = subject;
        const [a = 0, b = 0] = await placesOf(subject, ['ann', 'bob']);
        await done(line.settle(a));
        await done(line.leave(a));
        assert.deepEqual(await done(line.take(a, 10)), { people: [{ place: b, userId: 'bob' }], through: b });
        await done(line.settle(b));
        await done(line.leave(b));
        assert.equal((await done(line.counts())).waiting, 0);
      }));

    it('forgets whoever is settled, who draws a later place by joining again', () =>
      withLine(async (subject) => {
        const { line, done } = subject;
        const [a = 0, b = 0, c = 0] = await placesOf(subject, ['ann', 'bob', 'cat']);
        await done(line.settle(b));
        await done(line.settle(b));
        await done(line.settle(a));
        assert.deepEqual(await done(line.take(b, 10)), { people: [{ place: c, userId: 'cat' }], through: c });
        assert.deepEqual(await done(line.counts()), { waiting: 1, lastPlace: c });
        assert.ok(placeOf(await done(line.join('ann'))) > c);
      }));

    it('is the same line after a restart', () =>
      withLine(async (subject) => {
        const [a = 0, b = 0, c = 0] = await placesOf(subject, ['ann', 'bob', 'cat']);
        await subject.done(subject.line.settle(a));
        await subject.done(subject.line.leave(c));
        const again = await subject.reopen();
        try {
          assert.equal(again.line.epoch, subject.line.epoch);
          assert.equal(again.line.kind, subject.line.kind);
          const taken = await again.done(again.line.take(a, 10));
          assert.deepEqual(taken, { people: [{ place: b, userId: 'bob' }], through: c });
          const found = await again.done(again.line.join('bob'));
          assert.deepEqual(found, { type: 'joined', place: b, existing: true });
          assert.ok(placeOf(await again.done(again.line.join('dan'))) > c);
        } finally {
          await again.close();
        }
      }));
  });
}

export function placeOf(joined: Joined): number {
  assert.equal(joined.type, 'joined', JSON.stringify(joined));
  return joined.type === 'joined' ? joined.place : 0;
}

async function placesOf({ line, done }: LineUnderTest, users: readonly string[]): Promise<number[]> {
  const places: number[] = [];
  for (const user of users) places.push(placeOf(await done(line.join(user))));
  return places;
}
