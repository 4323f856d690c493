/** The permissions that the README gives as an example, on a real server: enough for each, and no more. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Client } from '../system/client.ts';
import { Program, temporaryDataDir } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

const readme = readFileSync(new URL('../../api/nats/README.md', import.meta.url), 'utf8');
const config = /```\n(authorization \{[\s\S]*?)```/.exec(readme)?.[1];
const dataDir = temporaryDataDir();
let nats: NatsUnderTest;
let program: Program;
let client: Client;

before(async () => {
  assert.ok(config !== undefined);
  nats = await NatsUnderTest.start(config);
  const url = nats.url.replace('//', '//engine:of-the-engine@');
  program = await Program.start(dataDir.path, { NATS_URL: url });
  client = new Client(program.port);
});
after(async () => {
  client.close();
  await program.kill();
  await nats.close();
  dataDir.remove();
});

async function as(user: string, work: (connection: NatsConnection) => Promise<void>): Promise<void> {
  const connection = await connect({ servers: nats.url, user, pass: `of-the-${user}` });
  try {
    await work(connection);
  } finally {
    await connection.close();
  }
}

const isForbidden = /permissions violation/i;

test('the engine can do all that it must', async () => {
  await until('readiness names nothing', async () => {
    const { body } = await client.send('GET', '/health/ready');
    return String(body['degraded']) === '';
  });
  await sale.enter(client, 'ann');
  await sale.expecting(201, sale.charge(client, 'ann', 5));
  assert.doesNotMatch(program.output, isForbidden);
});

test('a box office can let people join and cannot charge', async () => {
  await as('box-office', async (connection) => {
    const joined = await connection.request('onsale.v1.line.main.bob', '');
    assert.equal(joined.json<{ stream: string }>().stream, 'ONSALE_LINE_main');
    const token = await connection.request('onsale.v1.cmd.join.main', '{"userId":"cat"}');
    assert.equal(token.json<{ ok: boolean }>().ok, true);
    await assert.rejects(connection.request('onsale.v1.cmd.charge.bob', '{"amount":1}'), isForbidden);
    await assert.rejects(connection.request('$JS.API.STREAM.DELETE.ONSALE_LINE_main', ''), isForbidden);
  });
});

test('a payment back end can charge and cannot join anyone', async () => {
  await as('payments', async (connection) => {
    const charged = await connection.request('onsale.v1.cmd.charge.bob', '{"amount":1}');
    assert.equal(charged.json<{ ok: boolean }>().ok, true, charged.string());
    await assert.rejects(connection.request('onsale.v1.line.main.dan', ''), isForbidden);
  });
});

test('a data platform can read the feed and nothing else', async () => {
  await as('data-platform', async (connection) => {
    const info = await connection.request('$JS.API.STREAM.INFO.ONSALE_EVENTS', '');
    assert.equal(info.json<{ config: { name: string } }>().config.name, 'ONSALE_EVENTS');
    await assert.rejects(connection.request('$JS.API.STREAM.INFO.ONSALE_LINE_main', ''), isForbidden);
    await assert.rejects(connection.request('onsale.v1.query.balance.ann', ''), isForbidden);
  });
});
