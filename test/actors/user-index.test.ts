import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ValueColumn } from '../../actors/schedule/columns.ts';
import { UserIndex } from '../../actors/schedule/user-index.ts';

describe('the index of users', () => {
  it('knows the first slot and the seats of each user who is there, and nobody else', () => {
    const user = fc.constantFrom('', 'a', 'b', 'c', 'd', 'user-1', 'user-2', '사용자', 'x'.repeat(64));
    const what = fc.constantFrom('leaves', 'seats', 'comes');
    fc.assert(
      fc.property(fc.array(fc.record({ user, what, seats: fc.nat(9) }), { maxLength: 80 }), (steps) => {
        const users = new ValueColumn<string>();
        const index = new UserIndex(users);
        const model = new Map<string, { first: number; seats: number }>();
        steps.forEach(({ user, what, seats }, slot) => {
          users.set(slot, user);
          const known = model.get(user) ?? { first: 0, seats: 0 };
          if (what === 'leaves' && model.delete(user)) index.delete(user);
          else if (what === 'seats' && known.first !== 0) {
            index.addSeats(known.first, -seats);
            known.seats -= seats;
          } else {
            assert.equal(index.putFirst(user, slot + 1, seats), known.first);
            model.set(user, { first: slot + 1, seats: known.seats + seats });
          }
          for (const { user: each } of steps) {
            assert.equal(index.firstOf(each), model.get(each)?.first ?? 0);
            assert.equal(index.seatsOf(each), model.get(each)?.seats ?? 0);
          }
        });
      }),
    );
  });

  it('finds each of many, also after half of them have gone and come again', () => {
    const users = new ValueColumn<string>();
    const index = new UserIndex(users);
    const count = 20_000;
    for (let slot = 0; slot < count; slot++) {
      users.set(slot, `user-${slot}`);
      assert.equal(index.putFirst(`user-${slot}`, slot + 1, 1), 0);
    }
    for (let slot = 0; slot < count; slot += 2) index.delete(`user-${slot}`);
    for (let slot = 0; slot < count; slot++) {
      assert.equal(index.firstOf(`user-${slot}`), slot % 2 === 0 ? 0 : slot + 1);
    }
    for (let slot = 0; slot < count; slot += 2) index.putFirst(`user-${slot}`, slot + 1, 2);
    for (let slot = 0; slot < count; slot++) {
      assert.equal(index.firstOf(`user-${slot}`), slot + 1);
      assert.equal(index.seatsOf(`user-${slot}`), slot % 2 === 0 ? 2 : 1);
    }
  });

  it('does not pass over a user who is not there', () => {
    const index = new UserIndex(new ValueColumn<string>());
    assert.throws(() => index.delete('nobody'));
  });
});
