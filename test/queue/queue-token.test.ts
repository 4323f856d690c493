import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createQueueTokens } from '../../api/queue/queue-token.ts';

const secret = 'a secret of the tests';
const place = { room: 'main', epoch: 'e-1', place: 42, userId: 'ann' };
const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const places = fc.record(
  {
    room: id,
    epoch: id,
    place: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    userId: id,
  },
  { noNullPrototype: true },
);

describe('a queue token', () => {
  it('names what it was made for, in every process with the secret, and is the same each time', () => {
    fc.assert(
      fc.property(places, (named) => {
        const token = createQueueTokens(secret, 10).sign(named);
        assert.equal(createQueueTokens(secret, 10).sign(named), token);
        assert.deepEqual(createQueueTokens(secret, 10).verify(token), named);
        assert.ok(token.length <= 256);
      }),
    );
  });

  it('is invalid when any one character is altered', () => {
    const tokens = createQueueTokens(secret, 10);
    const token = tokens.sign(place);
    for (let i = 0; i < token.length; i += 1) {
      for (const other of 'AQgw059.-_z') {
        if (token[i] === other) continue;
        assert.equal(tokens.verify(token.slice(0, i) + other + token.slice(i + 1)), null, `${other} at ${i}`);
      }
    }
    assert.deepEqual(tokens.verify(token), place);
  });

  it('is invalid under another secret', () => {
    const token = createQueueTokens(secret, 10).sign(place);
    assert.equal(createQueueTokens('another secret here', 10).verify(token), null);
  });

  it('is invalid when it is garbage, huge or cut short', () => {
    const tokens = createQueueTokens(secret, 10);
    const token = tokens.sign(place);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(tokens.verify(text), null)));
    for (const text of ['', '.', '.....', '1.main.e-1.42.ann.', 'x'.repeat(1_000_000), '.'.repeat(1_000_000)]) {
      assert.equal(tokens.verify(text), null);
    }
    for (let end = 0; end < token.length; end += 1) assert.equal(tokens.verify(token.slice(0, end)), null);
    assert.equal(tokens.verify(`${token}=`), null);
    assert.equal(tokens.verify(`${token}.x`), null);
  });

  it('is remembered within the bound, and recognised beyond it too', () => {
    const tokens = createQueueTokens(secret, 4);
    const many = Array.from({ length: 50 }, (_, i) => tokens.sign({ ...place, place: i + 1 }));
    for (let round = 0; round < 3; round += 1) {
      many.forEach((token, i) => assert.deepEqual(tokens.verify(token), { ...place, place: i + 1 }));
    }
    const token = many[7] ?? '';
    const once = tokens.verify(token);
    assert.notEqual(once, null);
    assert.equal(tokens.verify(token), once, 'the very object that was remembered');
  });

  it('cannot be made for an id that no schema lets through, nor without a secret', () => {
    const tokens = createQueueTokens(secret, 10);
    for (const wrong of [{ userId: 'a.b' }, { room: '' }, { epoch: 'x'.repeat(65) }, { place: 0 }, { place: 1.5 }]) {
      assert.throws(() => tokens.sign({ ...place, ...wrong }));
    }
    assert.throws(() => createQueueTokens('', 10));
  });
});
