import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { KeyBinding } from '../../engine/ports.ts';
import { StateWriter } from '../../storage/state-writer.ts';
import { dataDirectory } from './data-directory.ts';

function bound(scope: string): KeyBinding {
  return { scope, fingerprint: 'print', outcome: { type: 'made' } };
}

/** One key and one durable key in each of these batches, which bear their number as time. */
function bind(writer: StateWriter, from: number, through: number): void {
  writer.begin();
  for (let batch = from; batch <= through; batch += 1) {
    writer.bindKey(batch, 0, batch, bound(`k${batch % 7}`));
    writer.bindKey(batch, 1, batch, bound(`do|${batch}`));
  }
  writer.commit();
}

function expire(writer: StateWriter, beforeMs: number): number {
  writer.begin();
  const expired = writer.expireKeys(beforeMs, 1_000);
  writer.commit();
  return expired;
}

describe('rows that come and go', () => {
  it('between two pieces of a scrub leave the totals right, also after a restart', (t) => {
    const file = join(dataDirectory(t), 'state.db');
    const writer = new StateWriter(file, 'journal');
    bind(writer, 1, 20);
    assert.equal(writer.audit.scrubKeys('keys', 6), false);
    assert.equal(expire(writer, 4), 3);
    bind(writer, 21, 30);
    assert.equal(writer.audit.scrubKeys('keys', 6), false);
    assert.equal(expire(writer, 16), 12);
    assert.equal(writer.audit.scrubKeys('keys', 100), true);
    writer.close();
    const again = new StateWriter(file, 'journal');
    bind(again, 31, 32);
    assert.equal(again.audit.scrubKeys('keys', 100), true);
    assert.equal(again.audit.scrubKeys('durable_keys', 100), true);
    again.close();
  });
});
