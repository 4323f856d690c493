/** What browsing costs the engine: a look at the session, and a turn only when that is due for its renewal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBrowseGate } from '../../api/http/browse-gate.ts';
import type { HttpDependencies } from '../../api/http/dependencies.ts';

const place = { room: 'main', epoch: 'e', place: 1, userId: 'ann' };

/** How many turns a browse call at `nowMs` asks for. */
function turnsAsked(nowMs: number, renewableAfter: number): number {
  let turns = 0;
  const engine: Partial<HttpDependencies['engine']> = {
    nowMs: () => nowMs,
    // Nothing but the token is looked at where no concert is named.
    view: (() => ({ status: 'active', startedAt: 0, expiresAt: 9_000, renewableAfter })) as never,
    ask: () => {
      turns++;
      return Promise.resolve({ type: 'accepted', reply: null, replayed: false }) as Promise<never>;
    },
  };
  // True of what the gate uses of it.
  const pass = createBrowseGate({ engine: engine as HttpDependencies['engine'], desk: {} as HttpDependencies['desk'] });
  assert.equal(pass(place, null), null);
  return turns;
}

test('a session is renewed by a browse call once it is due, and not before', () => {
  assert.equal(turnsAsked(1_000, 1_000), 0);
  assert.equal(turnsAsked(1_001, 1_000), 1);
});

test('one that is renewed no more costs no turn, however often it is used', () => {
  assert.equal(turnsAsked(8_999, Infinity), 0);
});
