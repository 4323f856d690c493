import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { JournalReader } from '../../storage/journal-reader.ts';
import { openedEnd, SqliteJournal } from '../../storage/journal.ts';
import { filled } from './data-directory.ts';

/** A thread in the place of the writer's, which does only this. */
function thread(script: string): Worker {
  return new Worker(`const { parentPort } = require('node:worker_threads'); ${script}`, { eval: true });
}

describe('the thread of the journal', () => {
  it('that ends without a word: the journal does not open, and says so', async () => {
    await assert.rejects(
      openedEnd(thread('process.exit(3)')),
      /ended by itself, before the journal was open \(exit 3\)/,
    );
  });

  it('that throws while it starts: the journal does not open, and gives the reason', async () => {
    await assert.rejects(openedEnd(thread(`throw new Error('no memory')`)), /no memory/);
  });

  it('that ends in the middle of an append: the append is refused, also while closing, and closing ends', async (t) => {
    const dataDir = await filled(t, 1);
    const reader = new JournalReader(join(dataDir, 'journal.db'));
    const writer = thread(`parentPort.once('message', () => process.exit(3))`);
    const fatal: Error[] = [];
    const journal = new SqliteJournal(writer, reader, reader.end(), (error) => fatal.push(error));
    const appended = journal.append({ number: 2, atMs: 1, turns: [] });
    const closed = journal.close();
    await assert.rejects(appended, /ended by itself/);
    await closed;
    await journal.close();
    await assert.rejects(journal.append({ number: 2, atMs: 1, turns: [] }), /ended by itself/);
    assert.deepEqual(fatal, []);
    journal.closeReading();
  });
});
