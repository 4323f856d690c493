/** One bit of the journal's file flipped, anywhere: what is read is what was written, or it is refused. Never else. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { JournalAppender } from '../../storage/journal-appender.ts';
import { JournalReader } from '../../storage/journal-reader.ts';
import { dataDirectory, markedBatches } from './data-directory.ts';

const batches = 60;

describe('a bit flipped anywhere in the journal’s file', () => {
  it('never gives other batches than those written', (t) => {
    const file = join(dataDirectory(t), 'journal.db');
    const writer = new JournalAppender(file);
    for (const [index, turns] of markedBatches(batches).entries()) {
      writer.append(index + 1, (index + 1) * 1000, Buffer.from(JSON.stringify(turns)));
    }
    writer.close();
    const whole = readFileSync(file);
    const outcomes = { refused: 0, same: 0, shorter: 0 };
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        writeFileSync(file, bytes);
        outcomes[readBack(file)] += 1;
      }),
      { numRuns: 400 },
    );
    assert.ok(outcomes.refused > outcomes.shorter, JSON.stringify(outcomes));
  });
});

/** `shorter`: the newest batches are hidden; the follower's position, ahead of this end, then refuses to start. */
function readBack(file: string): 'refused' | 'same' | 'shorter' {
  let reader: JournalReader | undefined;
  try {
    new JournalAppender(file).close();
    reader = new JournalReader(file);
    const found = [...reader.batches(1)].map(({ turns }) => turns);
    assert.deepEqual(found, markedBatches(batches).slice(0, found.length));
    return found.length === batches ? 'same' : 'shorter';
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.ok(error instanceof Error && error.message.includes('journal.db'), String(error));
    return 'refused';
  } finally {
    reader?.close();
  }
}
