/** How far the journal is read ahead: whoever reads in steps must not pay for what the step does not take. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { JournalReader } from '../../storage/journal-reader.ts';
import { append, dataDirectory, event, opened, spoilPages, turn } from './data-directory.ts';

const batches = 5;
const batchChars = 700_000;

describe('a journal of large batches', () => {
  it('is read ahead by about 1 MiB: a batch beyond that is not touched', async (t) => {
    const dataDir = dataDirectory(t);
    const storage = await opened(t, dataDir);
    const letters = 'abcde';
    await append(
      storage,
      1,
      Array.from({ length: batches }, (_, index) => [
        turn(1, 'list:a', [event('list:a', 'Named', { name: (letters[index] ?? '').repeat(batchChars) })]),
      ]),
    );
    await storage.close(10_000);
    // The pages in the middle of batch 4 lead nowhere: SQLite cannot read it.
    const file = join(dataDir, 'journal.db');
    spoilPages(file, 'd'.repeat(3_000), 100_000);
    const reader = new JournalReader(file);
    t.after(() => reader.close());
    const rows = reader.rows(1);
    assert.equal(rows.next().value?.batch, 1);
    assert.equal(rows.next().value?.batch, 2);
    assert.throws(() => rows.next(), /batch 3/);
    assert.equal([...reader.rows(1, 3)].length, 3);
  });
});
