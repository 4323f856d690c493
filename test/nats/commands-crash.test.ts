/** `kill -9` of the real program after a durable command is committed and before its ack has arrived. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../system/client.ts';
import { Program, temporaryDataDir } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { ServiceClient } from './commands-stage.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { StallingProxy } from './stalling-proxy.ts';
import { until } from '../until.ts';

const dataDir = temporaryDataDir();
let nats: NatsUnderTest;
let proxy: StallingProxy;
let program: Program;
let http: Client;
let client: ServiceClient;

before(async () => {
  nats = await NatsUnderTest.start();
  proxy = await StallingProxy.start(nats.url);
  program = await Program.start(dataDir.path, { NATS_URL: proxy.url });
  http = new Client(program.port);
  await sale.putRoom(http, 'main', sale.openDoors);
  await sale.createConcert(http, 'c');
  await sale.createSchedule(http, 'c', 's', { rows: 1, seats: 10, price: 100 });
  client = new ServiceClient(await nats.connect());
  await client.untilServed();
});
after(async () => {
  await client.nc.close();
  http.close();
  await program.kill();
  await proxy.close();
  await nats.close();
  dataDir.remove();
});

test('published five times with one key, and redelivered after the kill: one effect, one outcome, refusals remembered', async () => {
  const five = async (subject: string, body: object, key: string): Promise<void> => {
    await Promise.all(Array.from({ length: 5 }, () => client.command(subject, body, { 'Idempotency-Key': key })));
  };
  proxy.stallAt('$JS.ACK');
  await five('charge.ann', { amount: 100 }, 'c');
  await five('hold.s', { userId: 'ann', seatIds: ['A-1-1'] }, 'h');
  // Refused, which binds here too: no reservation of this user.
  await five('pay.s', { userId: 'poor', reservationId: 's.1' }, 'p');
  await until('all is committed', async () => {
    const metrics = await metricsOf(program.port);
    return ['ChargeWallet",outcome="accepted"', 'HoldSeats",outcome="accepted"', 'PayReservation",outcome='].every(
      (command) => metrics.includes(command),
    );
  });
  await until('the acks are stuck', () => proxy.stalled);
  const jsm = await client.jsm();
  assert.equal((await jsm.streams.info('ONSALE_COMMANDS')).state.messages, 15, 'no ack has arrived');
  await program.kill();
  http.close();

  program = await Program.start(dataDir.path, { NATS_URL: nats.url });
  http = new Client(program.port);
  await client.untilServed();
  await client.untilCarriedOut();
  const metrics = await metricsOf(program.port);
  assert.match(metrics, /onsale_nats_duration_seconds_count\{name="do-charge",outcome="replayed"\} 5/);
  assert.match(metrics, /onsale_nats_duration_seconds_count\{name="do-hold",outcome="replayed"\} 5/);
  assert.match(metrics, /onsale_nats_duration_seconds_count\{name="do-pay",outcome="reservation_not_found"\} 5/);
  assert.deepEqual(await client.data('query.balance.ann'), { userId: 'ann', balance: 100 });
  const seats = (await client.data('query.seats.s'))['items'] as { status: string }[];
  assert.equal(seats.filter(({ status }) => status !== 'available').length, 1);
  const second = await client.ask('query.reservation.s', { userId: 'ann', reservationId: 's.2' });
  assert.equal(second.problem['code'], 'reservation_not_found', 'there was one hold');
});

async function metricsOf(port: number): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}
