import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { NatsLink } from '../../api/nats/connection.ts';
import { lineStreamOf, standingIn } from '../../api/nats/line-stream.ts';
import { describeLine, placeOf, type LineUnderTest } from '../queue/line-contract.ts';
import { stageLine } from './line-stage.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

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
      const ann = placeOf(await line.join('ann'));
      assert.ok(ann > 4);
      assert.deepEqual(await line.take(0, 10), { people: [{ place: ann, userId: 'ann' }], through: ann });
      await until('the malformed ones are removed', async () => (await line.counts()).waiting === 1);
      assert.ok(placeOf(await line.join('bob')) > ann);
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

describe('a line that empties', () => {
  it('keeps a message in its stream, which stands in no one’s way', async () => {
    const room = newRoom();
    const { line, link, known, asked, close } = await stageLine(nats.url, room);
    const messages = async () => {
      const { state } = await link.use(({ jsm }) => jsm.streams.info(`ONSALE_LINE_${room}`, { subjects_filter: '>' }));
      return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(subject.lastIndexOf('.') + 1));
    };
    const admit = async (place: number) => {
      known.takenThrough = place;
      await line.settle(place);
    };
    try {
      assert.deepEqual(await line.take(0, 10), { people: [], through: 0 });
      const ann = placeOf(await line.join('ann'));
      await admit(ann);
      assert.deepEqual(await messages(), ['$anchor-1']);
      assert.deepEqual(await line.counts(), { waiting: 0, lastPlace: 2 });
      await until('the driver is woken to pass it', () => asked.wakes > 0);
      assert.deepEqual(await line.take(ann, 10), { people: [], through: 2 });
      await admit(2);
      // Whoever was let in may join again, by publishing too.
      const client = await nats.connect();
      assert.equal((await client.request(`onsale.v1.line.${room}.ann`)).json<{ seq: number }>().seq, 3);
      await client.close();
      await line.counts();
      assert.deepEqual(await line.take(2, 10), { people: [{ place: 3, userId: 'ann' }], through: 3 });
      await admit(3);
      assert.deepEqual(await messages(), ['$anchor-1'], 'one is enough for a while');
    } finally {
      await close();
    }
  });

  it('renews that message as places go on, and finds it after a restart', async () => {
    const room = newRoom();
    const first = await stageLine(nats.url, room);
    const places = await Promise.all(Array.from({ length: 150 }, (_, i) => first.line.join(`u${i}`)));
    assert.equal(Math.max(...places.map(placeOf)), 150);
    first.known.takenThrough = 1;
    await first.line.leave(1);
    first.known.takenThrough = 150;
    await first.line.settle(150);
    assert.deepEqual(await first.line.counts(), { waiting: 0, lastPlace: 151 });
    await first.close();
    const second = await stageLine(nats.url, room);
    try {
      second.known.takenThrough = 151;
      second.line.resume([]);
      await until('the anchor is found', async () => (await second.line.counts()).waiting === 0);
      const late = placeOf(await second.line.join('late'));
      second.known.takenThrough = late;
      await second.line.settle(late);
      assert.equal((await second.line.counts()).lastPlace, late, 'the first anchor still holds');
      const more = await Promise.all(Array.from({ length: 150 }, (_, i) => second.line.join(`u${i}`)));
      const last = Math.max(...more.map(placeOf));
      second.known.takenThrough = last;
      await second.line.settle(last);
      const { state } = await second.link.use(({ jsm }) => jsm.streams.info(`ONSALE_LINE_${room}`));
      assert.deepEqual([state.messages, state.first_seq, state.last_seq], [1, last + 1, last + 1]);
    } finally {
      await second.close();
    }
  });
});

describe('what stands on ranges of places', () => {
  it('is found by a request for each, and none for ranges on which nothing stands', async () => {
    const room = newRoom();
    const { line, link, close } = await stageLine(nats.url, room);
    try {
      for (let place = 1; place <= 12; place += 1) await line.join(`u${place}`);
      for (const gone of [2, 3, 5, 7, 8, 10]) await line.leave(gone);
      let requests = 0;
      const counting: Pick<NatsLink, 'use'> = {
        use(work) {
          requests += 1;
          return link.use(work);
        },
      };
      const found = async (...ranges: number[]): Promise<number[]> => {
        requests = 0;
        const places: number[] = [];
        for await (const { seq } of standingIn(counting, lineStreamOf(room), ranges)) places.push(seq);
        return places;
      };
      assert.deepEqual(await found(1, 12), [1, 4, 6, 9, 11, 12]);
      assert.deepEqual(await found(2, 3, 5, 5, 7, 8, 10, 10), []);
      assert.equal(requests, 4);
      assert.deepEqual(await found(2, 2, 3, 3, 6, 9), [6, 9]);
      assert.equal(requests, 3);
      assert.deepEqual(await found(13, 20, 30, 40), []);
      assert.equal(requests, 1);
      assert.deepEqual(await found(5, 3), []);
      assert.equal(requests, 0);
    } finally {
      await close();
    }
  });
});

describe('a line longer than what is read ahead', () => {
  it('ends where it ends, whatever the server says is still to come', async () => {
    const { line, link, close } = await stageLine(nats.url, newRoom());
    const people = 3_000;
    try {
      await Promise.all(Array.from({ length: people }, (_, i) => line.join(`u${i}`)));
      assert.equal((await line.take(0, 1_000)).through, 1_000);
      // The server counts this one as still to come for as long as the consumer lives.
      await line.leave(people - 100);
      const places: number[] = [];
      for (let after = 0; after < people;) {
        const taken = await line.take(after, 1_000);
        places.push(...taken.people.map(({ place }) => place));
        after = taken.through;
        assert.ok(after <= people, `nobody has place ${after} yet`);
      }
      assert.equal(places.length, people - 1);
      assert.equal(link.state, 'connected');
      assert.deepEqual(await line.take(people, 10), { people: [], through: people });
      assert.deepEqual(await line.join('late'), { type: 'joined', place: people + 1, existing: false });
    } finally {
      await close();
    }
  });
});

describe('a reader that has read ahead as far as it may', () => {
  it('holds nothing open at the server, and goes on in order when there is room', async () => {
    const room = newRoom();
    const { line, link, asked, close } = await stageLine(nats.url, room);
    const client = await nats.connect();
    const people = 5_000;
    const stream = `ONSALE_LINE_${room}`;
    const consumers = async (): Promise<number> =>
      await link.use(async ({ jsm }) => (await jsm.streams.info(stream)).state.consumer_count);
    try {
      for (let i = 1; i < people; i++) client.publish(`onsale.v1.line.${room}.user-${i}`);
      await client.request(`onsale.v1.line.${room}.user-${people}`);
      await line.counts();
      const first = await line.take(0, 10);
      assert.deepEqual(first.people[9], { place: 10, userId: 'user-10' });
      await until('it is full', async () => (await consumers()) === 0);
      let through = 0;
      while (through < people) {
        const taken = await line.take(through, 700);
        taken.people.forEach((person, i) => assert.equal(person.place, through + i + 1));
        assert.equal(taken.through, through + taken.people.length);
        ({ through } = taken);
      }
      assert.equal(through, people);
      await until('it waits for the next, with one consumer', async () => (await consumers()) === 1);
      assert.equal(asked.looks, 0);
    } finally {
      await client.close();
      await close();
    }
  });
});
