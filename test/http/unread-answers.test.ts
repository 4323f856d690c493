/** Large answers that nobody reads: counted once a body, bounded in all, the oldest ones cut off. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { UnreadAnswers } from '../../api/http/unread-answers.ts';

const mib = 1024 * 1024;

class Reader extends EventEmitter {
  cutOff = false;

  destroy(): void {
    this.cutOff = true;
    this.emit('close');
  }

  takes(): void {
    this.emit('close');
  }
}

describe('answers that are not read', () => {
  it('count once for all who have the same bytes, until the last of them is done', () => {
    const unread = new UnreadAnswers(10 * mib);
    const list = Buffer.alloc(mib);
    const readers = [new Reader(), new Reader()];
    for (const reader of readers) unread.given(list, reader);
    assert.equal(unread.bytes, mib);
    readers[0]?.takes();
    assert.equal(unread.bytes, mib);
    readers[1]?.takes();
    assert.equal(unread.bytes, 0);
  });

  it('are cut off past the bound, the oldest first, and never the newest', () => {
    const unread = new UnreadAnswers(3 * mib);
    const readers = Array.from({ length: 5 }, () => new Reader());
    for (const reader of readers) unread.given(Buffer.alloc(mib), reader);
    assert.deepEqual(
      readers.map(({ cutOff }) => cutOff),
      [true, true, false, false, false],
    );
    assert.equal(unread.bytes, 3 * mib);
    const huge = new Reader();
    unread.given(Buffer.alloc(9 * mib), huge);
    assert.deepEqual(
      [...readers, huge].filter(({ cutOff }) => !cutOff),
      [huge],
    );
    huge.takes();
    assert.equal(unread.bytes, 0);
  });

  it('do not count where they are small, or no bytes', () => {
    const unread = new UnreadAnswers(1);
    const reader = new Reader();
    for (const body of [Buffer.alloc(1_000), 'x'.repeat(mib), undefined]) unread.given(body, reader);
    assert.equal(unread.bytes, 0);
    assert.equal(reader.cutOff, false);
  });
});
