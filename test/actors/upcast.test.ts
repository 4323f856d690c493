import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErasedKind } from '../../engine/actor.ts';
import { createKinds } from '../../actors/kinds.ts';
import { rulesUnderTest } from './rules-under-test.ts';

test('every kind refuses by name what a newer program has written', () => {
  const kinds: Record<string, ErasedKind> = createKinds(rulesUnderTest);
  const known: Record<string, string> = {
    schedule: 'SeatsHeld',
    wallet: 'WalletCharged',
    admission: 'UserAdmitted',
    line: 'LineJoined',
    catalog: 'RoomPut',
  };
  assert.deepEqual(Object.keys(kinds).toSorted(), Object.keys(known).toSorted());
  for (const [name, type] of Object.entries(known)) {
    const kind = kinds[name];
    assert.ok(kind !== undefined);
    assert.deepEqual(kind.upcast({ type, v: 1 }), { type, v: 1 });
    for (const event of [
      { type, v: 2 },
      { type: 'Unheard', v: 1 },
      { type: 'valueOf', v: 1 },
    ]) {
      assert.throws(() => kind.upcast(event), /knows no event/, `${name}: ${event.type} ${event.v}`);
    }
  }
});
