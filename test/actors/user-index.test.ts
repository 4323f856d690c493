import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ValueColumn } from '../../actors/schedule/columns.ts';
import { UserIndex } from '../../actors/schedule/user-index.ts';

describe('the index of users', () => {
  it('knows the first slot of each user who is there, and nobody else', () => {
    const user = fc.constantFrom('', 'a', 'b', 'c', 'd', 'user-1', 'user-2', '사용자', 'x'.repeat(64));
    fc.assert(
      fc.property(fc.array(fc.record({ user, leaves: fc.boolean() }), { maxLength: 80 }), (steps) => {
        const users = new ValueColumn<string>();
        const index = new UserIndex(users);
        const model = new Map<string, number>();
        steps.forEach((step, slot) => {
          users.set(slot, step.user);
          if (step.leaves && model.delete(step.user)) index.delete(step.user);
          else {
            assert.equal(index.putFirst(step.user, slot + 1), model.get(step.user) ?? 0);
            model.set(step.user, slot + 1);
          }
          for (const known of steps) assert.equal(index.firstOf(known.user), model.get(known.user) ?? 0);
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
      assert.equal(index.putFirst(`user-${slot}`, slot + 1), 0);
    }
    for (let slot = 0; slot < count; slot += 2) index.delete(`user-${slot}`);
    for (let slot = 0; slot < count; slot++) {
      assert.equal(index.firstOf(`user-${slot}`), slot % 2 === 0 ? 0 : slot + 1);
    }
    for (let slot = 0; slot < count; slot += 2) index.putFirst(`user-${slot}`, slot + 1);
    for (let slot = 0; slot < count; slot++) assert.equal(index.firstOf(`user-${slot}`), slot + 1);
  });

  it('does not pass over a user who is not there', () => {
    const index = new UserIndex(new ValueColumn<string>());
    assert.throws(() => index.delete('nobody'));
  });
});
