/** The command as an operator runs it: what it says, and with which code it ends. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openJournal } from '../../storage/journal.ts';
import { audit } from './audit-command.ts';
import { temporaryDirectory } from './lived-directory.ts';
import { SmallSale } from './small-sale.ts';
import { t0 } from './small-story.ts';

/** A directory with nothing but this journal, written by the program's own writer. */
async function journalOf(t: TestContext, sale: SmallSale): Promise<string> {
  const directory = temporaryDirectory();
  t.after(() => directory.remove());
  const journal = await openJournal(join(directory.path, 'journal.db'), { onFatal: assert.ifError });
  for (const { number, atMs, turns } of sale.batches()) {
    await journal.append({ number, atMs, turns: turns.map((turn) => JSON.stringify(turn)) });
  }
  await journal.close();
  journal.closeReading();
  return directory.path;
}

describe('npm run audit', { concurrency: 2 }, () => {
  it('ends with 0 and says what it has compared where nothing is wrong', async (t) => {
    const dataDir = await journalOf(t, new SmallSale());
    const { code, stdout, stderr } = await audit(dataDir, '--hold-ttl-seconds', '100');
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /31 batches, 38 events replayed/);
    assert.match(stdout, /No finding/);
    assert.equal(stderr, '');
  });

  it('ends with 1 and says what is wrong, and where', async (t) => {
    const sale = new SmallSale().drop('dan is debited');
    const { code, stdout } = await audit(await journalOf(t, sale));
    assert.equal(code, 1, stdout);
    assert.match(stdout, /^payment-debit \(1\): /m);
    assert.match(stdout, /^ {2}batch 27, turn 0, event 0 of schedule:s: /m);
    assert.match(stdout, /^1 finding,/m);
  });

  it('gives one JSON object, and checks a setting that it is given', async (t) => {
    const sale = new SmallSale().set('dan charges', 'events.0.event.charge.chargedAt', 1);
    const { code, stdout } = await audit(await journalOf(t, sale), '--json', '--max-seats-per-user', '1');
    assert.equal(code, 1);
    // What the command documents.
    const report = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(report['counts'], { 'hold-limit': 1, 'event-time': 1 });
    assert.deepEqual(report['findings'], [
      {
        code: 'hold-limit',
        where: 'batch 17, turn 0, event 0 of schedule:s',
        what: 'ann has 2 seats with s.1, 1 are allowed',
      },
      {
        code: 'event-time',
        where: 'batch 24, turn 0, event 0 of wallet:dan',
        what: 'it says 1, its turn 1767225631000',
      },
    ]);
    assert.deepEqual([report['batches'], report['events'], report['lastBatch']], [31, 38, 31]);
    assert.deepEqual([report['snapshots'], report['readModelThrough']], [0, null]);
    assert.equal(typeof report['elapsedMs'], 'number');
    assert.match(String(report['journalId']), /^[\w-]+$/);
  });

  it('lets holds be as late as it is told', async (t) => {
    const sale = new SmallSale().drop('the hold ends').addBusy(t0 + 131_000);
    const { code, stdout } = await audit(await journalOf(t, sale), '--overdue-seconds', '3');
    assert.equal(code, 0, stdout);
  });

  it('ends with 2 and one clear line where it cannot audit', async () => {
    const { code, stdout, stderr } = await audit('/nowhere');
    assert.deepEqual([code, stdout], [2, '']);
    assert.equal(stderr, 'Not audited: /nowhere holds no journal.db, so there is nothing to audit\n');
  });

  it('ends with 2 on an option that it does not know', async () => {
    const { code, stderr } = await audit('--fast');
    assert.equal(code, 2);
    assert.match(stderr, /^Not audited: .*--fast/);
  });
});
