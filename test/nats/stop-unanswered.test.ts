/** A stop while the nats-server is there and answers nothing, as one whose disk was full. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Client } from '../system/client.ts';
import { Program, temporaryDataDir } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { join, shut, tokenOf } from './line-people.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

/** Less than one request to JetStream may take, and twice what is left to the parts that speak with NATS. */
const stopMaxMs = 4_700;

const dataDir = temporaryDataDir();
let nats: NatsUnderTest;
let program: Program;
let client: Client;

before(async () => {
  nats = await NatsUnderTest.start();
  program = await Program.start(dataDir.path, { NATS_URL: nats.url });
  client = new Client(program.port);
});
after(async () => {
  client.close();
  await program.kill();
  await nats.close();
  dataDir.remove();
});

describe('a stop while NATS answers nothing', () => {
  it('does not wait for it until the time of all is used up, and takes its snapshots', async () => {
    await sale.putRoom(client, 'main', shut);
    const ann = await sale.expecting(201, join(client, 'ann', 'main'));
    assert.ok(nats.pid !== null);
    process.kill(nats.pid, 'SIGSTOP');
    try {
      await sale.putRoom(client, 'main', sale.openDoors);
      // Then her message is being deleted, which is not answered.
      await until('Ann is let in', async () => (await tokenOf(client, ann.body['token']))['status'] === 'active');
      const askedMs = performance.now();
      const { code, output } = await program.stop();
      const tookMs = performance.now() - askedMs;
      assert.equal(code, 0);
      assert.match(output, /"msg":"stopped"/);
      assert.doesNotMatch(output, /final snapshots were not finished/);
      assert.ok(tookMs < stopMaxMs, `it took ${Math.round(tookMs)} ms`);
    } finally {
      process.kill(nats.pid, 'SIGCONT');
    }
  });
});
