/** The ring of open streams by itself: whose turn it is, when there is a timer, and how much waits for one reader. */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { eventStream, StreamRing, type RingStream } from '../../api/http/stream-ring.ts';

interface Named extends RingStream {
  readonly name: string;
}

const unreadBytesMax = 10;

function ringOf(t: TestContext, names: string, beyondMax = false) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const world = { ticks: 0, removed: '' };
  const ring = new StreamRing<Named>({
    tickMs: 100,
    tick: () => world.ticks++,
    onRemove: ({ name }) => (world.removed += name),
    unreadBytesMax,
    beyondMax,
  });
  const bodies = new Map<Named, ReadableStream<Uint8Array>>();
  function open(name: string, cutOff: (() => void) | null = null): Named {
    const stream: Named = { name, controller: null, index: -1, cutOff };
    bodies.set(
      stream,
      ring.open(stream, () => {}),
    );
    return stream;
  }
  /** Who is looked at in a round; `does` may end some. */
  function round(budget: number, does: (stream: Named) => boolean = () => true): string {
    let seen = '';
    ring.goRound(budget, (stream) => {
      seen += stream.name;
      return does(stream);
    });
    return seen;
  }
  const streams = names.split('').map((name) => open(name));
  function body(stream: Named): ReadableStream<Uint8Array> {
    const body = bodies.get(stream);
    assert.ok(body);
    return body;
  }
  return { world, ring, streams, open, round, body };
}

describe('a round', () => {
  test('goes on where the one before stopped, and ends when everyone was looked at', (t) => {
    const { round } = ringOf(t, 'abcde');
    assert.deepEqual(
      [round(2), round(2), round(2), round(99), round(0), round(1)],
      ['ab', 'cd', 'ea', 'bcdea', '', 'b'],
    );
  });

  test('counts only the looks that spent something', (t) => {
    const { round } = ringOf(t, 'abcde');
    assert.equal(
      round(2, ({ name }) => name === 'b' || name === 'd'),
      'abcd',
    );
    assert.equal(
      round(2, () => false),
      'eabcd',
    );
  });

  test('looks at the last one in the place of one that ended', (t) => {
    const { ring, round, world } = ringOf(t, 'abcde');
    function ends(...names: string[]) {
      return (stream: Named): boolean => {
        if (names.includes(stream.name)) ring.end(stream);
        return true;
      };
    }
    assert.equal(round(3, ends('b')), 'abe');
    assert.equal(round(4, ends('d', 'a')), 'cdac');
    assert.equal(round(9, ends('c', 'e')), 'ec');
    assert.deepEqual([ring.size, world.removed], [0, 'bdaec']);
    assert.equal(round(9), '');
  });
});

test('there is a timer while a stream is open, and no other', (t) => {
  const { world, ring, streams, open } = ringOf(t, 'ab');
  t.mock.timers.tick(300);
  assert.equal(world.ticks, 3);
  for (const stream of streams) ring.end(stream);
  t.mock.timers.tick(300);
  assert.equal(world.ticks, 3);
  open('c');
  t.mock.timers.tick(100);
  assert.equal(world.ticks, 4);
  ring.close();
  t.mock.timers.tick(300);
  assert.deepEqual([world.ticks, world.removed], [4, 'abc']);
});

test('a stream whose reader goes leaves the ring once', async (t) => {
  const { world, ring, streams, body } = ringOf(t, 'ab');
  const [gone] = streams;
  assert.ok(gone);
  await body(gone).cancel();
  ring.end(gone);
  ring.send(gone, new Uint8Array(1));
  assert.deepEqual([ring.size, world.removed, gone.index, gone.controller], [1, 'a', -1, null]);
});

describe('a reader who has not read', () => {
  test('is cut off when what is sent would go beyond the bound', async (t) => {
    const { ring, streams, body, round } = ringOf(t, 'ab');
    const [slow] = streams;
    assert.ok(slow);
    for (const bytes of [unreadBytesMax - 3, 2]) ring.send(slow, new Uint8Array(bytes));
    assert.equal(ring.size, 2);
    ring.send(slow, new Uint8Array(2));
    assert.equal(round(9), 'b');
    await assert.rejects(new Response(body(slow)).text(), /does not keep up/);
  });

  test('or, where that may go beyond it, with the next', (t) => {
    const { ring, streams } = ringOf(t, 'a', true);
    const [slow] = streams;
    assert.ok(slow);
    ring.send(slow, new Uint8Array(unreadBytesMax - 1));
    ring.send(slow, new Uint8Array(1_000));
    assert.equal(ring.size, 1);
    ring.send(slow, new Uint8Array(1));
    assert.equal(ring.size, 0);
  });

  test('loses its connection where there is one to end; its stream does not break as well', (t) => {
    const { ring, open, world } = ringOf(t, '');
    let cut = 0;
    const slow = open('a', () => cut++);
    const { controller } = slow;
    for (let sent = 0; sent < 3; sent++) ring.send(slow, new Uint8Array(unreadBytesMax));
    assert.deepEqual([cut, world.removed, ring.size], [1, 'a', 0]);
    // A broken stream would have none.
    assert.equal(controller?.desiredSize, 0);
  });
});

test('the answer of a stream has its headers also without it', () => {
  const { status, contentType, headers, body } = eventStream(null);
  assert.deepEqual(
    [status, contentType, headers, body],
    [200, 'text/event-stream', [['X-Accel-Buffering', 'no']], null],
  );
});
