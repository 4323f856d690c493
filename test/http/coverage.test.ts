/** Which sessions a concert that has moved still admits. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createKinds } from '../../actors/kinds.ts';
import type { CatalogCommand, CatalogQuery, CatalogViews } from '../../actors/catalog/messages.ts';
import { createCoverage } from '../../api/http/coverage.ts';
import type { OnsaleEngine } from '../../api/protocols.ts';
import { rulesUnderTest } from '../actors/rules-under-test.ts';

const movedAt = 1_000;
const policy = { admitPerSecond: 1, maxActive: 1, sessionSeconds: 60, maxSessionSeconds: 600 };

/** The concert `c` moves from `main` to `vip`. */
function coverageOfMoved() {
  const { catalog } = createKinds(rulesUnderTest);
  let state = catalog.initial('main');
  const commands: readonly (readonly [command: CatalogCommand, atMs: number])[] = [
    [{ type: 'CreateConcert', concert: { id: 'c', name: 'C', description: '' }, digest: 'd' }, 0],
    [{ type: 'PutRoom', room: 'vip', policy, concertIds: ['c'] }, movedAt],
  ];
  for (const [command, atMs] of commands) {
    const decision = catalog.decide(state, command, atMs);
    assert.ok(decision.type === 'accepted');
    for (const event of decision.events) state = catalog.evolve(state, event);
  }
  const view = (_to: string, query: CatalogQuery): CatalogViews[keyof CatalogViews] =>
    catalog.view(state, query, movedAt);
  // True as far as this test goes: only the catalog is asked.
  return createCoverage({ view } as unknown as OnsaleEngine);
}

const coverage = coverageOfMoved();

describe('a session of the room that a concert has left', () => {
  it('is admitted when it began before, or in the same ms', () => {
    assert.deepEqual(
      [movedAt - 1, movedAt, movedAt + 1].map((startedAt) => coverage.coversSince('main', startedAt, 'c')),
      [true, true, false],
    );
  });
});

describe('a session of the room to which it came', () => {
  it('is admitted when it began then or later', () => {
    assert.deepEqual(
      [movedAt - 1, movedAt, movedAt + 1].map((startedAt) => coverage.coversSince('vip', startedAt, 'c')),
      [false, true, true],
    );
  });
});
