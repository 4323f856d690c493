/** The same for places in line and for the feed: what is swapped, lost, missing or out of order must be found. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FeedBook } from './feed-book.ts';
import { judgePublished, judgeToken } from './read-back.ts';
import { answered, now, ok, tokenOf, ToldSale } from './told-sale.ts';

describe('a swapped or lost place is found', () => {
  const waiting = { room: 'line', userId: 'ann', place: 1, token: tokenOf('ann', 1), status: 'waiting' };

  function judged(body: object, wasAdmitted: boolean): ToldSale {
    const sale = new ToldSale();
    sale.joined('ann', 1);
    const known = sale.ledger.tokens.get(tokenOf('ann', 1));
    assert.ok(known);
    judgeToken(sale.ledger, known, { ...waiting, ...body }, wasAdmitted, now);
    return sale;
  }

  test('when a token names another place, or is over and was never let in', () => {
    assert.deepEqual(judged({}, false).found(), []);
    assert.deepEqual(judged({ status: 'expired' }, true).found(), []);
    assert.deepEqual(judged({ place: 2 }, false).found(), ['swapped-place']);
    assert.deepEqual(judged({ userId: 'bob' }, false).found(), ['swapped-place']);
    assert.deepEqual(judged({ status: 'expired' }, false).found(), ['lost-place']);
    assert.deepEqual(judged({ status: 'active' }, false).found(), ['ghost-effect']);
  });

  test('when two users were given one, whatever the door', () => {
    const sale = new ToldSale();
    sale.joined('ann', 1);
    sale.give('line', { type: 'join', userId: 'bob', room: 'line' }, false, answered(ok({ room: 'line', place: 1 })));
    assert.deepEqual(sale.found(), ['swapped-place']);
  });

  test('when JetStream gave another one than the token names', () => {
    const sale = new ToldSale();
    const entry = sale.joined('ann', 2);
    const known = sale.ledger.tokens.get(tokenOf('ann', 2)) ?? null;
    judgePublished(sale.ledger, entry, 2, known, false);
    judgePublished(sale.ledger, entry, 1, known, true);
    assert.deepEqual(sale.found(), []);
    judgePublished(sale.ledger, entry, 1, known, false);
    assert.deepEqual(sale.found(), ['swapped-place']);
  });

  test('when one is let in twice, or after a later one, or for somebody else', () => {
    const sale = new ToldSale();
    for (const [place, user] of ['ann', 'bob', 'cy'].entries()) sale.joined(user, place + 1);
    sale.admitted('bob', 2);
    sale.admitted('ann', 1);
    sale.admitted('bob', 2);
    sale.admitted('ann', 3);
    assert.deepEqual(sale.judge(), ['double-effect', 'double-effect', 'swapped-place']);
  });
});

/** `received`: which of three events came, and where in the stream. */
function fed(received: readonly (readonly [index: number, sequence: number])[], ghost?: string): ToldSale {
  const sale = new ToldSale();
  sale.charged('ann', 1);
  sale.charged('ann', 2);
  sale.charged('bob', 3);
  const feed = new FeedBook(sale.ledger);
  for (const [index, sequence] of received) feed.receive(sale.told[index]?.id ?? '', sequence);
  if (ghost !== undefined) feed.receive(ghost, 99);
  feed.compare(sale.told, 3);
  return sale;
}

describe('a fault of the feed is found', () => {
  test('a missing event, one that the journal lacks, and two of one actor in the wrong order', () => {
    const all = [
      [0, 1],
      [1, 2],
      [2, 3],
    ] as const;
    assert.deepEqual(fed([...all, [0, 4]]).found(), [], 'a repetition is none');
    assert.deepEqual(
      fed([
        [2, 1],
        [0, 2],
        [1, 3],
      ]).found(),
      [],
      'between actors there is no order',
    );
    assert.deepEqual(
      fed([
        [0, 1],
        [2, 3],
      ]).found(),
      ['feed-gap'],
    );
    assert.deepEqual(
      fed([
        [1, 1],
        [0, 2],
        [2, 3],
      ]).found(),
      ['feed-order'],
    );
    assert.deepEqual(fed(all, 'j-2-7').found(), ['feed-ghost']);
    assert.deepEqual(fed(all, 'j-4-0').found(), [], 'one that is younger than the export');
  });
});
