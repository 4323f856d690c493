import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadDemo, type PostAdmin } from '../../api/demo.ts';

const answer = (status: number): Response => new Response('{}', { status, headers: { 'retry-after': '0' } });

describe('loading the demo', () => {
  it('comes again when it is asked to, because limits of requests count for it, too', async () => {
    const asked = new Map<string, number>();
    const post: PostAdmin = (path, body) => {
      const request = `${path} ${JSON.stringify(body)}`;
      const times = (asked.get(request) ?? 0) + 1;
      asked.set(request, times);
      return Promise.resolve(answer([429, 503, 201][times - 1] ?? 500));
    };
    await loadDemo(post, Date.UTC(2027, 0, 1));
    assert.equal(asked.size, 9);
    assert.deepEqual(new Set(asked.values()), new Set([3]));
  });

  it('takes what is there already for made, and stops at any other refusal', async () => {
    await loadDemo(() => Promise.resolve(answer(409)), 0);
    await assert.rejects(
      loadDemo(() => Promise.resolve(answer(400)), 0),
      /refused at \/v1\/admin\/concerts/,
    );
  });
});
