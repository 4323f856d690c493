/** Each event of each actor: what the feed shows of it, to the letter of the contract. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JournaledEvent, Turn } from '../../engine/ports.ts';
import { natsSubjectOf } from '../../api/nats/feed/cloud-event.ts';
import { publicEvents, type PublicEvent } from '../../api/nats/feed/public-events.ts';
import { t0 as at } from '../read-model/journal-of.ts';
import { hidden, shown } from './feed-samples.ts';

function only(event: JournaledEvent): readonly PublicEvent[] {
  const turn: Turn = { atMs: at, to: event.actor, command: 'Given', events: [event] };
  return publicEvents({ number: 5, atMs: at, turns: [turn] });
}

describe('the feed shows', () => {
  for (const [name, event, subject, body] of shown) {
    test(`${name} as ${subject}`, () => {
      const [first, ...more] = only(event);
      assert.ok(first !== undefined);
      assert.deepEqual(more, []);
      assert.equal(natsSubjectOf(first), `onsale.v1.events.${subject}`);
      assert.deepEqual(JSON.parse(JSON.stringify(first.body)), body);
    });
  }

  for (const event of hidden) {
    test(`nothing of ${event.event.type}`, () => assert.deepEqual(only(event), []));
  }

  test('no event whose version or actor it does not know', () => {
    assert.throws(() => only({ actor: 'wallet:ann', event: { type: 'WalletCharged', v: 2 } }), /version 2/);
    assert.throws(() => only({ actor: 'turnstile:1', event: { type: 'Turned', v: 1 } }), /turnstile:1/);
  });
});
