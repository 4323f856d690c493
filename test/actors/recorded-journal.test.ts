/**
 * A journal as the first version wrote it, one batch a line (`test/fixtures/journal-v1.jsonl`). It is never recorded anew:
 * when the shape of an event changes, its `upcast` has to lift what stands here, and everything below stays true.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createKinds } from '../../actors/kinds.ts';
import { idOf, kindOf, type Address, type ErasedKind } from '../../engine/actor.ts';
import type { StoredBatch } from '../../engine/ports.ts';
import { rulesUnderTest } from './rules-under-test.ts';

const lines = readFileSync(new URL('../fixtures/journal-v1.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');
// True: the fixture holds what the journal port gives.
const batches = lines.map((line) => JSON.parse(line) as StoredBatch);
const endMs = batches.at(-1)?.atMs ?? 0;

function replayed(): Map<Address, { readonly kind: ErasedKind; state: unknown }> {
  const kinds: Readonly<Record<string, ErasedKind>> = createKinds(rulesUnderTest);
  const actors = new Map<Address, { readonly kind: ErasedKind; state: unknown }>();
  for (const { actor, event } of batches.flatMap((batch) => batch.turns.flatMap((turn) => turn.events))) {
    const kind = kinds[kindOf(actor)];
    assert.ok(kind, actor);
    const known = actors.get(actor) ?? { kind, state: kind.initial(idOf(actor)) };
    known.state = kind.evolve(known.state, kind.upcast(event));
    actors.set(actor, known);
  }
  return actors;
}

describe('a journal of the first version', () => {
  const actors = replayed();
  const view = (actor: Address, query: { readonly type: string; readonly [name: string]: unknown }): unknown => {
    const known = actors.get(actor);
    assert.ok(known, actor);
    return known.kind.view(known.state, query, endMs);
  };
  const reservation = (n: number, userId: string): unknown => {
    const seen = view('schedule:s1', { type: 'reservation', reservationId: `s1.${n}`, userId });
    assert.ok(typeof seen === 'object' && seen !== null && 'reservation' in seen);
    return (seen.reservation as { readonly status: string }).status;
  };

  it('holds every kind of event there was', () => {
    const types = new Set(
      batches.flatMap(({ turns }) => turns.flatMap((turn) => turn.events.map((e) => e.event.type))),
    );
    assert.equal(types.size, 25);
  });

  it('gives the reservations and seats that it confirmed', () => {
    assert.deepEqual(
      [reservation(1, 'ann'), reservation(2, 'bob'), reservation(3, 'eve')],
      ['paid', 'cancelled', 'expired'],
    );
    const seats = view('schedule:s1', { type: 'seats' });
    assert.ok(typeof seats === 'object' && seats !== null && 'statuses' in seats && 'seatsAvailable' in seats);
    assert.deepEqual([...(seats.statuses as Uint8Array)], [2, 2, ...Array.from({ length: 18 }, () => 0)]);
    assert.equal(seats.seatsAvailable, 18);
  });

  it('gives the balance: charged 1,000, debited 200, credited 5', () => {
    assert.deepEqual(view('wallet:ann', { type: 'balance' }), { userId: 'ann', balance: 805 });
  });

  it('gives the rooms, their concerts and their people', () => {
    assert.deepEqual(view('catalog:main', { type: 'room', room: 'vip' }), { room: 'vip', concertIds: ['c1'] });
    const room = view('admission:main', { type: 'room' });
    assert.ok(typeof room === 'object' && room !== null && 'admitted' in room && 'active' in room && 'lines' in room);
    assert.deepEqual([room.admitted, room.active], [3, 0]);
    assert.deepEqual(view('line:main', { type: 'counts' }), { epoch: 'epoch-of-main', waiting: 0, lastPlace: 4 });
  });
});
