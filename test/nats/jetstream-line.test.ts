import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { describeLine, type LineUnderTest } from '../queue/line-contract.ts';
import { stageLine } from './line-stage.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from './until.ts';

let nats: NatsUnderTest;
before(async () => {
  nats = await NatsUnderTest.start();
});
after(() => nats.close());

let rooms = 0;
const newRoom = (): string => `room-${(rooms += 1)}`;

async function open(room: string): Promise<LineUnderTest> {
  const staged = await stageLine(nats.url, room);
  return {
    line: staged.line,
    done: (work) => work,
    reopen: () => open(room),
    close: () => staged.close(),
  };
}

describeLine('the line on JetStream', () => open(newRoom()));

describe('joining by publishing on the subject', () => {
  it('is the same line: one place a user, whatever the door', async () => {
    const room = newRoom();
    const { line, asked, close } = await stageLine(nats.url, room);
    const client = await nats.connect();
    try {
      assert.deepEqual(await line.take(0, 10), { people: [], through: 0 });
      const first = await client.request(`onsale.v1.line.${room}.ann`, '{}');
      assert.equal(first.json<{ seq: number }>().seq, 1);
      const again = await client.request(`onsale.v1.line.${room}.ann`);
      assert.match(again.string(), /maximum messages per subject exceeded/);
      await until('the driver is woken', () => asked.wakes > 0);
      assert.deepEqual(await line.join('ann'), { type: 'joined', place: 1, existing: true });
      assert.deepEqual(await line.join('bob'), { type: 'joined', place: 2, existing: false });
      const people = [
        { place: 1, userId: 'ann' },
        { place: 2, userId: 'bob' },
      ];
      assert.deepEqual(await line.take(0, 10), { people, through: 2 });
    } finally {
      await client.close();
      await close();
    }
  });

  it('with a body, or as nobody, passes and stands in no one’s way', async () => {
    const room = newRoom();
    const { line, close } = await stageLine(nats.url, room);
    const client = await nats.connect();
    try {
      const subject = (user: string) => `onsale.v1.line.${room}.${user}`;
      for (const [user, body] of [
        ['ann', '{"vip":true}'],
        ['no$user', ''],
        ['x'.repeat(65), ''],
        ['bob', 'null'],
      ] as const) {
        assert.equal(typeof (await client.request(subject(user), body)).json<{ seq: number }>().seq, 'number');
      }
      const oversized = await client.request(subject('cat'), 'x'.repeat(10_000));
      assert.match(oversized.string(), /message size exceeds maximum/);
      // Ann is kept out by her own malformed message until it is found to be none.
      assert.deepEqual(await line.join('ann'), { type: 'joined', place: 5, existing: false });
      assert.deepEqual(await line.take(0, 10), { people: [{ place: 5, userId: 'ann' }], through: 5 });
      await until('the malformed ones are removed', async () => (await line.counts()).waiting === 1);
      assert.deepEqual(await line.join('bob'), { type: 'joined', place: 6, existing: false });
    } finally {
      await client.close();
      await close();
    }
  });
});

describe('a full line', () => {
  it('refuses the next user and still finds those who stand in it', async () => {
    const { line, close } = await stageLine(nats.url, newRoom(), 2);
    try {
      await line.join('ann');
      await line.join('bob');
      assert.deepEqual(await line.join('cat'), { type: 'refused', code: 'overloaded' });
      assert.deepEqual(await line.join('bob'), { type: 'joined', place: 2, existing: true });
    } finally {
      await close();
    }
  });
});

describe('a stream that takes no more, for another reason than a second join', () => {
  it('refuses for now and says why; whoever stands in it is still found', async () => {
    const room = newRoom();
    const { line, link, errors, close } = await stageLine(nats.url, room);
    try {
      assert.deepEqual(await line.join('ann'), { type: 'joined', place: 1, existing: false });
      // The same error code as that of a second join, with another text.
      await link.use(({ jsm }) => jsm.streams.update(`ONSALE_LINE_${room}`, { max_msgs: 1 }));
      assert.deepEqual(await line.join('bob'), { type: 'refused', code: 'queue_unavailable' });
      assert.match(String(errors[0]), /maximum messages exceeded/);
      assert.deepEqual(await line.join('ann'), { type: 'joined', place: 1, existing: true });
    } finally {
      await close();
    }
  });
});
