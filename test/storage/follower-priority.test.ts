import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, it } from 'node:test';
import { dataDirectory, opened } from './data-directory.ts';

/** Of each of this process's threads: `nice` is the 19th field of its stat, and the name, the 2nd, may hold anything. */
function niceOfThreads(): number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  });
}

describe('the thread of the follower', () => {
  it('lets the engine go first, alone of all threads', { skip: process.platform !== 'linux' && 'Linux' }, async (t) => {
    const own = getPriority(0);
    assert.deepEqual(
      niceOfThreads().filter((nice) => nice !== own),
      [],
    );
    const { follower } = await opened(t, dataDirectory(t));
    await follower.ready;
    const expected = Math.min(19, own + 5);
    assert.deepEqual(
      niceOfThreads().filter((nice) => nice !== own),
      [expected],
    );
  });
});
