/** A stop while the nats-server is there and answers nothing, as one whose disk was full. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { once } from 'node:events';
import { connect } from 'node:net';
import * as sale from '../system/sale.ts';
import { join, shut, tokenOf } from './line-people.ts';
import { ProgramStage } from './program-stage.ts';
import { until } from '../until.ts';

/** Less than one request to JetStream may take, and twice what is left to the parts that speak with NATS. */
const stopMaxMs = 4_700;

let stage: ProgramStage;

before(async () => {
  stage = await ProgramStage.start();
});
after(() => stage.close());

/** A join that the program has taken; resolves to all that it answers. */
async function joinUnderWay(port: number): Promise<{ readonly answered: Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  const body = '{"userId":"cat"}';
  const head = `Host: h\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue`;
  socket.write(`POST /v1/queue/tokens HTTP/1.1\r\n${head}\r\n\r\n`);
  await until('the program asks for the body', () => text.includes('100 Continue'));
  socket.write(body);
  return { answered: once(socket, 'close').then(() => text) };
}

describe('a stop while NATS answers nothing', () => {
  it('does not wait for it until the time of all is used up, and takes its snapshots', async () => {
    await sale.putRoom(stage.client, 'main', shut);
    const ann = await sale.expecting(201, join(stage.client, 'ann', 'main'));
    const { pid } = stage.nats;
    assert.ok(pid !== null);
    process.kill(pid, 'SIGSTOP');
    try {
      await sale.putRoom(stage.client, 'main', sale.openDoors);
      // Then her message is being deleted, which is not answered.
      await until('Ann is let in', async () => (await tokenOf(stage.client, ann.body['token']))['status'] === 'active');
      const askedMs = performance.now();
      const { code, output } = await stage.program.stop();
      const tookMs = performance.now() - askedMs;
      assert.equal(code, 0);
      assert.match(output, /"msg":"stopped"/);
      assert.doesNotMatch(output, /final snapshots were not finished/);
      assert.ok(tookMs < stopMaxMs, `it took ${Math.round(tookMs)} ms`);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('answers whoever waits for the line', async () => {
    await stage.killProgram();
    await stage.startProgram();
    await until('the line is open', async () => {
      return (await stage.client.send('GET', '/health/ready')).body['status'] === 'ok';
    });
    const { pid } = stage.nats;
    assert.ok(pid !== null);
    process.kill(pid, 'SIGSTOP');
    try {
      const { answered } = await joinUnderWay(stage.program.port);
      await stage.program.stop();
      assert.match(await answered, /HTTP\/1\.1 503 .*"queue_unavailable"/s);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });
});
