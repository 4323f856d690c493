import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { consumerModule, dataDirectory, opened, replayed } from './data-directory.ts';
import { readCounts } from './toy-consumer.ts';

const script = fileURLToPath(new URL('./append-forever.ts', import.meta.url));

/** Lets another process append to the directory until `batches` more are confirmed, then kills it. */
async function appendUntilKilled(dataDir: string, batches: number): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, script, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let confirmed = 0;
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    confirmed = Number(line);
    lines += 1;
    if (lines === batches) child.kill('SIGKILL');
  }
  await exited;
  return confirmed;
}

describe('a process killed while it appends and follows', () => {
  it('leaves every confirmed batch, its keys, and snapshots that a replay gives', async (t) => {
    const dataDir = dataDirectory(t);
    for (const batches of [20, 60, 120]) {
      const confirmed = await appendUntilKilled(dataDir, batches);
      const storage = await opened(t, dataDir, { consumerModule });
      await storage.follower.ready;
      const { end } = storage.journal;
      assert.ok(end.batch === confirmed || end.batch === confirmed + 1, `${end.batch} after ${confirmed}`);
      const journaled = [...storage.journal.read(1)];
      assert.equal(journaled.length, end.batch);
      assert.equal(storage.keys.find(`${confirmed}|99`)?.batch, confirmed);
      assert.equal(storage.keys.recent(0, end.batch - 1, 200).length, 100);
      assert.equal(await storage.close(20_000), true);

      const settled = await opened(t, dataDir, { consumerModule });
      assert.equal(settled.snapshots.completeThrough(), end.batch);
      for (const actor of ['counter:7', 'counter:106', 'list:a'] as const) {
        const snapshot = settled.snapshots.load(actor);
        assert.deepEqual(snapshot?.state, replayed(journaled, actor, end.batch));
      }
      assert.deepEqual(readCounts(settled.readModelFile), { through: end.batch, events: end.batch * 200 });
      await settled.close(0);
    }
  });
});
